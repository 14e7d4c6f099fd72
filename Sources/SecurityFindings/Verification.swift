public import DeviceDefender
public import JSON

/// What somebody found out about an alarm, in Security Hub's terms (`BatchUpdateFindings`).
public struct Verification: Sendable, Hashable {
    /// The state.
    public let state: VerificationState
    /// The operator's words, as Security Hub takes them: 1 to 512 characters, not blank.
    public let words: String?
    /// The workflow status that Security Hub is told; nil leaves the one that the finding has.
    public var workflowStatus: String?

    /// Who writes the note.
    public static let author = "defender-bridge"

    /// Whether Security Hub has state and words already, and is told the workflow status alone.
    public var isTold = false

    /// The workflow status of a finding that is hidden from those who work through the findings.
    public static let suppressedStatus = "SUPPRESSED"
    /// The workflow status of a finding that nobody has worked on.
    public static let newStatus = "NEW"

    /// Makes a verification; words that are longer are cut, blank ones are left out.
    public init(state: VerificationState, words: String?) {
        self.state = state
        self.words = words.flatMap { FindingText.bounded($0, to: FindingLimits.note) }
        workflowStatus =
            switch state {
            case .falsePositive, .benignPositive: Self.suppressedStatus
            case .truePositive: "NOTIFIED"
            case .unknown: Self.newStatus
            }
    }

    /// Whether the alarm does not count any more.
    public var archives: Bool { state == .falsePositive || state == .benignPositive }

    /// The members of the request beside the findings' identifiers.
    public var changes: JSON {
        var changes: JSON.Members = [:]
        changes["Workflow"] = workflowStatus.map { ["Status": .string($0)] }
        guard !isTold else { return .object(changes) }
        changes["VerificationState"] = .string(state.rawValue)
        if let words { changes["Note"] = ["Text": .string(words), "UpdatedBy": .string(Self.author)] }
        return .object(changes)
    }
}

public import DeviceDefender
public import JSON

/// An operator's verdict on an alarm, in Security Hub's terms (`BatchUpdateFindings`).
public struct Verification: Sendable, Hashable {
    /// The verification state.
    public let state: VerificationState
    /// The operator's description, within the limits of Security Hub's `Note.Text`: 1 to 512 characters, not blank.
    public let note: String?
    /// The workflow status to set; nil keeps the finding's current one.
    public var workflowStatus: String?

    /// The author of the note (`Note.UpdatedBy`).
    public static let author = "defender-bridge"

    /// Whether Security Hub already has the state and the note, so that only the workflow status is sent.
    public var isRecorded = false

    /// The workflow status of a finding that is hidden from analysts.
    public static let suppressedStatus = "SUPPRESSED"
    /// The workflow status of a finding that has not been triaged.
    public static let newStatus = "NEW"

    /// Makes a verification; a longer note is truncated, a blank one is dropped.
    public init(state: VerificationState, note: String?) {
        self.state = state
        self.note = note.flatMap { FindingText.bounded($0, to: FindingLimits.note) }
        workflowStatus =
            switch state {
            case .falsePositive, .benignPositive: Self.suppressedStatus
            case .truePositive: "NOTIFIED"
            case .unknown: Self.newStatus
            }
    }

    /// Whether the finding is archived: the alarm is a false or benign positive.
    public var archives: Bool { state == .falsePositive || state == .benignPositive }

    /// The members of the `BatchUpdateFindings` request other than the findings' identifiers.
    public var changes: JSON {
        var changes: JSON.Members = [:]
        changes["Workflow"] = workflowStatus.map { ["Status": .string($0)] }
        guard !isRecorded else { return .object(changes) }
        changes["VerificationState"] = .string(state.rawValue)
        if let note { changes["Note"] = ["Text": .string(note), "UpdatedBy": .string(Self.author)] }
        return .object(changes)
    }
}

public import DeviceDefender
public import JSON

/// What somebody found out about an alarm, in Security Hub's terms (`BatchUpdateFindings`).
public struct Verification: Sendable, Hashable {
    /// The state.
    public let state: VerificationState
    /// The operator's words, as Security Hub takes them: 1 to 512 characters, not blank.
    public let words: String?

    /// Makes a verification; words that are longer are cut, blank ones are left out.
    public init(state: VerificationState, words: String?) {
        self.state = state
        self.words = words.flatMap { FindingText.bounded($0, to: FindingLimits.note) }
    }

    /// Security Hub's workflow status for the state.
    public var workflowStatus: String {
        switch state {
        case .falsePositive, .benignPositive: "SUPPRESSED"
        case .truePositive: "NOTIFIED"
        case .unknown: "NEW"
        }
    }

    /// Whether the alarm does not count any more.
    public var archives: Bool { state == .falsePositive || state == .benignPositive }

    /// The members of the request beside the findings' identifiers.
    public var changes: JSON {
        var changes: JSON.Members = [
            "VerificationState": .string(state.rawValue), "Workflow": ["Status": .string(workflowStatus)],
        ]
        if let words { changes["Note"] = ["Text": .string(words), "UpdatedBy": "defender-bridge"] }
        return .object(changes)
    }
}

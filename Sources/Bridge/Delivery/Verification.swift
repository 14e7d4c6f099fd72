import DeviceDefender
import JSON

/// What somebody found out about an alarm, in Security Hub's terms (`BatchUpdateFindings`).
struct Verification: Sendable, Hashable {
    let state: VerificationState
    /// The operator's words.
    let words: String?

    /// Security Hub's workflow status for the state.
    var workflowStatus: String {
        switch state {
        case .falsePositive, .benignPositive: "SUPPRESSED"
        case .truePositive: "NOTIFIED"
        case .unknown: "NEW"
        }
    }

    /// Whether the alarm does not count any more.
    var archives: Bool { state == .falsePositive || state == .benignPositive }

    /// The members of the request beside the findings' identifiers.
    var changes: JSON {
        var changes: [String: JSON] = [
            "VerificationState": .string(state.rawValue), "Workflow": ["Status": .string(workflowStatus)],
        ]
        if let words, words.contains(where: { !$0.isWhitespace }) {
            // ASFF allows 512 characters.
            changes["Note"] = ["Text": .string(String(words.prefix(512))), "UpdatedBy": "defender-bridge"]
        }
        return .object(changes)
    }
}

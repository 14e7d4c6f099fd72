package import DeviceDefender
package import JSON

/// An operator's verdict on an alarm, in Security Hub's terms (`BatchUpdateFindings`).
package struct Verification: Sendable, Hashable {
    /// The verification state.
    package let state: VerificationState
    /// The operator's description, within the limits of Security Hub's `Note.Text`: 1 to 512 characters, not blank.
    package let note: String?
    /// The workflow status to set; nil keeps the finding's current one.
    package var workflowStatus: String?

    /// The author of the note (`Note.UpdatedBy`).
    package static let author = "defender-bridge"

    /// Whether Security Hub already has the state and the note, so that only the workflow status is sent.
    package var isRecorded = false

    /// The workflow status of a finding that is hidden from analysts.
    package static let suppressedStatus = "SUPPRESSED"
    /// The workflow status of a finding that has not been triaged.
    package static let newStatus = "NEW"

    /// Makes a verification; a longer note is truncated, a blank one is dropped.
    package init(state: VerificationState, note: String?) {
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
    package var archives: Bool { state == .falsePositive || state == .benignPositive }

    /// The members of the `BatchUpdateFindings` request other than the findings' identifiers.
    package var changes: JSON {
        var changes: JSON.Members = [:]
        changes["Workflow"] = workflowStatus.map { ["Status": .string($0)] }
        guard !isRecorded else { return .object(changes) }
        changes["VerificationState"] = .string(state.rawValue)
        if let note { changes["Note"] = ["Text": .string(note), "UpdatedBy": .string(Self.author)] }
        return .object(changes)
    }
}

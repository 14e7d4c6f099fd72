import AWSCore
import JSON
import SecurityFindings
import Store

/// Outcome of processing a delivery, for the event list of the status page.
struct DeliveryEvent: Sendable, Hashable {
    /// The outcome. The raw values are those of `outcome` in status.json.
    enum Outcome: String, Sendable, Hashable, CaseIterable {
        /// At least one finding is new in Security Hub.
        case imported
        /// Findings were updated.
        case updated
        /// Findings were archived.
        case archived
        /// Workflow status or note of findings was updated.
        case workflowUpdated = "workflow_updated"
        /// Security Hub already had the findings in this state, or there are none.
        case unchanged
        /// The delivery concerns no finding.
        case ignored
        /// It failed, and a retry is scheduled.
        case retried
        /// It failed permanently and is a dead letter.
        case dead
    }

    /// Time of the outcome, in milliseconds since 1970.
    let at: Int64
    /// The delivery's id.
    let id: String
    let accountRegion: AccountRegion
    let subject: DeliverySubject
    let outcome: Outcome
    /// Number of findings sent to Security Hub.
    let findings: Int
    /// The finding, if the delivery concerns exactly one.
    let findingID: String?
    /// Time from accepting the delivery to the outcome, in milliseconds.
    let duration: Int64

    /// The finding in the Security Hub console; nil if there is no finding, or it may not be in Security Hub.
    var consoleURL: String? {
        switch outcome {
        case .imported, .updated, .archived, .workflowUpdated, .unchanged:
            findingID.map { ConsolePage.finding(id: $0, accountRegion: accountRegion) }
        case .ignored, .retried, .dead: nil
        }
    }

    /// An element of `events` in status.json.
    var json: JSON {
        [
            "at": .time(at), "id": .string(id), "account": .string(accountRegion.account.digits),
            "region": .string(accountRegion.region.name), "kind": .string(subject.kind.rawValue),
            "subject": subject.text.map(JSON.string) ?? .null, "outcome": .string(outcome.rawValue),
            "findings": .integer(findings), "findingId": findingID.map(JSON.string) ?? .null,
            "consoleURL": consoleURL.map(JSON.string) ?? .null, "durationMilliseconds": .integer(duration),
        ]
    }
}

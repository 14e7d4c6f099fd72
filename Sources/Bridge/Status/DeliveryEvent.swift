import AWSCore
import JSON
import SecurityFindings
import Store

/// What became of a delivery.
struct DeliveryEvent: Sendable, Hashable {
    /// In a word.
    enum Outcome: String, Sendable, Hashable, CaseIterable {
        /// Security Hub has findings that it is not known to have had before.
        case imported
        /// Security Hub has newer ones.
        case updated
        /// Security Hub has them as archived.
        case archived
        /// Security Hub was told what people say about them.
        case workflowUpdated = "workflow_updated"
        /// Security Hub has them so already, or there are none.
        case unchanged
        /// It changes no finding.
        case ignored
        /// It failed, and is tried again.
        case retried
        /// It was given up, and is a dead letter.
        case dead
    }

    /// When, in milliseconds since 1970.
    let at: Int64
    /// The delivery's id.
    let id: String
    let accountRegion: AccountRegion
    let subject: DeliverySubject
    let outcome: Outcome
    /// How many findings Security Hub was told of.
    let findings: Int
    /// The finding, if it is about one.
    let findingID: String?
    /// From its receipt until then, in milliseconds.
    let duration: Int64

    /// The page of the Security Hub console about the finding; nil if there is none, or Security Hub may not have it.
    var consoleURL: String? {
        switch outcome {
        case .imported, .updated, .archived, .workflowUpdated, .unchanged:
            findingID.map { ConsolePage.finding(id: $0, accountRegion: accountRegion) }
        case .ignored, .retried, .dead: nil
        }
    }

    /// As status.json has it.
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

import AWSCore
import Encoding
import JSON
import Processing
import Store

extension DeliveryEvent {
    /// An element of `events` in status.json.
    var json: JSON {
        [
            "at": .time(at), "id": .string(id), "account": .string(accountRegion.account.digits),
            "region": .string(accountRegion.region.name), "kind": .string(subject.kind.rawValue),
            "subject": subject.text.map(JSON.string) ?? .null, "outcome": .string(outcome.rawValue),
            "findings": .integer(findings), "findingId": findingID.map(JSON.string) ?? .null,
            "severity": severity.map { .string($0.rawValue) } ?? .null, "source": source.map(JSON.string) ?? .null,
            "consoleURL": consoleURL.map(JSON.string) ?? .null, "durationMilliseconds": .integer(duration.milliseconds),
        ]
    }
}

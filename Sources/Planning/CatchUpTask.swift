package import AWSCore
import Cryptography
package import DeviceDefender
package import Encoding
package import JSON
package import SecurityFindings
package import Store

/// A catch-up query, or a missed event that catch-up found. It is queued as a delivery.
package enum CatchUpTask: Sendable, Hashable {
    /// Query Device Defender for events since a time; nil for the watermark.
    case catchUp(since: Timestamp?)
    /// An audit that is not applied.
    case audit(taskID: String)
    /// An event of an alarm: an element of the response to `ListViolationEvents`.
    case violationEvent(JSON)
    /// A raised alarm: an element of the response to `ListActiveViolations`.
    case activeViolation(JSON)
    /// The verification of a violation, as of a time.
    case verification(violationID: String, Verification, asOf: Timestamp)
    /// An alarm that was no longer raised at a time.
    case violationOver(findingID: String, asOf: Timestamp)
    /// Compare the stored suppressions with those that AWS IoT lists.
    case suppressions

    /// Parses a delivery's payload.
    package init(_ json: JSON) throws(UnrecognizedMessageError) {
        if let span = json["catchUp"] {
            self = .catchUp(since: span.integer.map { Timestamp(milliseconds: $0) })
        } else if let taskID = json["audit"]?.string {
            self = .audit(taskID: taskID)
        } else if let event = json["violationEvent"] {
            self = .violationEvent(event)
        } else if let violation = json["activeViolation"] {
            self = .activeViolation(violation)
        } else if let violationID = json["verified"]?.string, let time = json["asOf"]?.integer,
            let state = json["state"]?.string.flatMap(VerificationState.init)
        {
            let verification = Verification(state: state, note: json["words"]?.string)
            self = .verification(violationID: violationID, verification, asOf: Timestamp(milliseconds: time))
        } else if let findingID = json["violationOver"]?.string, let time = json["asOf"]?.integer {
            self = .violationOver(findingID: findingID, asOf: Timestamp(milliseconds: time))
        } else if json["suppressions"] != nil {
            self = .suppressions
        } else {
            throw UnrecognizedMessageError(reason: "unknown catch-up task")
        }
    }

    private var payload: JSON {
        switch self {
        case .catchUp(let since): ["catchUp": since.map { .integer($0.milliseconds) } ?? "watermark"]
        case .audit(let taskID): ["audit": .string(taskID)]
        case .violationEvent(let event): ["violationEvent": event]
        case .activeViolation(let violation): ["activeViolation": violation]
        case .verification(let violationID, let verification, let time):
            .object(
                [
                    "verified": .string(violationID), "state": .string(verification.state.rawValue),
                    "asOf": .integer(time.milliseconds),
                ].merging(verification.note.map { ["words": JSON.string($0)] } ?? [:]) { first, _ in first })
        case .violationOver(let findingID, let time):
            ["violationOver": .string(findingID), "asOf": .integer(time.milliseconds)]
        case .suppressions: ["suppressions": true]
        }
    }

    /// The delivery that runs the task.
    ///
    /// - Parameter deduplicationKey: the same task with the same key is queued once, whatever number of replicas finds
    ///   it.
    package func delivery(of accountRegion: AccountRegion, on deduplicationKey: String, now: Int64) -> Delivery {
        let payload = payload.serialized()
        // Ids are limited in length and alphabet, payloads are not.
        let name = Digest.hexadecimal(Digest.sha256(Array("\(accountRegion) \(deduplicationKey) ".utf8) + payload))
        return Delivery(
            id: "catch-up:\(name)", accountRegion: accountRegion, channel: .catchUp, receivedAt: now, payload: payload)
    }
}

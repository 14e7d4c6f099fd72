import AWSCore
import Cryptography
import DeviceDefender
import JSON
import SecurityFindings
import Store

/// What the bridge found out by asking Device Defender, because no delivery may have told of it. It goes the way of all
/// deliveries.
enum CatchUpTask: Sendable, Hashable {
    /// To ask, for what happened since a time; nil for the watermark.
    case catchUp(since: Timestamp?)
    /// An audit that was not applied.
    case audit(taskID: String)
    /// What happened to an alarm: an element of the answer to `ListViolationEvents`.
    case violationEvent(JSON)
    /// An alarm that is raised: an element of the answer to `ListActiveViolations`.
    case activeViolation(JSON)
    /// What somebody found out about a violation, and when it was so.
    case verification(violationID: String, Verification, asOf: Timestamp)
    /// A violation that was not raised any more at a time, by its finding.
    case violationOver(findingID: String, asOf: Timestamp)
    /// To compare the suppressions.
    case suppressions

    /// Reads a delivery's payload.
    init(_ json: JSON) throws(UnrecognizedMessageError) {
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
            throw UnrecognizedMessageError(reason: "the bridge does not know what was missed")
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

    /// The delivery that has it done.
    ///
    /// - Parameter deduplicationKey: tells two deliveries of the same work apart that must both be done; the same work on the
    ///   same occasion is done once, however many bridges find it.
    func delivery(of accountRegion: AccountRegion, on deduplicationKey: String, now: Int64) -> Delivery {
        let payload = payload.serialized()
        // An id has a limited length and alphabet; what the work is about has not.
        let name = Digest.hexadecimal(Digest.sha256(Array("\(accountRegion) \(deduplicationKey) ".utf8) + payload))
        return Delivery(
            id: "catch-up:\(name)", accountRegion: accountRegion, channel: .catchUp, receivedAt: now, payload: payload)
    }
}

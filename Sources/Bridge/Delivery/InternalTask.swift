import AWSCore
import Cryptography
import DeviceDefender
import JSON
import Store

/// Something whose time has come, told by no message. It goes the way of all deliveries, so that it is done once, and
/// again if it fails.
enum InternalTask: Sendable, Hashable {
    /// A suppression that ends by itself has ended.
    case suppressionEnded(subject: String, at: Timestamp)
    /// Security Hub would soon forget current findings of some kinds.
    case refresh(RefreshedKinds)
    /// Findings of audits are there that no audit confirms any more.
    case archiveStale

    /// The kinds of findings that are refreshed together: those of one lane.
    enum RefreshedKinds: String, Sendable, Hashable, CaseIterable {
        /// Audit findings and check summaries.
        case audits
        /// Violations.
        case alarms

        var kinds: [LedgerEntry.Kind] {
            switch self {
            case .audits: [.audit, .summary]
            case .alarms: [.violation]
            }
        }
    }

    /// Reads a delivery's payload.
    init(_ json: JSON) throws(UnrecognizedMessageError) {
        if let subject = json["suppressionEnded"]?.string, let time = json["at"]?.integer {
            self = .suppressionEnded(subject: subject, at: Timestamp(milliseconds: time))
        } else if let kinds = json["refresh"]?.string.flatMap(RefreshedKinds.init) {
            self = .refresh(kinds)
        } else if json["archiveStale"] != nil {
            self = .archiveStale
        } else {
            throw UnrecognizedMessageError(reason: "the bridge does not know what is due")
        }
    }

    private var payload: JSON {
        switch self {
        case .suppressionEnded(let subject, let time):
            ["suppressionEnded": .string(subject), "at": .integer(time.milliseconds)]
        case .refresh(let kinds): ["refresh": .string(kinds.rawValue)]
        case .archiveStale: ["archiveStale": true]
        }
    }

    /// The delivery that has it done. The same work has the same id, so that several bridges do it once.
    func delivery(of accountRegion: AccountRegion, now: Int64) -> Delivery {
        let name =
            switch self {
            case .suppressionEnded(let subject, let time):
                "suppression/\(Digest.hexadecimal(Digest.sha256(Array(subject.utf8))))/\(time.milliseconds)"
            case .refresh(let kinds): "refresh/\(accountRegion)/\(kinds.rawValue)/\(now / 86_400_000)"
            case .archiveStale: "stale/\(accountRegion)/\(now / 86_400_000)"
            }
        return Delivery(
            id: "schedule:\(name)", accountRegion: accountRegion, channel: .schedule, receivedAt: now,
            payload: payload.serialized())
    }
}

package import AWSCore
import Cryptography
package import DeviceDefender
package import Encoding
package import JSON
package import Store

/// A scheduled task of the bridge. It is queued as a delivery, so that it runs once across all replicas and is retried
/// if it fails.
package enum InternalTask: Sendable, Hashable {
    /// A suppression has expired.
    case suppressionEnded(subject: String, at: Timestamp)
    /// Import active findings again that Security Hub would soon delete.
    case refresh(RefreshedKinds)
    /// Archive audit findings that no audit confirms any longer.
    case archiveStale

    /// The kinds of findings that one processor refreshes together.
    package enum RefreshedKinds: String, Sendable, Hashable, CaseIterable {
        /// Audit findings and check summaries.
        case audits
        /// Violations.
        case alarms

        package var kinds: [LedgerEntry.Kind] {
            switch self {
            case .audits: [.audit, .summary]
            case .alarms: [.violation]
            }
        }
    }

    /// Parses a delivery's payload.
    package init(_ json: JSON) throws(UnrecognizedMessageError) {
        if let subject = json["suppressionEnded"]?.string, let time = json["at"]?.integer {
            self = .suppressionEnded(subject: subject, at: Timestamp(milliseconds: time))
        } else if let kinds = json["refresh"]?.string.flatMap(RefreshedKinds.init) {
            self = .refresh(kinds)
        } else if json["archiveStale"] != nil {
            self = .archiveStale
        } else {
            throw UnrecognizedMessageError(reason: "unknown scheduled task")
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

    /// The delivery that runs the task. The same task has the same id, so that replicas queue it once.
    package func delivery(of accountRegion: AccountRegion, now: Int64) -> Delivery {
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

package import AWSCore
import Cryptography
import DeviceDefender
package import Encoding
package import JSON
package import SecurityFindings
package import Store

/// A task of the bridge itself: work that is due by time, a catch-up query, or a missed event that catch-up found. It is
/// queued as a delivery, so that it runs once across all replicas and is retried if it fails.
package enum InternalTask: Sendable, Hashable {
    /// A suppression has expired.
    case suppressionEnded(subject: String, at: Timestamp)
    /// Import active findings again that Security Hub would soon delete.
    case refresh(RefreshedKinds)
    /// Import active findings of a mapped source again that Security Hub would soon delete.
    case refreshSource
    /// Archive the findings of a mapped source that it has not reported since a time, if it reports nothing now.
    case expireSource(reportedBefore: Timestamp)
    /// Archive the findings of a mapped source that were last reported before a time: an operator requested it.
    case archiveSource(reportedBefore: Timestamp)
    /// Archive audit findings that no audit confirms any longer.
    case archiveStale
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
    /// Compare the findings of a mapped source with the alarms that Amazon CloudWatch lists.
    case catchUpAlarms
    /// A missed item of a mapped source.
    case mappedItem(JSON)

    /// The kinds of findings that one processor refreshes together.
    package enum RefreshedKinds: String, Sendable, Hashable, CaseIterable {
        /// Audit findings and check summaries.
        case audits
        /// Violations.
        case alarms

        /// The kinds, as the ledger names them.
        package var kinds: [LedgerEntry.Kind] {
            switch self {
            case .audits: [.audit, .summary]
            case .alarms: [.violation]
            }
        }
    }

    /// Parses a delivery's payload.
    ///
    /// - Returns: nil if it is no known task.
    package init?(payload json: JSON) {
        func time(_ name: String) -> Timestamp? { json[name]?.integer.map { Timestamp(milliseconds: $0) } }
        if let subject = json["suppressionEnded"]?.string, let time = time("at") {
            self = .suppressionEnded(subject: subject, at: time)
        } else if let kinds = json["refresh"]?.string.flatMap(RefreshedKinds.init) {
            self = .refresh(kinds)
        } else if json["refreshSource"] != nil {
            self = .refreshSource
        } else if let time = time("expireSource") {
            self = .expireSource(reportedBefore: time)
        } else if let time = time("archiveSource") {
            self = .archiveSource(reportedBefore: time)
        } else if json["archiveStale"] != nil {
            self = .archiveStale
        } else if json["catchUp"] != nil {
            self = .catchUp(since: time("catchUp"))
        } else if let taskID = json["audit"]?.string {
            self = .audit(taskID: taskID)
        } else if let event = json["violationEvent"] {
            self = .violationEvent(event)
        } else if let violation = json["activeViolation"] {
            self = .activeViolation(violation)
        } else if let violationID = json["verified"]?.string, let time = time("asOf"),
            let state = json["state"]?.string.flatMap(VerificationState.init)
        {
            let verification = Verification(state: state, note: json["words"]?.string)
            self = .verification(violationID: violationID, verification, asOf: time)
        } else if let findingID = json["violationOver"]?.string, let time = time("asOf") {
            self = .violationOver(findingID: findingID, asOf: time)
        } else if json["suppressions"] != nil {
            self = .suppressions
        } else if json["catchUpAlarms"] != nil {
            self = .catchUpAlarms
        } else if let item = json["mappedItem"] {
            self = .mappedItem(item)
        } else {
            return nil
        }
    }

    /// The delivery's payload. Stored: queued tasks outlive an upgrade.
    private var payload: JSON {
        switch self {
        case .suppressionEnded(let subject, let time):
            ["suppressionEnded": .string(subject), "at": .integer(time.milliseconds)]
        case .refresh(let kinds): ["refresh": .string(kinds.rawValue)]
        case .refreshSource: ["refreshSource": true]
        case .expireSource(let time): ["expireSource": .integer(time.milliseconds)]
        case .archiveSource(let time): ["archiveSource": .integer(time.milliseconds)]
        case .archiveStale: ["archiveStale": true]
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
        case .catchUpAlarms: ["catchUpAlarms": true]
        case .mappedItem(let item): ["mappedItem": item]
        }
    }

    /// How the task's delivery arrives.
    private var channel: Delivery.Channel {
        switch self {
        case .suppressionEnded, .refresh, .refreshSource, .expireSource, .archiveSource, .archiveStale: .schedule
        case .catchUp, .audit, .violationEvent, .activeViolation, .verification, .violationOver, .suppressions,
            .catchUpAlarms, .mappedItem:
            .catchUp
        }
    }

    /// The delivery that runs the task.
    ///
    /// - Parameters:
    ///   - source: the mapped source that the task is about; nil for Device Defender.
    ///   - deduplicationKey: the same task with the same key is queued once, whatever number of replicas finds it. Work
    ///     that is due by time needs none: a suppression ends once, the expiry of a source is queued once a minute, and
    ///     the others once a day.
    package func delivery(
        of accountRegion: AccountRegion, source: String? = nil, on deduplicationKey: String = "", now: Timestamp
    ) -> Delivery {
        let payload = payload.serialized()
        let id =
            switch self {
            case .suppressionEnded(let subject, let time):
                "schedule:suppression/\(Digest.hexadecimal(Digest.sha256(Array(subject.utf8))))/\(time.milliseconds)"
            case .refresh(let kinds): "schedule:refresh/\(accountRegion)/\(kinds.rawValue)/\(now.day)"
            case .refreshSource:
                "schedule:refresh-source/\(DeliveryLane(accountRegion, source: source))/\(now.day)"
            case .expireSource:
                // Replicas that find the same findings queue it once.
                "schedule:expire-source/\(DeliveryLane(accountRegion, source: source))/\(now.milliseconds / 60_000)"
            case .archiveSource(let time):
                "schedule:archive-source/\(DeliveryLane(accountRegion, source: source))/\(time.milliseconds)"
            case .archiveStale: "schedule:stale/\(accountRegion)/\(now.day)"
            case .catchUp, .audit, .violationEvent, .activeViolation, .verification, .violationOver, .suppressions,
                .catchUpAlarms, .mappedItem:
                // Ids are limited in length and alphabet, payloads are not.
                "catch-up:"
                    + Digest.hexadecimal(
                        Digest.sha256(
                            Array("\(DeliveryLane(accountRegion, source: source)) \(deduplicationKey) ".utf8) + payload)
                    )
            }
        return Delivery(
            id: id, accountRegion: accountRegion, source: source, channel: channel, receivedAt: now, payload: payload)
    }
}

import AWSCore
package import DeviceDefender
package import Encoding
package import JSON
package import SecurityFindings
package import Store

/// The work that a delivery requests.
package enum DeliveryCommand: Sendable {
    /// An event of an alarm.
    case alarm(Observation)
    /// An operator verified an alarm.
    case verification(VerificationDisposition)
    /// Import an audit.
    case audit(taskID: String)
    /// An operator created, changed or deleted a suppression of audit findings. With `keepsExpiry`, its end is
    /// unchanged.
    case suppression(SuppressionDisposition, keepsExpiry: Bool)
    /// A suppression has expired.
    case suppressionEnded(subject: String, at: Timestamp)
    /// Import findings again before Security Hub deletes them.
    case refresh(InternalTask.RefreshedKinds)
    /// Archive audit findings that no audit confirms any longer.
    case archiveStale
    /// An alarm was no longer raised at a time.
    case violationOver(findingID: String, asOf: Timestamp)
    /// Compare the stored suppressions with those that AWS IoT lists.
    case suppressionList
    /// Catch up on events that no delivery reported since a time; nil for the watermark.
    case catchUp(since: Timestamp?)
    /// An item of a mapped source, which the mapping of the source has yet to be applied to.
    case mappedItem(JSON)
    /// Import findings of a mapped source again before Security Hub deletes them.
    case refreshSource
    /// Archive the findings of a mapped source that it has not reported since a time, if it reports nothing now.
    case expireSource(reportedBefore: Timestamp)
    /// Archive the findings of a mapped source that were last reported before a time.
    case archiveSource(reportedBefore: Timestamp)
    /// Compare the findings of a mapped source with the alarms that Amazon CloudWatch lists.
    case catchUpAlarms
    /// The event changes no finding, for this reason.
    case ignored(String)

    /// Parses a delivery's payload.
    ///
    /// - Parameter severities: the configured severities, for findings of alarms.
    /// - Throws: `UnrecognizedMessageError` with the reason if the payload is not valid or not known.
    package init(_ delivery: Delivery, severities: SeverityRules = .none) throws(UnrecognizedMessageError) {
        let json: JSON
        do throws(JSONError) {
            json = try JSON(parsing: delivery.payload)
        } catch {
            throw UnrecognizedMessageError(reason: "the message is not JSON: \(error)")
        }
        switch delivery.channel {
        case .sns where delivery.source == nil: self = try Self.message(json, delivery, severities)
        case .eventBridge where delivery.source == nil: self = try Self.event(json, delivery.accountRegion)
        case .sns, .eventBridge, .webhook: self = .mappedItem(json)
        case .schedule, .catchUp: self = try Self.task(json, delivery, severities)
        }
    }

    private static func message(
        _ json: JSON, _ delivery: Delivery, _ severities: SeverityRules
    ) throws(UnrecognizedMessageError) -> DeliveryCommand {
        switch try DeviceDefenderMessage(json) {
        case .alarm(let alarm): return Self.alarm(alarm, delivery.accountRegion, severities)
        case .audit(let notification):
            guard notification.account ?? delivery.accountRegion.account == delivery.accountRegion.account else {
                throw UnrecognizedMessageError(reason: "the audit belongs to another account than the topic")
            }
            return .audit(taskID: notification.task.id)
        }
    }

    private static func event(_ json: JSON, _ accountRegion: AccountRegion) throws(UnrecognizedMessageError)
        -> DeliveryCommand
    {
        let event = try EventBridgeEvent(posted: json)
        // An event that could not be parsed on arrival may be stored under another account and Region.
        guard event.accountRegion == accountRegion else {
            throw UnrecognizedMessageError(reason: "the event belongs to another account or Region than its delivery")
        }
        switch event.change {
        case .verification(let violationID, let state, let words):
            return .verification(
                VerificationDisposition(
                    subject: FindingID.violation(id: violationID, accountRegion: event.accountRegion),
                    accountRegion: event.accountRegion,
                    time: event.time, verification: Verification(state: state, note: words), isApplied: false))
        case .suppressionCreated(let suppression):
            return .suppression(
                SuppressionDisposition(suppression, accountRegion: event.accountRegion, time: event.time),
                keepsExpiry: false)
        case .suppressionUpdated(let suppression):
            // An update without an end leaves the end unchanged.
            return .suppression(
                SuppressionDisposition(suppression, accountRegion: event.accountRegion, time: event.time),
                keepsExpiry: suppression.expirationDate == nil && suppression.suppressIndefinitely == nil)
        case .suppressionDeleted(let check, let resource):
            return .suppression(
                SuppressionDisposition(
                    subject: FindingID.suppression(
                        check: check, resource: resource, accountRegion: event.accountRegion),
                    accountRegion: event.accountRegion, time: event.time, isSuppressed: false, expiresAt: nil),
                keepsExpiry: false)
        case .auditTaskCanceled(let taskID): return .audit(taskID: taskID)
        case .ignored(let reason): return .ignored(reason)
        }
    }

    private static func task(
        _ json: JSON, _ delivery: Delivery, _ severities: SeverityRules
    ) throws(UnrecognizedMessageError) -> DeliveryCommand {
        guard let task = InternalTask(payload: json) else {
            throw UnrecognizedMessageError(
                reason: "unknown \(delivery.channel == .schedule ? "scheduled" : "catch-up") task")
        }
        let accountRegion = delivery.accountRegion
        return switch task {
        case .suppressionEnded(let subject, let time): .suppressionEnded(subject: subject, at: time)
        case .refresh(let kinds): .refresh(kinds)
        case .refreshSource: .refreshSource
        case .expireSource(let time): .expireSource(reportedBefore: time)
        case .archiveSource(let time): .archiveSource(reportedBefore: time)
        case .archiveStale: .archiveStale
        case .catchUp(let since): .catchUp(since: since)
        case .audit(let taskID): .audit(taskID: taskID)
        case .violationEvent(let event): alarm(try Alarm(violationEvent: event), accountRegion, severities)
        case .activeViolation(let violation): alarm(try Alarm(activeViolation: violation), accountRegion, severities)
        case .verification(let violationID, let verification, let time):
            .verification(
                VerificationDisposition(
                    subject: FindingID.violation(id: violationID, accountRegion: accountRegion),
                    accountRegion: accountRegion, time: time, verification: verification, isApplied: false))
        case .violationOver(let findingID, let time): .violationOver(findingID: findingID, asOf: time)
        case .suppressions: .suppressionList
        case .catchUpAlarms: .catchUpAlarms
        case .mappedItem(let item): .mappedItem(item)
        }
    }

    private static func alarm(_ alarm: Alarm, _ accountRegion: AccountRegion, _ severities: SeverityRules)
        -> DeliveryCommand
    {
        .alarm(
            Observation(
                alarm, finding: SecurityFinding(alarm: alarm, accountRegion: accountRegion, severities: severities)))
    }

    /// Commands of one kind may change the same findings, and are not processed concurrently. Commands of different
    /// kinds are independent.
    package enum Kind: Sendable, Hashable {
        /// Changes findings of violations.
        case alarms
        /// Changes findings of audits.
        case audits
        /// Changes findings of mapped sources.
        case mapped
        /// Queries Device Defender, and changes no finding.
        case catchUp
    }

    /// Which findings the command may change.
    package var kind: Kind {
        switch self {
        case .audit, .suppression, .suppressionEnded, .suppressionList, .archiveStale: .audits
        case .refresh(let kinds): kinds == .audits ? .audits : .alarms
        case .alarm, .verification, .violationOver, .ignored: .alarms
        case .mappedItem, .refreshSource, .expireSource, .archiveSource, .catchUpAlarms: .mapped
        case .catchUp: .catchUp
        }
    }
}

extension EventBridgeEvent {
    /// Parses one posted event. Earlier versions queued it in a wrapper or in an array of one.
    package init(posted json: JSON) throws(UnrecognizedMessageError) {
        guard let events = json.array else {
            try self.init(Self.unwrapped(json))
            return
        }
        guard events.count == 1 else { throw UnrecognizedMessageError(reason: "an array must contain one event") }
        try self.init(Self.unwrapped(events[0]))
    }
}

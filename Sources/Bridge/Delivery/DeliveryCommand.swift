import AWSCore
import DeviceDefender
import JSON
import SecurityFindings
import Store

/// What a delivery asks for.
enum DeliveryCommand: Sendable {
    /// A finding to be brought up to date.
    case alarm(Observation)
    /// An alarm that somebody judged.
    case verification(VerificationDisposition)
    /// An audit to be walked.
    case audit(taskID: String)
    /// Audit findings that somebody suppressed, or suppresses no longer.
    case suppression(SuppressionDisposition, keepsExpiry: Bool)
    /// A suppression that has ended by itself, and when.
    case suppressionEnded(subject: String, at: Timestamp)
    /// Findings that Security Hub would soon forget.
    case refresh(InternalTask.RefreshedKinds)
    /// Findings of audits that no audit confirms any more.
    case archiveStale
    /// A violation that was not raised any more at a time, by its finding.
    case violationOver(findingID: String, asOf: Timestamp)
    /// The suppressions to be compared with those that AWS IoT lists.
    case suppressionList
    /// What no delivery told of since a time, or since the watermark.
    case catchUp(since: Timestamp?)
    /// Something that changes no finding, and why.
    case ignored(String)

    /// Reads a delivery's payload.
    ///
    /// - Parameter severities: the team's own severities, for findings of alarms.
    /// - Throws: `UnrecognizedMessageError` for everything that is not known, with the reason.
    init(_ delivery: Delivery, severities: SeverityRules = .none) throws(UnrecognizedMessageError) {
        let json: JSON
        do throws(JSONError) {
            json = try JSON(parsing: delivery.payload)
        } catch {
            throw UnrecognizedMessageError(reason: "the message is not JSON: \(error)")
        }
        switch delivery.channel {
        case .sns: self = try Self.message(json, delivery, severities)
        case .eventBridge: self = try Self.event(json, delivery.accountRegion)
        case .schedule: self = try Self.due(json)
        case .catchUp: self = try Self.missed(json, delivery.accountRegion, severities)
        }
    }

    private static func message(
        _ json: JSON, _ delivery: Delivery, _ severities: SeverityRules
    ) throws(UnrecognizedMessageError) -> DeliveryCommand {
        switch try DeviceDefenderMessage(json) {
        case .alarm(let alarm): return Self.alarm(alarm, delivery.accountRegion, severities)
        case .audit(let notification):
            guard notification.account ?? delivery.accountRegion.account == delivery.accountRegion.account else {
                throw UnrecognizedMessageError(reason: "the audit is of another account than the topic")
            }
            return .audit(taskID: notification.task.id)
        }
    }

    private static func event(_ json: JSON, _ accountRegion: AccountRegion) throws(UnrecognizedMessageError)
        -> DeliveryCommand
    {
        let event = try EventBridgeEvent(posted: json)
        // One that could not be read when it came may be kept under another account and Region.
        guard event.accountRegion == accountRegion else {
            throw UnrecognizedMessageError(reason: "the event is of another account or Region than its delivery")
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
            // What an update does not mention stays as it was.
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

    private static func due(_ json: JSON) throws(UnrecognizedMessageError) -> DeliveryCommand {
        switch try InternalTask(json) {
        case .suppressionEnded(let subject, let time): .suppressionEnded(subject: subject, at: time)
        case .refresh(let kinds): .refresh(kinds)
        case .archiveStale: .archiveStale
        }
    }

    private static func missed(
        _ json: JSON, _ accountRegion: AccountRegion, _ severities: SeverityRules
    ) throws(UnrecognizedMessageError) -> DeliveryCommand {
        switch try CatchUpTask(json) {
        case .catchUp(let since): .catchUp(since: since)
        case .audit(let taskID): .audit(taskID: taskID)
        case .violationEvent(let event): alarm(try Alarm(violationEvent: event), accountRegion, severities)
        case .activeViolation(let violation): alarm(try Alarm(activeViolation: violation), accountRegion, severities)
        case .verification(let violationID, let verification, let time):
            .verification(
                VerificationDisposition(
                    subject: FindingID.violation(id: violationID, accountRegion: accountRegion),
                    accountRegion: accountRegion, time: time,
                    verification: verification, isApplied: false))
        case .violationOver(let findingID, let time): .violationOver(findingID: findingID, asOf: time)
        case .suppressions: .suppressionList
        }
    }

    private static func alarm(_ alarm: Alarm, _ accountRegion: AccountRegion, _ severities: SeverityRules)
        -> DeliveryCommand
    {
        .alarm(
            Observation(
                alarm, finding: SecurityFinding(alarm: alarm, accountRegion: accountRegion, severities: severities)))
    }

    /// Work of one kind does not run beside other work of that kind, as it changes the same findings, and need not wait
    /// for work of another kind.
    enum Kind: Sendable, Hashable {
        /// It changes findings of violations.
        case alarms
        /// It changes findings of audits.
        case audits
        /// It asks Device Defender, and changes nothing.
        case catchUp
    }

    /// What kind it is of.
    var kind: Kind {
        switch self {
        case .audit, .suppression, .suppressionEnded, .suppressionList, .archiveStale: .audits
        case .refresh(let kinds): kinds == .audits ? .audits : .alarms
        case .alarm, .verification, .violationOver, .ignored: .alarms
        case .catchUp: .catchUp
        }
    }
}

extension EventBridgeEvent {
    /// Reads one posted event, in a wrapper or an array of one, as earlier versions put it into the queue.
    init(posted json: JSON) throws(UnrecognizedMessageError) {
        guard let events = json.array else {
            try self.init(Self.unwrapped(json))
            return
        }
        guard events.count == 1 else { throw UnrecognizedMessageError(reason: "an array must hold one event") }
        try self.init(Self.unwrapped(events[0]))
    }
}

import AWSCore
import DeviceDefender
import JSON
import SecurityFindings
import Store

/// What a delivery asks for.
enum Work: Sendable {
    /// A finding to be brought up to date.
    case alarm(Observation)
    /// An alarm that somebody judged.
    case verification(VerificationJudgement)
    /// An audit to be walked.
    case audit(taskID: String)
    /// Audit findings that somebody suppressed, or suppresses no longer.
    case suppression(SuppressionJudgement, keepsExpiry: Bool)
    /// A suppression that has ended by itself, and when.
    case suppressionEnded(subject: String, at: Timestamp)
    /// Findings that Security Hub would soon forget.
    case refresh(DueWork.RefreshedKinds)
    /// Findings of audits that no audit confirms any more.
    case archiveStale
    /// A violation that was not raised any more at a time, by its finding.
    case violationOver(findingID: String, asOf: Timestamp)
    /// The suppressions to be compared with those that AWS IoT lists.
    case suppressionList
    /// What no delivery told of since a time, or since the watermark.
    case catchUp(since: Timestamp?)
    /// Something that changes no finding, and why.
    case later(String)

    /// Reads a delivery's payload.
    ///
    /// - Parameter severities: the team's own severities, for findings of alarms.
    /// - Throws: `UnrecognizedMessage` for everything that is not known, with the reason.
    init(_ delivery: Delivery, severities: SeverityRules = .none) throws(UnrecognizedMessage) {
        let json: JSON
        do throws(JSONError) {
            json = try JSON(parsing: delivery.payload)
        } catch {
            throw UnrecognizedMessage(reason: "the message is not JSON: \(error)")
        }
        switch delivery.source {
        case .sns: self = try Self.message(json, delivery, severities)
        case .eventBridge: self = try Self.event(json, delivery.origin)
        case .schedule: self = try Self.due(json)
        case .catchUp: self = try Self.missed(json, delivery.origin, severities)
        }
    }

    private static func message(
        _ json: JSON, _ delivery: Delivery, _ severities: SeverityRules
    ) throws(UnrecognizedMessage) -> Work {
        switch try DeviceDefenderMessage(json) {
        case .alarm(let alarm): return Self.alarm(alarm, delivery.origin, severities)
        case .audit(let notification):
            guard notification.account ?? delivery.origin.account == delivery.origin.account else {
                throw UnrecognizedMessage(reason: "the audit is of another account than the topic")
            }
            return .audit(taskID: notification.task.id)
        }
    }

    private static func event(_ json: JSON, _ origin: Origin) throws(UnrecognizedMessage) -> Work {
        let event = try EventBridgeEvent(posted: json)
        // One that could not be read when it came may be kept under another account and Region.
        guard event.origin == origin else {
            throw UnrecognizedMessage(reason: "the event is of another account or Region than its delivery")
        }
        switch event.change {
        case .verification(let violationID, let state, let words):
            return .verification(
                VerificationJudgement(
                    subject: FindingID.violation(id: violationID, origin: event.origin), origin: event.origin,
                    time: event.time, verification: Verification(state: state, words: words), isApplied: false))
        case .suppressionCreated(let suppression):
            return .suppression(
                SuppressionJudgement(suppression, origin: event.origin, time: event.time), keepsExpiry: false)
        case .suppressionUpdated(let suppression):
            // What an update does not mention stays as it was.
            return .suppression(
                SuppressionJudgement(suppression, origin: event.origin, time: event.time),
                keepsExpiry: suppression.expirationDate == nil && suppression.suppressIndefinitely == nil)
        case .suppressionDeleted(let check, let resource):
            return .suppression(
                SuppressionJudgement(
                    subject: FindingID.suppression(check: check, resource: resource, origin: event.origin),
                    origin: event.origin, time: event.time, isSuppressed: false, expiresAt: nil),
                keepsExpiry: false)
        case .auditTaskCanceled(let taskID): return .audit(taskID: taskID)
        case .ignored(let reason): return .later(reason)
        }
    }

    private static func due(_ json: JSON) throws(UnrecognizedMessage) -> Work {
        switch try DueWork(json) {
        case .suppressionEnded(let subject, let time): .suppressionEnded(subject: subject, at: time)
        case .refresh(let kinds): .refresh(kinds)
        case .archiveStale: .archiveStale
        }
    }

    private static func missed(
        _ json: JSON, _ origin: Origin, _ severities: SeverityRules
    ) throws(UnrecognizedMessage) -> Work {
        switch try MissedWork(json) {
        case .catchUp(let since): .catchUp(since: since)
        case .audit(let taskID): .audit(taskID: taskID)
        case .violationEvent(let event): alarm(try Alarm(violationEvent: event), origin, severities)
        case .activeViolation(let violation): alarm(try Alarm(activeViolation: violation), origin, severities)
        case .verification(let violationID, let verification, let time):
            .verification(
                VerificationJudgement(
                    subject: FindingID.violation(id: violationID, origin: origin), origin: origin, time: time,
                    verification: verification, isApplied: false))
        case .violationOver(let findingID, let time): .violationOver(findingID: findingID, asOf: time)
        case .suppressions: .suppressionList
        }
    }

    private static func alarm(_ alarm: Alarm, _ origin: Origin, _ severities: SeverityRules) -> Work {
        .alarm(
            Observation(alarm, finding: SecurityFinding(alarm: alarm, origin: origin, severities: severities)))
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
        case .alarm, .verification, .violationOver, .later: .alarms
        case .catchUp: .catchUp
        }
    }
}

extension EventBridgeEvent {
    /// Reads one posted event, in a wrapper or an array of one, as earlier versions put it into the queue.
    init(posted json: JSON) throws(UnrecognizedMessage) {
        guard let events = json.array else {
            try self.init(Self.unwrapped(json))
            return
        }
        guard events.count == 1 else { throw UnrecognizedMessage(reason: "an array must hold one event") }
        try self.init(Self.unwrapped(events[0]))
    }
}

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
        case .eventBridge: self = try Self.event(json)
        case .schedule: self = try Self.due(json)
        }
    }

    private static func message(
        _ json: JSON, _ delivery: Delivery, _ severities: SeverityRules
    ) throws(UnrecognizedMessage) -> Work {
        switch try DeviceDefenderMessage(json) {
        case .alarm(let alarm):
            let finding = SecurityFinding(alarm: alarm, origin: delivery.origin, severities: severities)
            return .alarm(Observation(alarm, finding: finding))
        case .audit(let notification):
            guard notification.account ?? delivery.origin.account == delivery.origin.account else {
                throw UnrecognizedMessage(reason: "the audit is of another account than the topic")
            }
            return .audit(taskID: notification.task.id)
        }
    }

    private static func event(_ json: JSON) throws(UnrecognizedMessage) -> Work {
        let event = try EventBridgeEvent(posted: json)
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
        }
    }

    /// Whether it changes audit findings: such work must not run beside an audit, and need not wait for alarms.
    var concernsAudits: Bool {
        switch self {
        case .audit, .suppression, .suppressionEnded: true
        case .refresh(let kinds): kinds == .audits
        case .alarm, .verification, .later: false
        }
    }
}

extension EventBridgeEvent {
    /// Reads what EventBridge posted: an event, or an array with one, as an input transformer may make it.
    init(posted json: JSON) throws(UnrecognizedMessage) {
        guard let events = json.array else {
            try self.init(json)
            return
        }
        guard events.count == 1 else {
            throw UnrecognizedMessage(reason: "an array must hold one event; let the rule's target post each alone")
        }
        try self.init(events[0])
    }
}

import AWSCore
import DeviceDefender
import JSON
import SecurityFindings
import Store

/// What a delivery asks for.
enum Work: Sendable {
    /// A finding to be brought up to date.
    case alarm(Observation)
    /// An audit to be walked.
    case audit(AuditTask)
    /// An alarm that somebody judged.
    case verification(violationID: String, state: VerificationState, description: String?)
    /// Findings that do not count any more.
    case suppression(AuditSuppression)
    /// Something that shows with the next audit.
    case later(String)

    /// Reads a delivery's payload.
    ///
    /// - Throws: `UnrecognizedMessage` for everything that is not known, with the reason.
    init(_ delivery: Delivery) throws(UnrecognizedMessage) {
        let json: JSON
        do throws(JSONError) {
            json = try JSON(parsing: delivery.payload)
        } catch {
            throw UnrecognizedMessage(reason: "the message is not JSON: \(error)")
        }
        switch delivery.source {
        case .sns: self = try Self.message(json, delivery)
        case .eventBridge: self = try Self.event(json)
        }
    }

    private static func message(_ json: JSON, _ delivery: Delivery) throws(UnrecognizedMessage) -> Work {
        switch try DeviceDefenderMessage(json) {
        case .alarm(let alarm):
            return .alarm(Observation(alarm, finding: SecurityFinding(alarm: alarm, origin: delivery.origin)))
        case .audit(let notification):
            guard notification.account ?? delivery.origin.account == delivery.origin.account else {
                throw UnrecognizedMessage(reason: "the audit is of another account than the topic")
            }
            return .audit(notification.task)
        }
    }

    private static func event(_ json: JSON) throws(UnrecognizedMessage) -> Work {
        switch try EventBridgeEvent(json).change {
        case .verification(let violationID, let state, let description):
            return .verification(violationID: violationID, state: state, description: description)
        case .suppressionCreated(let suppression), .suppressionUpdated(let suppression):
            return .suppression(suppression)
        case .suppressionDeleted: return .later("a suppression was deleted")
        case .auditTaskCanceled: return .later("an audit was canceled")
        case .ignored(let reason): return .later(reason)
        }
    }

    /// Whether it takes long and touches other findings than the rest, so that it may run beside it.
    var isAudit: Bool {
        if case .audit = self { true } else { false }
    }
}

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
    /// An alarm that somebody judged, and when.
    case verification(violationID: String, Verification, at: Timestamp)
    /// Findings that do not count any more, and from when on.
    case suppression(AuditSuppression, at: Timestamp)
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
        let event = try EventBridgeEvent(posted: json)
        switch event.change {
        case .verification(let violationID, let state, let words):
            return .verification(
                violationID: violationID, Verification(state: state, words: words), at: event.time)
        case .suppressionCreated(let suppression), .suppressionUpdated(let suppression):
            return .suppression(suppression, at: event.time)
        case .suppressionDeleted: return .later("a suppression was deleted")
        case .auditTaskCanceled: return .later("an audit was canceled")
        case .ignored(let reason): return .later(reason)
        }
    }

    /// Whether it changes audit findings: such work must not run beside an audit, and need not wait for alarms.
    var concernsAudits: Bool {
        switch self {
        case .audit, .suppression: true
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

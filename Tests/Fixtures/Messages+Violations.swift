package import Encoding
package import JSON

extension Messages {
    /// An element of the response to `ListViolationEvents`.
    package static func violationEvent(
        _ id: String = "v1", at time: Timestamp = now, event: String = "in-alarm", state: String? = nil,
        isSuppressed: Bool = false
    ) -> JSON {
        var members = alarm(id, at: time, event: event).object ?? [:]
        members["violationEventTime"] = seconds(time)
        members["verificationState"] = state.map(JSON.string)
        if isSuppressed { members["behavior"] = ["name": "b", "suppressAlerts": true] }
        return .object(members)
    }

    /// An element of the response to `ListActiveViolations`.
    package static func activeViolation(_ id: String = "v1", since time: Timestamp = now, state: String? = nil) -> JSON
    {
        var members = violationEvent(id, at: time, state: state).object ?? [:]
        members["violationStartTime"] = members.removeValue(forKey: "violationEventTime")
        members["violationEventType"] = nil
        members["lastViolationValue"] = members.removeValue(forKey: "metricValue")
        return .object(members)
    }
}

import Encoding
import JSON

/// Device Defender's alarms in one account and Region (`ListViolationEvents` and `ListActiveViolations` of the AWS IoT API
/// Reference).
struct AlarmModel {
    /// The alarm messages of Device Defender, in insertion order.
    private var events: [Event] = []
    /// The verification states by violation ID.
    private var verifications: [String: Verification] = [:]

    private struct Event {
        let violationID: String
        /// In milliseconds since 1970.
        let time: Int64
        let type: String
        let message: JSON.Members

        init?(_ message: JSON) {
            guard let members = message.object, let violationID = message["violationId"]?.string,
                let time = message["violationEventTime"]?.integer, let type = message["violationEventType"]?.string
            else { return nil }
            (self.violationID, self.time, self.type, self.message) = (violationID, time, type, members)
        }
    }

    /// The verification state of an alarm.
    private struct Verification {
        let state: String
        let description: String?
    }

    /// Adds alarm messages as Device Defender publishes them; other messages are ignored.
    mutating func add(_ messages: [JSON]) { events += messages.compactMap { Event($0) } }

    /// Sets the verification state of an alarm, like `PutVerificationStateOnViolation`.
    mutating func verify(_ violationID: String, state: String, description: String?) {
        verifications[violationID] = Verification(state: state, description: description)
    }

    /// Implements `ListViolationEvents`.
    ///
    /// - Parameter parameters: the query parameters.
    /// - Throws: ``ServiceError`` if the call is rejected.
    func listEvents(_ parameters: [String: String]) throws(ServiceError) -> JSON {
        guard let start = parameters["startTime"].flatMap({ Timestamp(iso8601: $0, accepting: .offset) }),
            let end = parameters["endTime"].flatMap({ Timestamp(iso8601: $0, accepting: .offset) }), start <= end
        else { throw .invalidRequest("startTime and endTime must be timestamps, in this order") }
        let page = try page(of: events.indices, parameters, also: ["startTime", "endTime"]) { index in
            (start.milliseconds...end.milliseconds).contains(events[index].time)
        }
        let elements = page.elements.map { index -> JSON in
            var members = verified(events[index])
            members["violationEventTime"] = .number(Timestamp(milliseconds: events[index].time).epochSeconds)
            return .object(members)
        }
        return AuditModel.response("violationEvents", elements, nextToken: page.nextToken)
    }

    /// Implements `ListActiveViolations`.
    ///
    /// - Parameter parameters: the query parameters.
    /// - Throws: ``ServiceError`` if the call is rejected.
    func listActive(_ parameters: [String: String]) throws(ServiceError) -> JSON {
        var last: [String: Int] = [:]
        for index in events.indices {
            let known = last[events[index].violationID]
            if known.map({ events[index].time >= events[$0].time }) ?? true { last[events[index].violationID] = index }
        }
        let page = try page(of: last.values.sorted(), parameters, also: []) { events[$0].type == "in-alarm" }
        let elements = page.elements.map { index -> JSON in
            var members = verified(events[index])
            let time = JSON.number(Timestamp(milliseconds: events[index].time).epochSeconds)
            members["violationStartTime"] = time
            members["lastViolationTime"] = time
            members["lastViolationValue"] = members.removeValue(forKey: "metricValue")
            members["violationEventTime"] = nil
            members["violationEventType"] = nil
            return .object(members)
        }
        return AuditModel.response("activeViolations", elements, nextToken: page.nextToken)
    }

    private func verified(_ event: Event) -> JSON.Members {
        var members = event.message
        if let verification = verifications[event.violationID] {
            members["verificationState"] = .string(verification.state)
            members["verificationStateDescription"] = verification.description.map(JSON.string)
        }
        return members
    }

    private func page(
        of list: some RandomAccessCollection<Int>, _ parameters: [String: String], also names: Set<String>,
        matches: (Int) -> Bool
    ) throws(ServiceError) -> Page {
        let known = names.union([
            "thingName", "securityProfileName", "verificationState", "listSuppressedAlerts", "nextToken", "maxResults",
        ])
        guard known.isSuperset(of: parameters.keys) else {
            throw .invalidRequest("The request has an unknown parameter")
        }
        return try Page(
            list, token: parameters["nextToken"].map(JSON.string),
            query: JSON(texts: parameters.filter { $0.key != "nextToken" }),
            limit: try AuditModel.limit(parameters["maxResults"].map { Int64($0) ?? 0 }),
            invalid: AuditModel.invalidToken
        ) { index in
            matches(index) && isInRange(for: events[index], parameters)
        }
    }

    private func isInRange(for event: Event, _ parameters: [String: String]) -> Bool {
        let members = verified(event)
        return ["thingName", "securityProfileName", "verificationState"].allSatisfy { name in
            parameters[name].map { .string($0) == members[name] } ?? true
        }
            && parameters["listSuppressedAlerts"].map {
                .bool($0 == "true") == (members["behavior"]?["suppressAlerts"] ?? false)
            } ?? true
    }
}

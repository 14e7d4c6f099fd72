package import Encoding
package import JSON

/// A state change of a detect alarm, as published to SNS.
///
/// Does not have account and Region; they are those of the topic.
package struct Alarm: Sendable, Hashable {
    /// The state change: `violationEventType` of the AWS IoT API.
    package enum EventType: String, Sendable, Hashable, CaseIterable {
        /// A device violates a behavior of its security profile.
        case inAlarm = "in-alarm"
        /// The device no longer violates the behavior.
        case cleared = "alarm-cleared"
        /// The alarm can no longer be evaluated: the profile changed, or the device sends no data.
        case invalidated = "alarm-invalidated"
    }

    /// The violation ID, 1 to 128 letters, digits and dashes; shared by all state changes of one alarm.
    package let violationID: String
    /// The state change.
    package let eventType: EventType
    /// The time of the state change.
    package let time: Timestamp
    /// The device's name, 1 to 128 characters. Arbitrary text: an unregistered device chooses its own name.
    package let thingName: String
    /// The security profile of the behavior.
    package let securityProfileName: String
    /// The violated behavior.
    package let behavior: Behavior
    /// The measured value; nil if the message has none.
    package let metricValue: MetricValue?
    /// The verification state that an operator has set.
    package let verificationState: VerificationState?
    /// The operator's description, at most 1000 characters.
    package let verificationStateDescription: String?
    /// The confidence of an ML Detect alarm.
    package let confidenceLevel: ConfidenceLevel?

    /// Parses an alarm from an SNS message. Unknown fields are ignored.
    ///
    /// - Throws: ``UnrecognizedMessageError`` if a required field is missing, mistyped or too long, or if the event
    ///   type is unknown.
    package init(_ json: JSON) throws(UnrecognizedMessageError) {
        let fields = try Fields(json, at: "alarm")
        try self.init(
            fields, eventType: fields.word("violationEventType"),
            time: fields.time("violationEventTime", in: .milliseconds), metricValue: fields["metricValue"])
    }

    /// Parses an element of `ListViolationEvents`.
    ///
    /// - Throws: ``UnrecognizedMessageError`` if a required field is missing, mistyped or too long, or if the event
    ///   type is unknown.
    package init(violationEvent json: JSON) throws(UnrecognizedMessageError) {
        let fields = try Fields(json, at: "violation event")
        try self.init(
            fields, eventType: fields.word("violationEventType"),
            time: fields.time("violationEventTime", in: .seconds), metricValue: fields["metricValue"])
    }

    /// Parses an element of `ListActiveViolations`, as the event that raised the alarm.
    ///
    /// - Throws: ``UnrecognizedMessageError`` if a required field is missing, mistyped or too long.
    package init(activeViolation json: JSON) throws(UnrecognizedMessageError) {
        let fields = try Fields(json, at: "active violation")
        try self.init(
            fields, eventType: .inAlarm, time: fields.time("violationStartTime", in: .seconds),
            metricValue: fields["lastViolationValue"])
    }

    private init(
        _ fields: Fields, eventType: EventType, time: Timestamp, metricValue: JSON?
    ) throws(UnrecognizedMessageError) {
        violationID = try fields.identifier("violationId", limit: 128)
        self.eventType = eventType
        self.time = time
        thingName = try fields.name("thingName", limit: 128)
        securityProfileName = try fields.name("securityProfileName", limit: 128)
        behavior = try Behavior(fields.object("behavior"))
        self.metricValue = metricValue.flatMap(MetricValue.init)
        verificationState = fields["verificationState"]?.string.flatMap { VerificationState(word: $0) }
        verificationStateDescription = fields.text("verificationStateDescription", limit: 1000)
        confidenceLevel = fields["violationEventAdditionalInfo"]?["confidenceLevel"]?.string
            .flatMap { ConfidenceLevel(word: $0) }
    }
}

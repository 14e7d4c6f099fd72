public import JSON

/// A change of a detect alarm, as Device Defender publishes it to SNS.
///
/// Names neither account nor Region: both are those of the topic.
public struct Alarm: Sendable, Hashable {
    /// What happened to the alarm: `violationEventType` of the AWS IoT API.
    public enum EventType: String, Sendable, Hashable, CaseIterable {
        /// A device behaves in a way that its security profile does not allow.
        case inAlarm = "in-alarm"
        /// The device behaves normally again.
        case cleared = "alarm-cleared"
        /// The alarm can no longer be judged: the profile changed, or the device sends no data.
        case invalidated = "alarm-invalidated"
    }

    /// The violation's id, 1 to 128 letters, digits and dashes; all changes of one alarm share it.
    public let violationID: String
    /// What happened.
    public let eventType: EventType
    /// When it happened.
    public let time: Timestamp
    /// The device's name, 1 to 128 characters. Any text: an unregistered device chooses its name itself.
    public let thingName: String
    /// The security profile that the behavior belongs to.
    public let securityProfileName: String
    /// The behavior that is violated.
    public let behavior: Behavior
    /// What was measured; nil if the message does not say.
    public let metricValue: MetricValue?
    /// What somebody found out about the alarm.
    public let verificationState: VerificationState?
    /// Why, in that person's words, at most 1000 characters.
    public let verificationStateDescription: String?
    /// How sure machine learning is.
    public let confidenceLevel: ConfidenceLevel?

    /// Reads an alarm as it comes by SNS. Fields that are not known are ignored.
    ///
    /// - Throws: ``UnrecognizedMessageError`` if a field that identifies or decides is missing, mistyped or too long, or if
    ///   the kind of event is unknown.
    public init(_ json: JSON) throws(UnrecognizedMessageError) {
        let fields = try Fields(json, at: "alarm")
        try self.init(
            fields, eventType: fields.word("violationEventType"),
            time: fields.time("violationEventTime", in: .milliseconds), metricValue: fields["metricValue"])
    }

    /// Reads an element of the AWS IoT API's answer to `ListViolationEvents`.
    ///
    /// - Throws: ``UnrecognizedMessageError`` if a field that identifies or decides is missing, mistyped or too long, or if
    ///   the kind of event is unknown.
    public init(violationEvent json: JSON) throws(UnrecognizedMessageError) {
        let fields = try Fields(json, at: "violation event")
        try self.init(
            fields, eventType: fields.word("violationEventType"),
            time: fields.time("violationEventTime", in: .seconds), metricValue: fields["metricValue"])
    }

    /// Reads an element of the AWS IoT API's answer to `ListActiveViolations`, as the event that raised the alarm.
    ///
    /// - Throws: ``UnrecognizedMessageError`` if a field that identifies or decides is missing, mistyped or too long.
    public init(activeViolation json: JSON) throws(UnrecognizedMessageError) {
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

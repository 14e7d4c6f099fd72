import Encoding
import JSON
import Testing

@testable import DeviceDefender

@Suite("Alarms")
struct AlarmTests {
    @Test("a documented alarm is parsed completely")
    func documented() throws {
        let message = try DeviceDefenderMessage(Payloads.alarm)
        guard case .alarm(let alarm) = message else {
            Issue.record("not an alarm")
            return
        }
        #expect(alarm.violationID == "37e18651d207bbc74236c13faf146127")
        #expect(alarm.eventType == .inAlarm)
        #expect(alarm.time.iso8601 == "2019-11-15T03:00:00.000Z")
        #expect(alarm.thingName == "pump-17")
        #expect(alarm.securityProfileName == "Fleet")
        #expect(alarm.behavior.name == "MessagesSent-High")
        #expect(alarm.behavior.metric == "aws:num-messages-sent")
        #expect(alarm.behavior.suppressAlerts == false)
        #expect(alarm.behavior.metricDimension?.name == "topics")
        #expect(alarm.behavior.metricDimension?.isExcluded == false)
        #expect(alarm.behavior.criteria?.threshold == .fixed(.count(10)))
        #expect(alarm.behavior.criteria?.comparisonOperator == .lessThan)
        #expect(alarm.behavior.criteria?.durationSeconds == 300)
        #expect(alarm.behavior.criteria?.consecutiveDatapointsToAlarm == 1)
        #expect(alarm.behavior.criteria?.consecutiveDatapointsToClear == 2)
        #expect(alarm.metricValue == .count(54))
        #expect(alarm.verificationState == .falsePositive)
        #expect(alarm.verificationStateDescription == "lab device")
        #expect(alarm.confidenceLevel == .high)
    }

    @Test("an alarm with only the required fields is parsed")
    func minimal() throws {
        let alarm = try Alarm([
            "violationEventTime": 1, "thingName": "t", "violationEventType": "alarm-cleared",
            "behavior": ["name": "b"], "violationId": "v", "securityProfileName": "p", "metricValue": nil,
        ])
        #expect(alarm.eventType == .cleared)
        #expect(alarm.behavior.criteria == nil)
        #expect(alarm.behavior.metric == nil)
        #expect(alarm.metricValue == nil)
        #expect(alarm.verificationState == nil)
        #expect(alarm.confidenceLevel == nil)
    }

    @Test("an active violation is parsed as the event that raised the alarm")
    func activeViolation() throws {
        let json = Payloads.alarm.setting("violationEventTime", to: nil).setting("violationEventType", to: nil)
            .setting("metricValue", to: nil).setting("lastViolationValue", to: ["count": 54])
            .setting("violationStartTime", to: .number("1573786800.0"))
            .setting("lastViolationTime", to: .number("1573786999.0"))
        #expect(try Alarm(activeViolation: json) == Alarm(Payloads.alarm))
        #expect(throws: UnrecognizedMessageError(reason: "active violation: violationStartTime is missing")) {
            try Alarm(activeViolation: json.setting("violationStartTime", to: nil))
        }
    }

    @Test("an element of ListViolationEvents is parsed like the SNS message")
    func violationEvent() throws {
        let json = Payloads.alarm.setting("violationEventTime", to: .number("1573786800.0"))
        #expect(try Alarm(violationEvent: json) == Alarm(Payloads.alarm))
        for name in ["violationEventTime", "violationEventType", "violationId"] {
            #expect(throws: UnrecognizedMessageError.self) { try Alarm(violationEvent: json.setting(name, to: nil)) }
        }
    }

    @Test("every documented event type is parsed", arguments: Alarm.EventType.allCases)
    func eventTypes(type: Alarm.EventType) throws {
        let json = Payloads.alarm.setting("violationEventType", to: .string(type.rawValue))
        #expect(try Alarm(json).eventType == type)
    }

    @Test("an unknown event type is unrecognized, and the reason names the field")
    func unknownEvent() {
        #expect(throws: UnrecognizedMessageError(reason: "alarm: violationEventType has an unknown value")) {
            try DeviceDefenderMessage(Payloads.alarm.setting("violationEventType", to: "alarm-sleeping"))
        }
    }

    @Test(
        "statistical and machine learning criteria are parsed",
        arguments: [
            (
                ["comparisonOperator": "less-than-equals", "statisticalThreshold": ["statistic": "p99"]],
                .statistical(statistic: "p99")
            ),
            (["mlDetectionConfig": ["confidenceLevel": "HIGH"]], .machineLearning(.high)),
            (["mlDetectionConfig": ["confidenceLevel": "EXTREME"]], .machineLearning(nil)),
        ] as [(JSON, BehaviorCriteria.Threshold)])
    func criteria(json: JSON, threshold: BehaviorCriteria.Threshold) throws {
        let alarm = try Alarm(Payloads.alarm.setting("behavior", "criteria", to: json))
        #expect(alarm.behavior.criteria?.threshold == threshold)
    }

    @Test("criteria of an unknown form count as absent", arguments: [[:], ["value": [:]], "x", [1], nil] as [JSON])
    func unknownCriteria(json: JSON) throws {
        #expect(try Alarm(Payloads.alarm.setting("behavior", "criteria", to: json)).behavior.criteria == nil)
    }

    @Test("every comparison operator, also an unknown one, keeps its value")
    func comparisons() {
        for comparison in ComparisonOperator.documented { #expect(ComparisonOperator(comparison.word) == comparison) }
        #expect(Set(ComparisonOperator.documented.map(\.word)).count == 10)
        #expect(ComparisonOperator("about").word == "about")
    }

    @Test(
        "every type of value is parsed",
        arguments: [
            (["count": 54], .count(54)), (["count": "54"], .count(54)), (["count": .number("5.4e1")], .count(54)),
            (["count": .number("18446744073709551615")], .count(.max)),
            (["cidrs": ["10.0.0.0/8", 7, ""]], .cidrs(["10.0.0.0/8"])),
            (["ports": [22, 65536, -1, "443"]], .ports([22, 443])),
            (["ports": []], .ports([])), (["number": .number("0.5")], .number(0.5)),
            (["numbers": [1, .number("2.5"), .number("1e999")]], .numbers([1, 2.5])),
            (["strings": ["a"]], .strings(["a"])),
        ] as [(JSON, MetricValue)])
    func values(json: JSON, value: MetricValue) {
        #expect(MetricValue(json) == value)
    }

    @Test(
        "an invalid value counts as absent",
        arguments: [
            [:], ["count": -1], ["count": .number("1e99")], ["count": .number("1.5")], ["count": true],
            ["cidrs": "10.0.0.0/8"], ["number": .number("1e999")], ["number": "nan"], 5, nil,
        ] as [JSON])
    func noValues(json: JSON) {
        #expect(MetricValue(json) == nil)
    }

    @Test("long lists and texts in values are truncated")
    func longValues() {
        let strings = JSON.array(Array(repeating: .string(String(repeating: "x", count: 5000)), count: 5000))
        #expect(
            MetricValue(["strings": strings])
                == .strings(Array(repeating: String(repeating: "x", count: 1024), count: 1000)))
    }

    @Test(
        "an alarm without a required field is unrecognized",
        arguments: [
            "violationEventTime", "thingName", "violationEventType", "behavior", "violationId", "securityProfileName",
        ])
    func missing(name: String) {
        for value in Payloads.unusable {
            #expect(throws: UnrecognizedMessageError.self) { try Alarm(Payloads.alarm.setting(name, to: value)) }
        }
    }

    @Test(
        "a time out of range is unrecognized",
        arguments: [
            .number("1e999"), .number("-1"), .number("253402300800000"), .number("9223372036854775808"),
            .number("1573786800000.5"), "soon",
        ] as [JSON])
    func times(time: JSON) {
        #expect(throws: UnrecognizedMessageError(reason: "alarm: violationEventTime is not a time from 1970 to 9999")) {
            try Alarm(Payloads.alarm.setting("violationEventTime", to: time))
        }
    }

    @Test("a thing's name may be any text of up to 128 characters without U+0000")
    func thingNames() throws {
        for name in ["pump/17", "пампа", "🚰", "a\u{1}b", " ", String(repeating: "🚰", count: 128)] {
            #expect(try Alarm(Payloads.alarm.setting("thingName", to: .string(name))).thingName == name)
        }
        #expect(throws: UnrecognizedMessageError(reason: "alarm: thingName has the character U+0000")) {
            try Alarm(Payloads.alarm.setting("thingName", to: "a\u{0}b"))
        }
        #expect(throws: UnrecognizedMessageError(reason: "alarm: thingName is longer than 128 characters")) {
            try Alarm(Payloads.alarm.setting("thingName", to: .string(String(repeating: "x", count: 129))))
        }
    }

    @Test(
        "a violation ID with unexpected characters is unrecognized",
        arguments: ["a/b", "a b", "ä", "a\n"])
    func violationIDs(id: String) {
        #expect(throws: UnrecognizedMessageError.self) {
            try Alarm(Payloads.alarm.setting("violationId", to: .string(id)))
        }
    }

    @Test("a descriptive text is truncated if too long, and dropped if mistyped")
    func descriptions() throws {
        let long = Payloads.alarm.setting(
            "verificationStateDescription", to: .string(String(repeating: "é", count: 2000)))
        #expect(try Alarm(long).verificationStateDescription == String(repeating: "é", count: 1000))
        let mistyped = Payloads.alarm.setting("verificationStateDescription", to: 5)
        #expect(try Alarm(mistyped).verificationStateDescription == nil)
    }
}

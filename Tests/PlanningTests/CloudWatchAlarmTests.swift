import AWSCore
import Encoding
import Fixtures
import JSON
import SourceMapping
import Testing

@testable import Planning

/// Alarms that Amazon CloudWatch lists, and their events.
@Suite struct CloudWatchAlarmTests {
    private static func logAlarm(_ members: JSON.Members = [:]) -> JSON {
        let own: JSON.Members = [
            "AlarmName": "iot-Disconnects-Low", "AlarmDescription": "Disconnects.",
            "AlarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:iot-Disconnects-Low",
            "AlarmActions": ["arn:aws:sns:us-east-1:111122223333:alarms"], "StateValue": "ALARM", "StateReason": "r",
            "StateTransitionedTimestamp": .number("1795341604.919"), "Threshold": .number("10.0"),
            "ComparisonOperator": "GreaterThanThreshold",
            "ScheduledQueryConfiguration": [
                "QueryString": "q", "AggregationExpression": "a", "LogGroupIdentifiers": ["AWSIotLogsV2"],
            ],
        ]
        return .object(own.merging(members) { _, new in new })
    }

    private static func metricAlarm(_ state: String) -> JSON {
        [
            "AlarmName": "connected", "AlarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:connected",
            "StateValue": .string(state), "StateReason": "Threshold Crossed", "MetricName": "Connect.Success",
            "Namespace": "AWS/IoT", "StateTransitionedTimestamp": 1_795_341_604, "AlarmDescription": "Few devices.",
        ]
    }

    @Test("The states of log alarms show those of their contributors, other states are the alarm's own")
    func states() throws {
        func contributors(_ json: JSON) -> CloudWatchAlarm.Contributors? { CloudWatchAlarm(json)?.contributors }
        #expect(contributors(Self.logAlarm()) == .listed(isComplete: true))
        #expect(contributors(Self.logAlarm(["EvaluationState": "PARTIAL_DATA"])) == .listed(isComplete: false))
        #expect(contributors(Self.logAlarm(["StateValue": "OK"])) == CloudWatchAlarm.Contributors.none)
        #expect(contributors(Self.logAlarm(["StateValue": "INSUFFICIENT_DATA"])) == .unknown)
        #expect(contributors(Self.logAlarm(["StateValue": nil])) == .unknown)
        #expect(contributors(Self.metricAlarm("OK")) == CloudWatchAlarm.Contributors.none)
        #expect(contributors(Self.metricAlarm("ALARM")) == .unknown)
        #expect(CloudWatchAlarm(Self.logAlarm())?.isRaised == false)
        #expect(CloudWatchAlarm(Self.metricAlarm("ALARM"))?.isRaised == true)
        #expect(CloudWatchAlarm(Self.metricAlarm("OK"))?.isRaised == false)
        for malformed in [JSON.null, [:], ["AlarmName": 1], ["AlarmName": ""]] {
            #expect(CloudWatchAlarm(malformed) == nil)
        }
    }

    @Test("An event is that of EventBridge") func events() throws {
        let accountRegion = try accountRegion()
        let alarm = try #require(CloudWatchAlarm(Self.logAlarm()))
        let event = try #require(
            alarm.event(
                of: [
                    "ContributorId": "0a", "ContributorAttributes": ["clientId": "pump-17"], "StateReason": "19 > 10",
                    "StateTransitionedTimestamp": .number("1795341604.919"),
                ], in: accountRegion))
        #expect(
            event == [
                "version": "0", "detail-type": "CloudWatch Alarm Contributor State Change", "source": "aws.cloudwatch",
                "account": "111122223333", "region": "us-east-1", "time": "2026-11-22T10:00:04Z",
                "resources": ["arn:aws:cloudwatch:us-east-1:111122223333:alarm:iot-Disconnects-Low"],
                "detail": [
                    "alarmName": "iot-Disconnects-Low",
                    "alarmContributor": ["id": "0a", "attributes": ["clientId": "pump-17"]],
                    "state": ["value": "ALARM", "reason": "19 > 10", "timestamp": "2026-11-22T10:00:04.919Z"],
                    "configuration": [
                        "logGroupIdentifiers": ["AWSIotLogsV2"], "queryString": "q", "aggregationExpression": "a",
                        "threshold": .number("10.0"), "comparisonOperator": "GreaterThanThreshold",
                        "description": "Disconnects.",
                    ],
                ],
            ])
        #expect(alarm.event(of: ["ContributorAttributes": [:]], in: accountRegion) == nil)
        let whole = try #require(CloudWatchAlarm(Self.metricAlarm("ALARM"))).event(in: accountRegion)
        #expect(whole["detail-type"] == "CloudWatch Alarm State Change")
        #expect(whole["detail"]?["state"]?["timestamp"] == "2026-11-22T10:00:04.000Z")
        #expect(
            whole["detail"]?["configuration"]?["metrics"]
                == [["metricStat": ["metric": ["name": "Connect.Success", "namespace": "AWS/IoT"]]]])
    }

    private static func source(
        _ patterns: [JSON], topic: String? = nil, deviceAttribute: String = "clientId"
    ) throws -> AlarmSource {
        AlarmSource(
            patterns: try patterns.map { try EventPattern($0) }, hasTopics: topic != nil,
            isTopic: { $0.description == topic }, deviceAttribute: deviceAttribute)
    }

    @Test("Alarms are listed by the prefixes of the event patterns, if these restrict the names") func prefixes() throws
    {
        func prefixes(_ names: JSON...) throws -> [String] {
            try Self.source(names.map { ["detail": ["alarmName": $0]] }).namePrefixes
        }
        #expect(try prefixes([["prefix": "iot-"]]) == ["iot-"])
        #expect(try prefixes([["prefix": "iot-"], "plant"], ["iot-a", "z"]) == ["iot-", "plant", "z"])
        #expect(try prefixes([["prefix": "iot-"], ["suffix": "High"]]) == [""])
        #expect(try prefixes([["prefix": "iot-"], ["exists": false]]) == [""])
        #expect(try prefixes([["anything-but": [1]]]) == [""])
        #expect(try prefixes([["prefix": "a"], 1]) == ["a"])
        #expect(try Self.source([["source": ["aws.cloudwatch"]]]).namePrefixes == [""])
        let either: JSON = ["$or": [["detail": ["alarmName": ["a"]]], ["source": ["b"]]]]
        #expect(try Self.source([either]).namePrefixes == [""])
        #expect(try Self.source([["detail": ["alarmName": ["a"]]]], topic: "t").namePrefixes == [""])
    }

    @Test("A source gets the alarms that match its patterns or notify its topics") func acceptance() throws {
        let alarm = try #require(CloudWatchAlarm(Self.logAlarm()))
        let event = alarm.event(in: try accountRegion())
        #expect(try Self.source([["detail": ["alarmName": [["prefix": "iot-"]]]]]).accepts(event, of: alarm))
        #expect(try !Self.source([["detail": ["alarmName": [["prefix": "plant-"]]]]]).accepts(event, of: alarm))
        #expect(try Self.source([], topic: "arn:aws:sns:us-east-1:111122223333:alarms").accepts(event, of: alarm))
        #expect(try !Self.source([], topic: "arn:aws:sns:us-east-1:111122223333:others").accepts(event, of: alarm))
    }

    @Test("The configured attribute takes the place of clientId, in messages of both services") func attribute() throws
    {
        let attributes: JSON = ["thing": "pump-17", "clientId": "x"]
        let event: JSON = ["detail": ["alarmContributor": ["id": "1", "attributes": attributes]]]
        let notification: JSON = ["AlarmContributorAttributes": attributes]
        let source = try Self.source([], deviceAttribute: "thing")
        #expect(source.prepared(event)["detail"]?["alarmContributor"]?["attributes"]?["clientId"] == "pump-17")
        #expect(source.prepared(event)["detail"]?["alarmContributor"]?["id"] == "1")
        #expect(source.prepared(notification)["AlarmContributorAttributes"]?["clientId"] == "pump-17")
        let other = try Self.source([], deviceAttribute: "absent")
        #expect(other.prepared(notification)["AlarmContributorAttributes"]?["clientId"] == nil)
        for item in [JSON.null, ["detail": 1], "text"] { #expect(source.prepared(item) == item) }
        #expect(try Self.source([]).prepared(event) == event)
    }
}

import JSON
import Testing

@testable import SourceMapping

/// The examples of the Amazon EventBridge User Guide ("Event patterns", "Comparison operators", "Event pattern
/// examples"), with our own names and values.
@Suite struct EventPatternExampleTests {
    /// An event as EventBridge delivers it.
    private func event(_ detail: String, source: String = "aws.ec2") throws -> JSON {
        try JSON(
            parsing: """
                {"version": "0", "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718", "source": "\(source)",
                 "detail-type": "EC2 Instance State-change Notification", "account": "111122223333",
                 "time": "2026-12-22T18:43:48Z", "region": "eu-central-1",
                 "resources": ["arn:aws:ec2:eu-central-1:111122223333:instance/i-1234567890abcdef0"],
                 "detail": \(detail)}
                """)
    }

    private func matches(_ pattern: String, _ event: JSON) throws -> Bool {
        try EventPattern(JSON(parsing: pattern)).matches(event)
    }

    @Test("Source, type and a field of the detail; other fields are ignored")
    func basics() throws {
        let pattern = """
            {"source": ["aws.ec2", "aws.fargate"], "detail-type": ["EC2 Instance State-change Notification"],
             "detail": {"state": ["terminated"]}}
            """
        #expect(try matches(pattern, event(#"{"state": "terminated", "instance-id": "i-1"}"#)))
        #expect(try !matches(pattern, event(#"{"state": "running"}"#)))
        #expect(try !matches(pattern, event(#"{"state": "terminated"}"#, source: "aws.s3")))
        #expect(try !matches(pattern, event(#""terminated""#)))
    }

    @Test("The list of the event's resources has one of the pattern's")
    func resources() throws {
        let pattern = #"{"resources": [{"suffix": "/i-1234567890abcdef0"}, "arn:aws:ec2:us-east-1::image/ami-1"]}"#
        #expect(try matches(pattern, event("{}")))
        #expect(try !matches(#"{"resources": ["i-1234567890abcdef0"]}"#, event("{}")))
    }

    @Test("All operators together")
    func combined() throws {
        let pattern = """
            {"time": [{"prefix": "2026-12-22"}],
             "detail": {"state": [{"anything-but": "initializing"}], "c-count": [{"numeric": [">", 0, "<=", 5]}],
                        "d-count": [{"numeric": ["<", 10]}], "x-limit": [{"anything-but": [100, 200, 300]}],
                        "source-ip": [{"cidr": "10.0.0.0/24"}], "note": [{"exists": false}]}}
            """
        func detail(_ state: String, _ count: String, _ limit: String, _ address: String, _ more: String = "") -> String
        {
            #"{"state":"\#(state)","c-count":\#(count),"d-count":3,"x-limit":\#(limit),"source-ip":"\#(address)"\#(more)}"#
        }
        #expect(try matches(pattern, event(detail("running", "5", "301.8", "10.0.0.33"))))
        #expect(try !matches(pattern, event(detail("initializing", "5", "301.8", "10.0.0.33"))))
        #expect(try !matches(pattern, event(detail("running", "0", "301.8", "10.0.0.33"))))
        #expect(try !matches(pattern, event(detail("running", "5", "200.0", "10.0.0.33"))))
        #expect(try !matches(pattern, event(detail("running", "5", "301.8", "10.0.1.33"))))
        #expect(try !matches(pattern, event(detail("running", "5", "301.8", "10.0.0.33", #","note":null"#))))
    }

    @Test("Null and the empty string are values, and differ")
    func emptyAndNull() throws {
        let (empty, null) = (try event(#"{"stateReason": ""}"#), try event(#"{"stateReason": null}"#))
        #expect(try matches(#"{"detail": {"stateReason": [""]}}"#, empty))
        #expect(try matches(#"{"detail": {"stateReason": [null]}}"#, null))
        #expect(try !matches(#"{"detail": {"stateReason": [""]}}"#, null))
        #expect(try !matches(#"{"detail": {"stateReason": [null]}}"#, empty))
        #expect(try !matches(#"{"detail": {"stateReason": [null]}}"#, event("{}")))
    }

    @Test("Ignoring case: service names and file names")
    func ignoringCase() throws {
        let service = try event(#"{"service": "EventBridge", "FileName": "Report.PNG"}"#)
        #expect(try matches(#"{"detail": {"service": [{"prefix": {"equals-ignore-case": "eventb"}}]}}"#, service))
        #expect(try matches(#"{"detail": {"service": [{"suffix": {"equals-ignore-case": "tBRIDGE"}}]}}"#, service))
        #expect(try matches(#"{"detail": {"service": [{"equals-ignore-case": "eventbridge"}]}}"#, service))
        #expect(try !matches(#"{"detail": {"FileName": [{"suffix": ".png"}]}}"#, service))
    }

    @Test("Wildcards: a file type within a folder, and outside of one")
    func wildcards() throws {
        let inside = try event(#"{"EventBusArn": "arn:aws:events:eu-west-1:1:event-bus/plant/line.png"}"#)
        #expect(try matches(#"{"detail": {"EventBusArn": [{"wildcard": "*:event-bus/plant/*.png"}]}}"#, inside))
        #expect(try !matches(#"{"detail": {"EventBusArn": [{"anything-but": {"wildcard": "*/plant/*"}}]}}"#, inside))
    }

    @Test("$or across fields: a metric by name, or by type and namespace, or by scope")
    func alternatives() throws {
        let pattern = """
            {"source": ["aws.cloudwatch"],
             "detail": {"$or": [{"metricName": ["CPUUtilization", "ReadLatency"]},
                                {"metricType": ["MetricType"], "namespace": ["AWS/EC2", "AWS/ES"]},
                                {"scope": ["Service"]}]}}
            """
        for (detail, expected) in [
            (#"{"metricName": "ReadLatency"}"#, true), (#"{"metricType": "MetricType", "namespace": "AWS/ES"}"#, true),
            (#"{"metricType": "MetricType"}"#, false), (#"{"scope": "Service"}"#, true), ("{}", false),
        ] {
            #expect(try matches(pattern, event(detail, source: "aws.cloudwatch")) == expected, "\(detail)")
            #expect(try !matches(pattern, event(detail)), "\(detail)")
        }
    }

    @Test("EventBridge counts the combinations of $or; more than 1,000 are rejected")
    func combinations() {
        let field: (Int) -> JSON = { .object([UTF8Text("f\($0)"): [1]]) }
        let list: (Int) -> JSON = { ["$or": .array((0..<$0).map(field))] }
        #expect(throws: Never.self) { try EventPattern(["a": list(25), "b": list(40)]) }
        #expect(throws: EventPatternError.self) { try EventPattern(["a": list(25), "b": list(41)]) }
    }

    @Test("Employees of Event Ruler's documentation: first and last name belong to one person")
    func arrayConsistency() throws {
        let event = try JSON(
            parsing: #"{"staff": [[{"first": "Ada", "last": "Berg"}], [{"first": "Eli", "last": "Roth"}]]}"#)
        #expect(try matches(#"{"staff": {"first": ["Eli"]}}"#, event))
        #expect(try matches(#"{"staff": {"first": ["Eli"], "last": ["Roth"]}}"#, event))
        #expect(try !matches(#"{"staff": {"first": ["Ada"], "last": ["Roth"]}}"#, event))
    }

    @Test("The patterns of the design: CloudWatch alarms by name, Nozomi alerts that are closed")
    func mappings() throws {
        let alarm = try event(#"{"alarmName": "iot-connects"}"#, source: "aws.cloudwatch")
        #expect(try matches(#"{"source": ["aws.cloudwatch"], "detail": {"alarmName": [{"prefix": "iot-"}]}}"#, alarm))
        for (status, expected) in [("open", false), ("close", true), ("closed", true)] {
            #expect(try matches(#"{"status": [{"prefix": "close"}]}"#, ["status": .string(status)]) == expected)
        }
        #expect(try matches(#"{"is_security": [false]}"#, ["is_security": false]))
    }
}

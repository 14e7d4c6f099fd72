import AWSCore
import Encoding
import Fixtures
import JSON
import SNS
import SourceMapping
import Store
import TestSupport
import Testing

@testable import Intake

extension MappedSource {
    /// A source whose messages have items at `$.alerts`.
    static func alerts(_ name: String, rate: Int? = nil) throws -> MappedSource {
        let tree: JSON = [
            "each": "$.alerts", "id": ["$.id"], "archivedWhen": ["state": ["ok"]],
            "severity": ["path": "$.severity", "map": ["default": "MEDIUM"]], "title": "{$.title}",
            "description": "{$.title}", "resources": [["type": "Other", "id": "{$.id}"]],
        ]
        var errors = MappingErrors()
        let mapping = Mapping(reading: TreeReader(tree), errors: &errors)
        return MappedSource(
            name: name, mapping: try #require(mapping, "\(errors)"), rateLimit: rate.map { ItemRateLimiter(rate: $0) })
    }
}

@Suite("Topics of mapped sources") struct MappedTopicTests {
    private static let topic = "arn:aws:sns:us-east-1:111122223333:alarms"

    private func body(_ message: String, id: String = "1", topic: String = topic) throws -> [UInt8] {
        try SNSEnvelope("Notification").with("TopicArn", .string(topic)).with("MessageId", .string(id))
            .with("Message", .string(message)).signed().body
    }

    private func stored(_ harness: IntakeHarness) async throws -> [Delivery] {
        try await harness.store.lease(limit: 99, for: .seconds(1), owner: "test", now: now).deliveries.map(\.delivery)
    }

    @Test("A message becomes a delivery of the source for each item; its repetition is a duplicate")
    func items() async throws {
        try await withIntake { harness in
            let sources = [
                (source: try MappedSource.alerts("other"), topics: try TopicPolicy(topics: [])),
                (source: try MappedSource.alerts("plant"), topics: try TopicPolicy(topics: [Self.topic])),
            ]
            let message = try body(#"{"alerts":[{"id":1},{"id":2}]}"#)
            expectAccepted(try await harness.sns(message, sources: sources), .stored)
            expectAccepted(try await harness.sns(message, sources: sources), .duplicate)
            expectAccepted(try await harness.sns(try body(#"{"alerts":[]}"#, id: "2"), sources: sources), .ignored)
            let deliveries = try await stored(harness)
            #expect(deliveries.map(\.id) == ["sns:1", "sns:1:1"])
            #expect(deliveries.allSatisfy { $0.source == "plant" && $0.topic == nil && $0.channel == .sns })
            #expect(deliveries.map { String(decoding: $0.payload, as: UTF8.self) } == [#"{"id":1}"#, #"{"id":2}"#])
        }
    }

    @Test("A message that cannot be split is stored as it is, for a dead letter")
    func unsplittable() async throws {
        try await withIntake { harness in
            let sources = [(source: try MappedSource.alerts("plant"), topics: try TopicPolicy(topics: [Self.topic]))]
            for (id, text) in [("1", "an alarm"), ("2", "{}")] {
                expectAccepted(try await harness.sns(try body(text, id: id), sources: sources), .stored)
            }
            let texts = try await stored(harness).map { String(decoding: $0.payload, as: UTF8.self) }
            #expect(texts == ["an alarm", "{}"])
        }
    }

    @Test("Device Defender's topics come first, others are not allowed, and the source's limits apply")
    func routing() async throws {
        try await withIntake { harness in
            let both = try TopicPolicy(topics: [Self.topic, SNSEnvelope.topic])
            let sources = [(source: try MappedSource.alerts("plant", rate: 1), topics: both)]
            let alerts = JSON.object(["alerts": .array(Array(repeating: ["id": 1], count: 10))]).serialized()
            let text = String(decoding: alerts, as: UTF8.self)
            expectAccepted(try await harness.sns(try body(text, topic: SNSEnvelope.topic), sources: sources), .stored)
            #expect(try await stored(harness).map(\.source) == [nil])
            let elsewhere = try body(text, topic: Self.topic + "s")
            try expectRejection(try await harness.sns(elsewhere, sources: sources), 403, "topic_not_allowed")
            let message = try body(text, id: "2")
            try expectRejection(try await harness.sns(message, sources: sources, room: 9), 503, "queue_full")
            expectAccepted(try await harness.sns(message, sources: sources), .stored)
            let next = try body(text, id: "3")
            let limited = [(source: try MappedSource.alerts("plant", rate: 1), topics: both)]
            #expect(limited[0].source.allows(10))
            try expectRejection(try await harness.sns(next, sources: limited), 503, "rate_limited")
        }
    }
}

@Suite("Events of mapped sources") struct MappedEventTests {
    private static func event(
        _ name: String, id: String = "e1", region: String = "us-east-1", alerts: JSON = [["id": 1], ["id": 2]]
    ) -> JSON {
        [
            "id": .string(id), "source": "plant", "detail-type": .string(name), "account": "111122223333",
            "region": .string(region), "time": "2026-11-22T10:00:00Z", "alerts": alerts, "detail": ["a": 1],
        ]
    }

    private static func read(_ json: JSON) throws -> PostedEvents {
        let served: Set = [try accountRegion()]
        let other = try #require(AccountID("444455556666"))
        func source(_ name: String, _ pattern: JSON, _ accounts: EventSource.Accounts) throws -> EventSource {
            EventSource(source: try .alerts(name), patterns: [try EventPattern(pattern)], accounts: accounts)
        }
        let sources = [
            try source("first", ["detail-type": ["one"]], .accountRegions(served)),
            try source("foreign", ["source": ["plant"]], .accounts([other])),
            try source("second", ["source": ["plant", "aws.iot"]], .accountRegions(served)),
        ]
        return try PostedEvents(
            json, body: json.serialized(), PostedEvents.Routing(served: served, sources: sources), now: now)
    }

    @Test(
        "An event belongs to the first source with a matching pattern that accepts its account, with each of its items")
    func sources() throws {
        let events = try Self.read([Self.event("one"), Self.event("two", id: "e2", alerts: [5])])
        #expect(events.deliveries.map(\.id) == ["eventbridge:e1", "eventbridge:e1:1", "eventbridge:e2"])
        #expect(events.deliveries.map(\.source) == ["first", "first", "second"])
        #expect(events.eventIDs == ["e1", "e1", "e2"])
        #expect(events.itemCounts.map(\.count) == [2, 1])
        let alone = try Self.read(Self.event("one"))
        #expect(alone.deliveries.map(\.id) == ["eventbridge:e1", "eventbridge:e1:1"])
    }

    @Test("Device Defender's events come first")
    func deviceDefender() throws {
        let call = Messages.event("CancelAuditTask", ["taskId": "t1"], id: "e1")
        #expect(try Self.read(call).deliveries.map(\.source) == [nil])
        let malformed = Messages.event("CancelAuditTask", [:], id: "e1")
        #expect(try Self.read([call, malformed]).deliveries.map(\.source) == [nil, nil])
        // A call that changes no finding can be a source's.
        #expect(try Self.read(Messages.event("CreateThing", [:])).deliveries.map(\.source) == ["second"])
    }

    @Test("Events without a source are ignored by type; those of other accounts are not served")
    func others() throws {
        func type(_ name: String) throws -> JSON {
            var members = try #require(Self.event(name).object)
            members["source"] = "else"
            return .object(members)
        }
        let ignored = try Self.read([try type("three"), try type("four"), Self.event("two", alerts: [])])
        #expect(ignored.deliveries.isEmpty && ignored.ignored == ["three", "four", "two"])
        let mixed = try Self.read([Self.event("two", region: "eu-west-1"), Self.event("one")])
        #expect(mixed.notServed == 1 && mixed.deliveries.count == 2)
        #expect(throws: PostedEventsError.notServed) { try Self.read(Self.event("two", region: "eu-west-1")) }
        var unstated = try #require(Self.event("two").object)
        unstated["account"] = nil
        unstated["detail"] = ["recipientAccountId": "111122223333"]
        #expect(throws: PostedEventsError.notServed) { try Self.read(.object(unstated)) }
        let many = Self.event("one", alerts: .array(Array(repeating: 1, count: 600)))
        #expect(throws: PostedEventsError.tooManyItems) { try Self.read([many, many]) }
    }
}

import AWSCore
import Encoding
import Fixtures
import JSON
import Store
import TestSupport
import Testing

@testable import Intake
@testable import Planning

@Suite struct PostedEventsTests {
    private static func event(_ id: String, region: String = "us-east-1") -> JSON {
        Messages.event("CancelAuditTask", ["taskId": "t1"], id: id, region: region)
    }

    private static func broken(_ id: String, region: String = "us-east-1") -> JSON {
        Messages.event("CancelAuditTask", [:], id: id, region: region)
    }

    private static func read(_ json: JSON) throws -> PostedEvents {
        try PostedEvents(
            json, body: json.serialized(),
            PostedEvents.Routing(served: [try accountRegion(), try accountRegion("eu-west-1")], sources: []), now: now)
    }

    private static func problem(_ json: JSON) throws -> PostedEventsError? {
        let served: Set = [try accountRegion()]
        do throws(PostedEventsError) {
            _ = try PostedEvents(
                json, body: json.serialized(), PostedEvents.Routing(served: served, sources: []), now: now)
            return nil
        } catch { return error }
    }

    @Test("Each event of an array is a delivery with the same id as alone")
    func each() throws {
        let all = try Self.read([Self.event("e1"), Self.event("e2", region: "eu-west-1"), Self.event("e1")])
        #expect(all.deliveries.map(\.id) == ["eventbridge:e1", "eventbridge:e2", "eventbridge:e1"])
        #expect(all.deliveries.map(\.accountRegion.region.name) == ["us-east-1", "eu-west-1", "us-east-1"])
        #expect(all.deliveries[0].payload == Self.event("e1").serialized())
        #expect(try Self.read(Self.event("e1")).deliveries.map(\.id) == ["eventbridge:e1"])
        #expect(try Self.read([]).deliveries.isEmpty)
    }

    @Test("A hundred events are accepted, one more is not")
    func limit() throws {
        #expect(try Self.read(.array((1...100).map { Self.event("e\($0)") })).deliveries.count == 100)
        #expect(try Self.problem(.array((1...101).map { Self.event("e\($0)") })) == .tooMany(101))
    }

    @Test("Events of accounts that are not served are counted, and the request is rejected only if all are")
    func notServed() throws {
        let mixed = try Self.read([
            Self.event("e1", region: "ap-south-1"), Self.event("e2"), Self.event("e3", region: "ap-south-1"),
        ])
        #expect(mixed.deliveries.map(\.id) == ["eventbridge:e2"] && mixed.notServed == 2)
        let ignored = try Self.read([Self.event("e1", region: "ap-south-1"), Messages.event("CreateThing", [:])])
        #expect(
            ignored.deliveries.isEmpty && ignored.ignored == ["AWS API Call via CloudTrail"] && ignored.notServed == 1)
        #expect(
            try Self.problem([Self.event("e1", region: "ap-south-1"), Self.event("e2", region: "sa-east-1")])
                == .notServed)
        #expect(try Self.problem(Self.event("e1", region: "ap-south-1")) == .notServed)
        #expect(
            try Self.problem([Self.event("e1", region: "ap-south-1"), Self.broken("e2", region: "ap-south-1")])
                == .notServed)
    }

    @Test(
        "An unparsable event is stored under its own account and Region, else under those of the first parsable one")
    func unreadable() throws {
        let kept = try Self.read([
            5, Self.broken("b1", region: "eu-west-1"), Self.event("s", region: "ap-south-1"), Self.event("e1"),
            Self.broken("b2", region: "ap-south-1"), Self.event("e2", region: "eu-west-1"), nil,
        ])
        #expect(
            kept.deliveries.map(\.accountRegion.region.name) == [
                "us-east-1", "eu-west-1", "us-east-1", "us-east-1", "eu-west-1", "us-east-1",
            ])
        #expect(kept.deliveries[1].id == "eventbridge:b1" && kept.notServed == 1)
        for delivery in [kept.deliveries[0], kept.deliveries[1], kept.deliveries[3]] {
            #expect(throws: (any Error).self) { try DeliveryCommand(delivery) }
        }
        // Without any parsable event, nothing shows that the request is EventBridge's.
        for json in [[5], [Self.broken("b1")], Self.broken("b1"), [[Self.event("e1")]], 5] as [JSON] {
            guard case .unreadable = try Self.problem(json) else {
                Issue.record("\(json) was read")
                continue
            }
        }
    }

    @Test("An event without a valid id is identified by its content")
    func withoutID() throws {
        let alone = try Self.read(Self.event("")).deliveries[0].id
        #expect(alone.hasPrefix("eventbridge:sha256-") && alone.utf8.count == 83)
        #expect(try Self.read([Self.event("e1"), Self.event("")]).deliveries[1].id == alone)
        let bad = try Self.read(Self.event("a b")).deliveries[0].id
        #expect(bad.hasPrefix("eventbridge:sha256-") && bad != alone)
    }

    @Test("The wrapper of a custom event bus is removed before an event is stored")
    func wrapped() throws {
        let wrapped: JSON = ["Data": Self.event("e1"), "Metadata": [:], "SystemMetadata": ["aws:EventId": "bus-1"]]
        for json in [wrapped, [wrapped]] as [JSON] {
            let delivery = try #require(try Self.read(json).deliveries.first)
            #expect(delivery.id == "eventbridge:e1" && delivery.payload == Self.event("e1").serialized())
            _ = try DeliveryCommand(delivery)
        }
    }

    @Test("An event that was stored under another account and Region is not processed")
    func otherAccountRegion() throws {
        let delivery = Delivery(
            id: "eventbridge:e1", accountRegion: try accountRegion("eu-west-1"), channel: .eventBridge, receivedAt: now,
            payload: Self.event("e1").serialized())
        #expect(throws: (any Error).self) { try DeliveryCommand(delivery) }
    }
}

import AWSCore
import Encoding
import Fixtures
import HTTPServer
import HTTPTypes
import JSON
import SNS
import SQLiteStore
import Store
import TestSupport
import Testing

@testable import Intake

@Suite("EventBridge handler") struct EventBridgeHandlerTests {
    @Test("An event with the API key is stored once, also in an array of one")
    func event() async throws {
        try await withIntake { harness in
            let event = Messages.verification("FALSE_POSITIVE", time: "2026-11-22T10:00:00Z")
            expectAccepted(try await harness.eventBridge(event.serialized()), .stored)
            expectAccepted(try await harness.eventBridge(event.serialized()), .duplicate)
            expectAccepted(try await harness.eventBridge(JSON.array([event]).serialized()), .duplicate)
            let batch = try await harness.store.lease(limit: 9, for: .seconds(1), owner: "test", now: now)
            #expect(batch.deliveries.map(\.delivery.id) == ["eventbridge:e1"])
            #expect(batch.deliveries.map(\.delivery.payload) == [event.serialized()])
        }
    }

    @Test("An array's events are stored together, each once, with the same id alone and in an array")
    func array() async throws {
        try await withIntake { harness in
            func event(_ id: String) -> JSON { Messages.event("CancelAuditTask", ["taskId": "t1"], id: id) }
            expectAccepted(try await harness.eventBridge(event("e2").serialized()), .stored)
            let body = JSON.array([event("e1"), event("e2"), event("e1"), 5]).serialized()
            let first = try await harness.eventBridge([0xEF, 0xBB, 0xBF] + body)
            expectAccepted(first, .stored)
            #expect(first.deliveries?.queued.map(\.isNew) == [true, false, false, true])
            expectAccepted(try await harness.eventBridge(body), .duplicate)
            expectAccepted(try await harness.eventBridge(event("e1").serialized()), .duplicate)
            expectAccepted(try await harness.eventBridge(Array("[]".utf8)), .ignored)
            let batch = try await harness.store.lease(limit: 9, for: .seconds(1), owner: "test", now: now)
            #expect(
                batch.deliveries.map(\.delivery.id).prefix(2) == ["eventbridge:e2", "eventbridge:e1"]
                    && batch.deliveries.count == 3)
            let many = JSON.array((0..<101).map { event("m\($0)") }).serialized()
            try expectRejection(try await harness.eventBridge(many), 413, "too_many_events")
        }
    }

    @Test("An array that exceeds the queue's capacity gets 503 as a whole")
    func arrayWithoutRoom() async throws {
        try await withIntake { harness in
            let body = JSON.array(
                (1...3).map { Messages.event("CancelAuditTask", ["taskId": "t1"], id: "e\($0)") }
            ).serialized()
            try expectRejection(try await harness.eventBridge(body, room: 2), 503, "queue_full")
            #expect(try await harness.store.queueStatus().pending == 0)
            expectAccepted(try await harness.eventBridge(body, room: 3), .stored)
        }
    }

    @Test("Without exactly one valid API key the response is 401 with WWW-Authenticate")
    func unauthorized() async throws {
        try await withIntake { harness in
            let body = Messages.verification("UNKNOWN", time: "2026-11-22T10:00:00Z").serialized()
            for keys in [[], [""], ["the-keys"], ["the-ke"], ["the-key", "the-key"], ["x", "the-key"]] {
                let result = try await harness.eventBridge(body, keys: keys)
                try expectRejection(result, 401, "unauthorized")
                #expect(IntakeResponder.response(to: result).headerFields[.wwwAuthenticate] == "ApiKey")
            }
            try expectRejection(try await harness.eventBridge(body, configured: []), 401, "unauthorized")
            #expect(try await harness.store.queueStatus().pending == 0)
        }
    }

    @Test("A body that is not an event gets 400")
    func malformedEvent() async throws {
        try await withIntake { harness in
            for body in ["", "{", "nul"] {
                try expectRejection(try await harness.eventBridge(Array(body.utf8)), 400, "malformed_json")
            }
            for body in ["{}", "[{},{}]", "5", "[5]", "[[]]", "{\"id\":\"x\",\"detail\":5}"] {
                try expectRejection(try await harness.eventBridge(Array(body.utf8)), 400, "malformed_event")
            }
        }
    }

    @Test("An event of an account or Region without a topic gets 403")
    func foreignEvent() async throws {
        try await withIntake { harness in
            let event = Messages.event("CancelAuditTask", ["taskId": "t1"], region: "eu-west-1")
            try expectRejection(try await harness.eventBridge(event.serialized()), 403, "account_region_not_served")
        }
    }

    @Test("An event that changes nothing gets 200 and is not stored")
    func ignored() async throws {
        try await withIntake { harness in
            for event in [
                Messages.event("CreateThing", [:]), Messages.event("CancelAuditTask", nil, errorCode: "AccessDenied"),
            ] {
                expectAccepted(try await harness.eventBridge(event.serialized()), .ignored)
            }
            #expect(try await harness.store.queueStatus().pending == 0)
        }
    }
}

import AWSCore
import DeviceDefender
import Encoding
import Fixtures
import JSON
import SQLiteStore
import Store
import Synchronization
import TestSupport
import Testing

@testable import Processing
@testable import Telemetry

@Suite struct SuppressionTests {
    private func suppress(
        _ harness: ProcessingHarness, _ call: String = "CreateAuditSuppression", of client: String = "c1",
        at time: String,
        until: String? = nil
    ) async throws {
        let event = Messages.suppression(call, of: client, time: "2026-11-22T\(time)Z", until: until)
        let id = "\(call)\(client)\(time)"
        _ = try await harness.store.append(delivery(id, event, from: .eventBridge, of: accountRegion()))
        try await harness.process(of: accountRegion())
    }

    @Test("A suppression archives only the findings of its resource, and its deletion reactivates them")
    func suppressed() async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("t1", at: now, ["c1", "c1/CODE", "c2"])
            try await suppress(harness, at: "11:00:00")
            #expect(harness.activeClients == ["CODE", "c2"])
            try await suppress(harness, "DeleteAuditSuppression", at: "11:30:00")
            #expect(harness.activeClients == ["c1", "CODE", "c2"])
            #expect(harness.aws.state.withLock { $0.imports.joined().count } == 5)
        }
    }

    @Test("A suppression that arrives after a newer audit changes nothing")
    func late() async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("t1", at: now, ["c1"])
            try await suppress(harness, at: "09:00:00")
            #expect(harness.activeClients == ["c1"])
            #expect(try await harness.store.queueStatus().completed == 2)
        }
    }

    @Test("A suppression applies to a finding that is imported later, until the next audit")
    func early() async throws {
        try await ProcessingHarness.run { harness in
            try await suppress(harness, at: "10:30:00")
            harness.aws.state.withLock { $0.suppressions = [Self.listed("c1")] }
            try await harness.audit("t1", at: now, ["c1", "c2"])
            #expect(harness.activeClients == ["c2"])
            harness.aws.state.withLock { $0.suppressions = [] }
            harness.time.advance(by: .seconds(2 * 3600))
            try await harness.audit("t2", at: now + 3_600_000, ["c1", "c2"])
            #expect(harness.activeClients == ["c1", "c2"])
        }
    }

    @Test("A suppression expires on time, once, without an event")
    func expiry() async throws {
        try await ProcessingHarness.run { harness in
            let schedule = harness.scheduler()
            try await harness.audit("t1", at: now, ["c1"])
            try await suppress(harness, at: "10:00:01", until: "2026-11-22T10:10:00Z")
            #expect(harness.activeClients == [])
            try await schedule.scheduleEndedSuppressions()
            try await harness.process(of: accountRegion())
            #expect(harness.activeClients == [])
            harness.time.advance(by: .seconds(600))
            try await schedule.scheduleEndedSuppressions()
            try await schedule.scheduleEndedSuppressions()
            try await harness.process(of: accountRegion())
            #expect(harness.activeClients == ["c1"])
            #expect(try await harness.store.dueDispositions(by: .latest, limit: 10).isEmpty)
            #expect(try await harness.store.queueStatus().completed == 3)
        }
    }

    @Test("A changed end of a suppression replaces the old one, and a changed description keeps it")
    func moved() async throws {
        try await ProcessingHarness.run { harness in
            let schedule = harness.scheduler()
            try await harness.audit("t1", at: now, ["c1"])
            try await suppress(harness, at: "10:00:01", until: "2026-11-22T10:10:00Z")
            try await suppress(harness, "UpdateAuditSuppression", at: "10:00:02", until: "2026-11-22T10:20:00Z")
            let update = Messages.event(
                "UpdateAuditSuppression",
                [
                    "checkName": .string(Messages.clientIDs), "resourceIdentifier": ["clientId": "c1"],
                    "description": "another reason",
                ], time: "2026-11-22T10:00:03Z")
            _ = try await harness.store.append(delivery("update", update, from: .eventBridge, of: accountRegion()))
            try await harness.process(of: accountRegion())
            for (seconds, active) in [(600, []), (600, ["c1"])] as [(Int, Set<String>)] {
                harness.time.advance(by: .seconds(seconds))
                try await schedule.scheduleEndedSuppressions()
                try await harness.process(of: accountRegion())
                #expect(harness.activeClients == active)
            }
        }
    }

    private static func listed(_ client: String, until: Timestamp? = nil) -> JSON {
        var members: JSON.Members = [
            "checkName": .string(Messages.clientIDs), "resourceIdentifier": ["clientId": .string(client)],
            "suppressIndefinitely": .bool(until == nil),
        ]
        members["expirationDate"] = until.map { Messages.seconds($0) }
        return .object(members)
    }

    @Test("An audit applies suppressions without events, their ends, and their deletions")
    func list() async throws {
        try await ProcessingHarness.run { harness in
            let schedule = harness.scheduler()
            harness.time.advance(by: .seconds(300))
            harness.aws.state.withLock {
                $0.suppressions = [Self.listed("c1", until: now + 900_000), Self.listed("c2"), Self.listed("c9")]
            }
            try await harness.audit("t1", at: now, ["c1", "c2", "c3"], suppressed: ["c1", "c2"])
            #expect(harness.activeClients == ["c3"])
            harness.time.advance(by: .seconds(600))
            try await schedule.scheduleEndedSuppressions()
            try await harness.process(of: accountRegion())
            #expect(harness.activeClients == ["c1", "c3"])
            harness.aws.state.withLock { $0.suppressions = [] }
            try await harness.audit("t2", at: now + 1000, ["c1", "c2", "c3"], suppressed: ["c2"])
            #expect(harness.activeClients == ["c1", "c2", "c3"])
        }
    }

    @Test("An event of the last minute wins over a list without it")
    func listOfBefore() async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("t1", at: now - 600_000, ["c1"])
            try await suppress(harness, at: "09:59:30")
            try await harness.audit("t2", at: now - 300_000, ["c1"])
            #expect(harness.activeClients == [])
        }
    }

    @Test("If suppressions cannot be listed or parsed, audits are imported and no suppression ends")
    func unlistable() async throws {
        try await ProcessingHarness.run { harness in
            try await suppress(harness, at: "09:00:00")
            harness.aws.state.withLock { state in
                state.fault = { path, _ in
                    path.hasSuffix("/audit/suppressions/list") ? .status(403, code: "AccessDeniedException") : nil
                }
            }
            try await harness.audit("t1", at: now - 7_200_000, ["c1", "c2"])
            #expect(harness.activeClients == ["c2"])
            #expect(harness.recorder.count(.suppressionsNotListed) == 1)
            harness.aws.state.withLock {
                $0.fault = { _, _ in nil }
                $0.suppressions = [["checkName": 5]]
            }
            try await harness.audit("t2", at: now - 7_100_000, ["c1", "c2"])
            #expect(harness.activeClients == ["c2"])
            #expect(try await harness.store.queueStatus().completed == 3)
        }
    }
}

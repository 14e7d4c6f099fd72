import AWSCore
import DeviceDefender
import JSON
import Store
import Synchronization
import Testing

@testable import Bridge

@Suite struct SuppressionTests {
    private func say(
        _ shop: ProcessingHarness, _ call: String = "CreateAuditSuppression", of client: String = "c1", at time: String,
        until: String? = nil
    ) async throws {
        let event = Messages.suppression(call, of: client, time: "2026-11-22T\(time)Z", until: until)
        let id = "\(call)\(client)\(time)"
        _ = try await shop.store.append(delivery(id, event, from: .eventBridge, of: accountRegion()))
        try await shop.work(of: accountRegion())
    }

    @Test("A suppression archives the findings of its resource alone, and its deletion brings them back")
    func suppressed() async throws {
        try await ProcessingHarness.run { shop in
            try await shop.audit("t1", at: now, ["c1", "c1/CODE", "c2"])
            try await say(shop, at: "11:00:00")
            #expect(shop.activeClients == ["CODE", "c2"])
            try await say(shop, "DeleteAuditSuppression", at: "11:30:00")
            #expect(shop.activeClients == ["c1", "CODE", "c2"])
            #expect(shop.aws.state.withLock { $0.imports.joined().count } == 5)
        }
    }

    @Test("A suppression that is told of after a newer audit changes nothing")
    func late() async throws {
        try await ProcessingHarness.run { shop in
            try await shop.audit("t1", at: now, ["c1"])
            try await say(shop, at: "09:00:00")
            #expect(shop.activeClients == ["c1"])
            #expect(try await shop.store.status().completed == 2)
        }
    }

    @Test("A suppression waits for a finding that its audit has not brought yet, and the next audit is right again")
    func early() async throws {
        try await ProcessingHarness.run { shop in
            try await say(shop, at: "10:30:00")
            shop.aws.state.withLock { $0.suppressions = [Self.listed("c1")] }
            try await shop.audit("t1", at: now, ["c1", "c2"])
            #expect(shop.activeClients == ["c2"])
            shop.aws.state.withLock { $0.suppressions = [] }
            shop.time.advance(by: .seconds(2 * 3600))
            try await shop.audit("t2", at: now + 3_600_000, ["c1", "c2"])
            #expect(shop.activeClients == ["c1", "c2"])
        }
    }

    @Test("A suppression that ends by itself ends on time, once, without any event")
    func expiry() async throws {
        try await ProcessingHarness.run { shop in
            let schedule = TaskScheduler(context: shop.context, loop: shop.loop)
            try await shop.audit("t1", at: now, ["c1"])
            try await say(shop, at: "10:00:01", until: "2026-11-22T10:10:00Z")
            #expect(shop.activeClients == [])
            try await schedule.lookForSuppressions()
            try await shop.work(of: accountRegion())
            #expect(shop.activeClients == [])
            shop.time.advance(by: .seconds(600))
            try await schedule.lookForSuppressions()
            try await schedule.lookForSuppressions()
            try await shop.work(of: accountRegion())
            #expect(shop.activeClients == ["c1"])
            #expect(try await shop.store.dueDispositions(by: .max, limit: 10).isEmpty)
            #expect(try await shop.store.status().completed == 3)
        }
    }

    @Test("A suppression whose end was moved does not end at the old time; one whose words changed keeps its end")
    func moved() async throws {
        try await ProcessingHarness.run { shop in
            let schedule = TaskScheduler(context: shop.context, loop: shop.loop)
            try await shop.audit("t1", at: now, ["c1"])
            try await say(shop, at: "10:00:01", until: "2026-11-22T10:10:00Z")
            try await say(shop, "UpdateAuditSuppression", at: "10:00:02", until: "2026-11-22T10:20:00Z")
            let words = Messages.event(
                "UpdateAuditSuppression",
                [
                    "checkName": .string(Messages.clientIDs), "resourceIdentifier": ["clientId": "c1"],
                    "description": "another reason",
                ], time: "2026-11-22T10:00:03Z")
            _ = try await shop.store.append(delivery("words", words, from: .eventBridge, of: accountRegion()))
            try await shop.work(of: accountRegion())
            for (seconds, active) in [(600, []), (600, ["c1"])] as [(Int, Set<String>)] {
                shop.time.advance(by: .seconds(seconds))
                try await schedule.lookForSuppressions()
                try await shop.work(of: accountRegion())
                #expect(shop.activeClients == active)
            }
        }
    }

    private static func listed(_ client: String, until: Int64? = nil) -> JSON {
        var members: JSON.Members = [
            "checkName": .string(Messages.clientIDs), "resourceIdentifier": ["clientId": .string(client)],
            "suppressIndefinitely": .bool(until == nil),
        ]
        members["expirationDate"] = until.map { Messages.seconds($0) }
        return .object(members)
    }

    @Test("An audit learns of suppressions that no event told of, their ends included, and of those that are gone")
    func list() async throws {
        try await ProcessingHarness.run { shop in
            let schedule = TaskScheduler(context: shop.context, loop: shop.loop)
            shop.time.advance(by: .seconds(300))
            shop.aws.state.withLock {
                $0.suppressions = [Self.listed("c1", until: now + 900_000), Self.listed("c2"), Self.listed("c9")]
            }
            try await shop.audit("t1", at: now, ["c1", "c2", "c3"], suppressed: ["c1", "c2"])
            #expect(shop.activeClients == ["c3"])
            shop.time.advance(by: .seconds(600))
            try await schedule.lookForSuppressions()
            try await shop.work(of: accountRegion())
            #expect(shop.activeClients == ["c1", "c3"])
            shop.aws.state.withLock { $0.suppressions = [] }
            try await shop.audit("t2", at: now + 1000, ["c1", "c2", "c3"], suppressed: ["c2"])
            #expect(shop.activeClients == ["c1", "c2", "c3"])
        }
    }

    @Test("An event of the last minute counts more than a list that does not show it yet")
    func listOfBefore() async throws {
        try await ProcessingHarness.run { shop in
            try await shop.audit("t1", at: now - 600_000, ["c1"])
            try await say(shop, at: "09:59:30")
            try await shop.audit("t2", at: now - 300_000, ["c1"])
            #expect(shop.activeClients == [])
        }
    }

    @Test("Without permission to list suppressions, and with one that cannot be read, audits go on and nothing ends")
    func unlistable() async throws {
        try await ProcessingHarness.run { shop in
            try await say(shop, at: "09:00:00")
            shop.aws.state.withLock { state in
                state.fault = { path, _ in
                    path.hasSuffix("/audit/suppressions/list") ? .status(403, code: "AccessDeniedException") : nil
                }
            }
            try await shop.audit("t1", at: now - 7_200_000, ["c1", "c2"])
            #expect(shop.activeClients == ["c2"])
            let warning = "The suppressions could not be listed; the bridge knows of those alone that events tell of."
            #expect(shop.journal.count(warning) == 1)
            shop.aws.state.withLock {
                $0.fault = { _, _ in nil }
                $0.suppressions = [["checkName": 5]]
            }
            try await shop.audit("t2", at: now - 7_100_000, ["c1", "c2"])
            #expect(shop.activeClients == ["c2"])
            #expect(try await shop.store.status().completed == 3)
        }
    }
}

@Suite struct RefreshTests {
    @Test("Findings of all kinds are imported again before Security Hub forgets them, and only those")
    func refresh() async throws {
        try await ProcessingHarness.run { shop in
            let schedule = TaskScheduler(context: shop.context, loop: shop.loop)
            try await shop.store.finishLedger(of: accountRegion(), appliedAudits: [], now: now)
            try await shop.audit("t1", at: now, ["c1", "c2"], suppressed: ["c2"])
            for (id, event) in [("v1", "in-alarm"), ("v2", "alarm-cleared")] {
                _ = try await shop.store.append(delivery(id, Messages.alarm(id, event: event), of: accountRegion()))
            }
            try await shop.work(of: accountRegion())
            #expect(shop.aws.state.withLock { $0.imports.joined().count } == 4)
            for (days, imports) in [(74, 4), (1, 4), (1, 6), (1, 6), (75, 8)] {
                shop.time.advance(by: .seconds(days * 86_400))
                try await schedule.lookForStaleFindings()
                try await schedule.lookForStaleFindings()
                try await shop.work(of: accountRegion())
                #expect(shop.aws.state.withLock { $0.imports.joined().count } == imports)
            }
            #expect(shop.aws.state.withLock { $0.ignored } == 0)
            #expect(try await shop.store.status().activeFindings == 2)
        }
    }
}

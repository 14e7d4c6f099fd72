import AWSCore
import Encoding
import Fixtures
import JSON
import SQLiteStore
import SecurityFindings
import Store
import Synchronization
import TestSupport
import Testing

@testable import Planning
@testable import Processing
@testable import Telemetry

@Suite struct LedgerRebuilderTests {
    private func rebuilder(_ harness: ProcessingHarness) throws -> LedgerRebuilder {
        LedgerRebuilder(
            accountRegion: try accountRegion(), store: harness.store, client: harness.client,
            clock: { [time = harness.time] in time.now })
    }

    @Test("With a rebuilt ledger, nothing is sent again, and findings that are gone are archived")
    func sameAgain() async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("t1", at: now, (0..<150).map { "c\($0)" })
            _ = try await harness.store.append(delivery("a", Messages.alarm(), of: accountRegion()))
            try await harness.process(of: accountRegion())
            try await harness.store.clearLedger(of: accountRegion())
            #expect(try await rebuilder(harness).rebuild() == LedgerRebuilder.Count(restored: 151))
            #expect(try await harness.store.ledgerAccountRegions() == [accountRegion()])
            #expect(try await harness.store.appliedAudits(of: accountRegion())[Messages.clientIDs]?.startTime == now)

            let imports = harness.aws.state.withLock { $0.imports.count }
            try await harness.audit("t0", at: now - 1000, ["gone"])
            _ = try await harness.store.append(delivery("b", Messages.alarm(), of: accountRegion()))
            try await harness.process(of: accountRegion())
            #expect(harness.aws.state.withLock { $0.imports.count } == imports)
            try await harness.audit("t2", at: now + 1000, (1..<150).map { "c\($0)" })
            #expect(harness.aws.state.withLock { $0.imports.last } == [try auditObservation("c0").finding.id])
            #expect(harness.activeClients.count == 150)
        }
    }

    @Test("Findings of mapped sources are restored with group, time and state, also those of sources that were removed")
    func mapped() async throws {
        try await ProcessingHarness.run { harness in
            let source = try MappedSourceFixture()
            try await source.process(
                [source.item(1), source.item(2, ["site": "west"]), source.item(3, ["state": "closed"])], harness)
            let before = try await harness.store.ledgerEntries(ids: [1, 2, 3].map(source.findingID))
            let imports = harness.aws.state.withLock { $0.imports.count }
            harness.time.advance(by: .seconds(600))
            try await harness.store.clearLedger(of: accountRegion())
            let count = try await rebuilder(harness).rebuild()
            #expect(count == LedgerRebuilder.Count(restored: 3))
            let after = try await harness.store.ledgerEntries(ids: [1, 2, 3].map(source.findingID))
            for (id, entry) in after {
                let known = try #require(before[id])
                #expect(entry.group == known.group && entry.subject == known.subject)
                #expect(entry.eventTime == known.eventTime && entry.condition == known.condition)
                #expect(entry.recordState == known.recordState && entry.finding == known.finding)
                #expect(entry.report?.source == "nozomi" && entry.report?.lastReportedAt == harness.time.now)
            }
            // Nothing is sent again, and the group is known.
            try await source.process([source.item(1), source.item(2, ["site": "west"])], harness)
            #expect(harness.aws.state.withLock { $0.imports.count } == imports)
            try await source.process([source.item(9, ["state": "removed"])], harness)
            #expect(try await source.states(harness, [1, 2, 3]) == [.archived, .active, .archived])
        }
    }

    @Test("Findings of AWS's sample are restored, and stale ones are archived by the next audit")
    func sample() async throws {
        try await ProcessingHarness.run { harness in
            for client in ["c1", "stale"] {
                let json = try Messages.sampleFinding(
                    "audits/finding/\(Messages.clientIDs)-\(client)", generator: "g")
                harness.aws.state.withLock { $0.hub[json["Id"]?.string ?? ""] = json }
            }
            let foreign = try Messages.sampleFinding("something/else", generator: "g")
            harness.aws.state.withLock { $0.hub[foreign["Id"]?.string ?? ""] = foreign }
            let count = try await rebuilder(harness).rebuild()
            #expect(count == LedgerRebuilder.Count(restored: 2, unread: 1, firstUnread: foreign["Id"]?.string))
            try await harness.audit("t1", at: now, ["c1", "c2"])
            #expect(harness.activeClients == ["c1", "c2"])
            let created = harness.aws.state.withLock { $0.hub.values.compactMap { $0["CreatedAt"]?.string }.sorted() }
            #expect(created.filter { $0.hasPrefix("2026-10-01") }.count == 3)
            #expect(harness.aws.state.withLock { $0.ignored } == 0)
        }
    }

    @Test("The first delivery of an account and Region waits for its ledger, also while Security Hub fails")
    func first() async throws {
        try await ProcessingHarness.run { harness in
            let json = try Messages.sampleFinding("detect/violation/v1", generator: "Fleet/MessagesSent-High")
            harness.aws.state.withLock { state in
                state.hub[json["Id"]?.string ?? ""] = json
                state.fault = { path, _ in path == "/findings" ? .status(500, code: "InternalException") : nil }
            }
            _ = try await harness.store.append(delivery("1", Messages.alarm(), of: accountRegion()))
            try await withPool(harness) {
                await harness.recorder.wait(for: .ledgerRebuildRetryScheduled, count: 1)
                #expect(harness.aws.state.withLock { $0.imports.isEmpty })
                harness.aws.state.withLock { $0.fault = { _, _ in nil } }
                await harness.recorder.wait(for: .deliveryCompleted, count: 1)
            }
            #expect(
                harness.aws.state.withLock { $0.hub.values.map { $0["CreatedAt"] } } == ["2026-10-01T10:00:00.123Z"])
            #expect(harness.recorder.count(.ledgerRebuilt) == 1)
        }
    }

    @Test("Without permission to read findings, they are still imported")
    func denied() async throws {
        try await ProcessingHarness.run { harness in
            harness.aws.state.withLock { state in
                state.fault = { path, _ in path == "/findings" ? .status(403, code: "AccessDeniedException") : nil }
            }
            _ = try await harness.store.append(delivery("1", Messages.alarm(), of: accountRegion()))
            try await withPool(harness) { await harness.recorder.wait(for: .deliveryCompleted, count: 1) }
            #expect(harness.aws.state.withLock { $0.imports.count } == 1)
            #expect(try await harness.store.ledgerAccountRegions().isEmpty)
        }
    }
}

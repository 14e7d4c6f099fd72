import Encoding
import FoundationEssentials
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

@Suite struct MigrationTests {
    @Test func anEmptyFileGetsAllSteps() async throws {
        try await withStore { store async throws in
            let steps = try await store.pool.read(Schema.migrator.appliedIdentifiers)
            let all: Set = [
                MigrationStep.queue, MigrationStep.ledger, MigrationStep.probe, MigrationStep.subscription,
                MigrationStep.catchUp,
                MigrationStep.pause, MigrationStep.status, MigrationStep.clock, MigrationStep.deadLetter,
                MigrationStep.completion, MigrationStep.findings, MigrationStep.movedLedger,
                Schema.countingStep, MigrationStep.outage, MigrationStep.findingSources, MigrationStep.history,
            ]
            #expect(steps == all)
            let id = try await store.pool.read { try Int64.fetchOne($0, sql: "PRAGMA application_id") }
            #expect(id == Schema.applicationID)
        }
    }

    @Test func aStoreWhoseServerWasKilledBeforeItsFirstMigrationOpens() async throws {
        let folder = try TemporaryFolder()
        let begun = try DatabasePool(path: folder.file)
        // The state that GRDB commits before the first step.
        var migrator = DatabaseMigrator()
        migrator.registerMigration("an empty step") { _ in }
        try migrator.migrate(begun)
        try await begun.write { try $0.execute(sql: "DELETE FROM grdb_migrations") }
        try begun.close()

        let store = try await SQLiteStore(path: folder.file)
        try await store.checkWritable()
        await store.close()
    }

    @Test func anOlderStoreKeepsItsDeliveriesAndGetsTheMissingSteps() async throws {
        let folder = try TemporaryFolder()
        let old = try DatabasePool(path: folder.file)
        try Schema.migrator.migrate(old, upTo: MigrationStep.queue)
        try await old.write { db in
            let insert = """
                INSERT INTO delivery (id, origin, source, received_at, state, ready_at) VALUES (?, ?, ?, 0, 'pending', 0)
                """
            try db.execute(sql: insert, arguments: ["sns:1", accountRegions[0].stored, "sns"])
            try db.execute(sql: SQLiteQueueSQL.insertPayload, arguments: [1, Data("x".utf8)])
        }
        try old.close()

        for access in [StoreAccess.maintenance, .readOnly] {
            let code = await failure { _ = try await SQLiteStore(path: folder.file, access: access) }
            #expect(code == .outdated)
        }
        let store = try await SQLiteStore(path: folder.file)
        let taken = try #require(try await store.leaseBatch(now: 0).first)
        #expect(taken.delivery == delivery(1, payload: Array("x".utf8)))
        try await store.complete(taken.lease, recording: [entry("a")], now: 1)
        try await store.checkWritable()
        await store.close()
    }

    /// Fills the former table: findings of all kinds and states, some without severity, and damaged ones.
    private func fillFormerLedger(_ db: Database, findings: Int = 3000) throws -> [LedgerEntry] {
        let insert = "INSERT INTO ledger (\(FormerLedger.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        var entries: [LedgerEntry] = []
        for number in 0..<findings {
            let severity: LedgerEntry.Severity? = number % 3 == 0 ? nil : .high
            let label = number % 6 == 0 ? #"{"Severity":{"Label":"LOW","Original":"LOW"}}"# : "{}"
            let made = entry(
                "finding-\(number)", of: accountRegions[number % 2], kind: LedgerEntry.Kind.allCases[number % 3],
                group: "group-\(number % 5)", subject: "subject-\(number % 700)",
                updatedAt: Timestamp(milliseconds: Int64(number)),
                condition: LedgerEntry.Condition.allCases[number / 2 % 3],
                recordState: LedgerEntry.RecordState.allCases[number / 3 % 2],
                severity: severity ?? (number % 6 == 0 ? .low : nil), finding: Array(label.utf8),
                isSent: number % 4 != 0)
            entries.append(made)
            try db.execute(
                sql: insert,
                arguments: [
                    made.id, made.accountRegion.stored, made.kind.rawValue, made.group, made.subject,
                    made.createdAt.milliseconds, made.updatedAt.milliseconds, made.eventTime.milliseconds,
                    made.firstObservedAt.milliseconds, made.lastObservedAt.milliseconds, made.condition.rawValue,
                    made.recordState.rawValue, severity?.rawValue, Data(made.finding), made.isSent,
                ])
        }
        try db.execute(sql: "UPDATE ledger SET kind = 'rumor' WHERE id = 'finding-7'")
        try db.execute(sql: "UPDATE ledger SET origin = 'nowhere' WHERE id = 'finding-1500'")
        return entries.filter { !["finding-7", "finding-1500"].contains($0.id) }
    }

    @Test func findingsOfAnOlderStoreAreMoved() async throws {
        let folder = try TemporaryFolder()
        let old = try DatabasePool(path: folder.file)
        try Schema.migrator.migrate(old, upTo: MigrationStep.completion)
        let expected = try await old.write { try fillFormerLedger($0) }
        try old.close()

        let events = Mutex<[StoreEvent]>([])
        let store = try await SQLiteStore(path: folder.file, report: { event in events.withLock { $0.append(event) } })
        #expect(events.withLock(\.self).first == .migrated(findings: 3000, total: 3000))
        let found = try await store.ledgerEntries(ids: (0..<3000).map { "finding-\($0)" })
        #expect(found == Dictionary(expected.map { ($0.id, $0) }) { first, _ in first })
        #expect(try await store.verify() == [])
        await store.close()
        let again = try await SQLiteStore(path: folder.file)
        #expect(try await again.ledgerEntries(ids: ["finding-0"]).count == 1)
        await again.close()
    }

    @Test func anInterruptedMoveContinues() async throws {
        let folder = try TemporaryFolder()
        let old = try DatabasePool(path: folder.file)
        try Schema.migrator.migrate(old, upTo: MigrationStep.findings)
        let expected = try await old.write { try fillFormerLedger($0) }
        // As if the server had been killed after the first batch.
        #expect(try await old.write { try LedgerMigration.moveBatch($0)?.count } == FormerLedger.batchSize)
        let moved = try await old.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM finding") }
        #expect(moved == FormerLedger.batchSize - 1)
        try old.close()

        for access in [StoreAccess.maintenance, .readOnly] {
            let code = await failure { _ = try await SQLiteStore(path: folder.file, access: access) }
            #expect(code == .outdated)
        }
        let store = try await SQLiteStore(path: folder.file)
        let found = try await store.ledgerEntries(ids: (0..<3000).map { "finding-\($0)" })
        #expect(found == Dictionary(expected.map { ($0.id, $0) }) { first, _ in first })
        #expect(try await store.verify() == [])
        await store.close()
    }

    @Test func aStoreThatCountsByTriggersIsCountedAnew() async throws {
        let folder = try TemporaryFolder()
        let old = try DatabasePool(path: folder.file)
        try Schema.migrator.migrate(old, upTo: MigrationStep.findings)
        let expected = try await old.write { try fillFormerLedger($0) }
        while try await old.write({ try LedgerMigration.moveBatch($0) }) != nil {}
        try Schema.migrator.migrate(old, upTo: MigrationStep.movedLedger)
        try old.close()

        let store = try await SQLiteStore(path: folder.file)
        #expect(try await store.verify() == [])
        let counts = try await store.ledgerCounts()
        #expect(counts.active + counts.archived + counts.unsent == expected.count)
        await store.close()
    }

    @Test func aStoreOfANewerVersionIsRejected() async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore(path: folder.file)
        try await store.run("INSERT INTO grdb_migrations VALUES ('a step of the future')")
        await store.close()
        for access in [StoreAccess.serving, .maintenance, .readOnly] {
            let code = await failure { _ = try await SQLiteStore(path: folder.file, access: access) }
            #expect(code == .unsupported)
        }
    }
}

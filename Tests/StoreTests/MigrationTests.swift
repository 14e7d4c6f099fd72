import FoundationEssentials
import GRDB
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
                MigrationStep.completion,
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

    @Test func findingsOfAnOlderStoreAreCountedAndGetTheirSeverities() async throws {
        let folder = try TemporaryFolder()
        let old = try DatabasePool(path: folder.file)
        try Schema.migrator.migrate(old, upTo: MigrationStep.pause)
        let insert = """
            INSERT INTO ledger VALUES (?, ?, 'audit', 'G', 'S', 1, 2, 3, 4, 5, 'present', ?, x'7B7D', 1)
            """
        try await old.write { db in
            for id in ["a", "b", "c"] {
                try db.execute(sql: insert, arguments: [id, accountRegions[0].stored, "active"])
            }
            try db.execute(sql: insert, arguments: ["d", accountRegions[0].stored, "archived"])
        }
        try old.close()

        let store = try await SQLiteStore(path: folder.file)
        #expect(
            try await store.openFindings() == [OpenFindings(accountRegion: accountRegions[0], severity: nil, count: 3)])
        #expect(Set(try await store.unlabeledLedgerEntries(limit: 1000).map(\.id)) == ["a", "b", "c"])
        try await store.label(["a": .critical, "b": .low])
        #expect(try await store.unlabeledLedgerEntries(limit: 1000).map(\.id) == ["c"])
        #expect(try await store.verify() == [])
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

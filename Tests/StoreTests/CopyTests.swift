import Encoding
import FoundationEssentials
import GRDB
import Glibc
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

/// Copies between the engines.
@Suite(.enabled(if: PostgreSQLCluster.isInstalled, "install the package postgresql"), .timeLimit(.minutes(15)))
struct CopyTests {
    // MARK: Equality

    @Test("A store that is copied to PostgreSQL and back, with kills in between, has the same rows") func roundTrip()
        async throws
    {
        let folder = try TemporaryFolder()
        let original = try await filledFile(in: folder)
        let back = folder.path("back.db")
        try await withDatabase { url in
            for number in [1, 6, 9, 12, 20, 40] {
                await #expect(processExitsWith: .signal(SIGKILL)) {
                    [original = original as String, url = url as String, number = number as Int] in
                    try await CopyTests.toPostgreSQL(original, url, report: CopyTests.killing(at: number))
                }
            }
            #expect(
                await failure { _ = try await PostgreSQLStore(address: PostgreSQLAddress(url: url)) } == .unsupported)
            try await Self.toPostgreSQL(original, url)
            try await withStore(url) { store async throws in #expect(try await store.verify() == []) }

            for number in [1, 10, 30] {
                await #expect(processExitsWith: .signal(SIGKILL)) {
                    [back = back as String, url = url as String, number = number as Int] in
                    try await CopyTests.toSQLite(url, back, report: CopyTests.killing(at: number))
                }
                for access in [StoreAccess.serving, .readOnly] {
                    #expect(await failure { _ = try await SQLiteStore(path: back, access: access) } == .unsupported)
                }
            }
            try await Self.toSQLite(url, back)
        }
        let (expected, found) = (try rows(of: original), try rows(of: back))
        #expect(Set(expected.keys) == Set(found.keys))
        for (table, rows) in expected { #expect(found[table] == rows, "\(table)") }
        let store = try await Self.whenUnlocked { () async throws(StoreError) in try await SQLiteStore(path: back) }
        #expect(try await store.verify() == [])
        await store.close()
    }

    @Test("A copy continues after its source was changed") func changedSource() async throws {
        let folder = try TemporaryFolder()
        let original = try await filledFile(in: folder)
        try await withDatabase { url in
            await #expect(processExitsWith: .signal(SIGKILL)) { [original = original as String, url = url as String] in
                try await CopyTests.toPostgreSQL(original, url, report: CopyTests.killing(at: 25))
            }
            let store = try await Self.whenUnlocked { () async throws(StoreError) in
                try await SQLiteStore(path: original)
            }
            try await store.run(
                """
                DELETE FROM finding WHERE number % 100 = 3; UPDATE finding SET updated_at = 77 WHERE number = 5;
                DELETE FROM pause; DELETE FROM dead_letter_load; DELETE FROM dead_letter_share;
                DELETE FROM delivery WHERE state = 'dead'
                """)
            _ = try await store.append(delivery(9000))
            await store.close()
            try await Self.toPostgreSQL(original, url)
            try await withStore(url) { store in
                #expect(try await store.pauses() == [])
                #expect(try await store.append(delivery(9000)) == .duplicate)
                #expect(try await store.verify() == [])
                let loads = try await store.work.use(within: .seconds(10), repeats: true) { connection, _ in
                    try await connection.run("SELECT count(*) AS count FROM dead_letter_load").rows.first?.count(
                        "count")
                }
                #expect(loads == 4, "the rows that are locked remain")
            }
        }
    }

    @Test("Numbers of deleted rows are not given again after a copy") func numbers() async throws {
        let folder = try TemporaryFolder()
        let original = try await filledFile(in: folder)
        try await withDatabase { url in
            try await Self.toPostgreSQL(original, url)
            try await withStore(url) { store in
                try await store.restore([entry("new")], [])
                let row = try #require(try await store.ledgerRows(ids: ["new"])["new"])
                #expect(row.number > 2500)
            }
        }
    }

    // MARK: The tables

    @Test("Both engines describe the same tables, and these are all") func tables() async throws {
        let folder = try TemporaryFolder()
        let sqlite = try await SQLiteTables.target(folder.file)
        let names = sqlite.tables.map(\.name)
        await sqlite.close()
        #expect(names == names.sorted())
        let queue = try DatabaseQueue(path: folder.file)
        try await queue.read { db in
            let tables = try IntegrityCheck.tables(db).map(\.name)
            #expect(Set(tables) == Set(names + ["payload", "grdb_migrations"]))
            // Rows are copied in the order of the tables.
            for table in tables where table != "payload" {
                for parent in try db.foreignKeys(on: table).map(\.destinationTable) { #expect(parent < table) }
            }
        }
        try queue.close()
        try await withDatabase { url in
            let postgreSQL = try await PostgreSQLTables.target(PostgreSQLAddress(url: url))
            #expect(postgreSQL.tables == sqlite.tables)
            await postgreSQL.close()
            try await withStore(url) { store in
                let tables = try await store.work.use(within: .seconds(10), repeats: true) { connection, _ in
                    try await connection.run(
                        "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = current_schema()"
                    ).rows.map { try $0.text("name") }
                }
                #expect(Set(tables) == Set(names + PostgreSQLSchema.processTables + ["bridge_migration"]))
            }
        }
    }

    @Test("A table that only one engine has prevents a copy") func unknownTable() async throws {
        let folder = try TemporaryFolder()
        let original = try await filledFile(in: folder)
        let queue = try DatabaseQueue(path: original)
        try await queue.write { try $0.execute(sql: "CREATE TABLE later (id INTEGER PRIMARY KEY, name TEXT) STRICT") }
        try queue.close()
        try await withDatabase { url in
            #expect(await failure { try await Self.toPostgreSQL(original, url) } == .defect)
        }
    }

    // MARK: Rejected stores

    @Test("A source that is served, and a target that is served or not empty, are rejected") func rejected()
        async throws
    {
        let folder = try TemporaryFolder()
        let original = try await filledFile(in: folder)
        try await withDatabase { url in
            let bridge = try await Self.whenUnlocked { () async throws(StoreError) in
                try await SQLiteStore(path: original)
            }
            #expect(await failure { _ = try await SQLiteTables.source(original) } == .inUse)
            await bridge.close()
            try await withStore(url) { store in
                // A replica announces itself before it leases.
                _ = try await store.leaseBatch(now: 0)
                #expect(await failure { try await Self.toPostgreSQL(original, url) } == .inUse)
                #expect(await failure { try await Self.toSQLite(url, folder.path("back.db")) } == .inUse)
                try await store.pause(Pause(.all, pausedBy: "me", pausedAt: 1, reason: nil))
            }
            #expect(await failure { try await Self.toPostgreSQL(original, url) } == .invalidPath)
        }
    }

    @Test("No process writes to a source while it is copied") func lockedSource() async throws {
        try await withDatabase { url in
            let address = try PostgreSQLAddress(url: url)
            try await withStore(url) { try await Self.fill($0, deliveries: 20, findings: 20) }
            let source = try await PostgreSQLTables.source(address)
            let bridge = try await PostgreSQLStore(
                address: address, access: .serving, lifetime: .seconds(10), timeout: .seconds(4))
            #expect(await failure { _ = try await bridge.append(delivery(7000)) } == .unavailable)
            #expect(await failure { _ = try await PostgreSQLTables.source(address) } == .inUse)
            await source.close()
            #expect(try await bridge.append(delivery(7000)) == .stored)
            await bridge.close()
        }
    }

    @Test("An unfinished copy of another source is rejected") func otherSource() async throws {
        let folder = try TemporaryFolder()
        let original = try await filledFile(in: folder)
        let other = folder.path("other.db")
        await (try SQLiteStore(path: other)).close()
        try await withDatabase { url in
            await #expect(processExitsWith: .signal(SIGKILL)) { [original = original as String, url = url as String] in
                try await CopyTests.toPostgreSQL(original, url, report: CopyTests.killing(at: 9))
            }
            #expect(await failure { try await Self.toPostgreSQL(other, url) } == .invalidPath)
            #expect(await failure { try await Self.toSQLite(url, folder.path("back.db")) } == .unsupported)
            try await Self.toPostgreSQL(original, url)
        }
    }

    // MARK: Pages

    @Test("A page of large payloads is limited in bytes, and a larger payload is a page of its own") func largeRows()
        async throws
    {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore(path: folder.file)
        let sizes = [TablePage.bytes / 2, TablePage.bytes / 2, 10, TablePage.bytes + 1, 5]
        for (number, size) in sizes.enumerated() {
            _ = try await store.append(delivery(number, payload: [UInt8](repeating: 1, count: size)))
        }
        await store.close()
        func pages(_ source: any TableSource) async throws -> [Int] {
            let table = try #require(source.tables.first { $0.name == "delivery" })
            var (counts, place) = ([Int](), [StoredValue]?.none)
            while case let rows = try await source.page(of: table, in: TableRange(after: place)), let last = rows.last {
                counts.append(rows.count)
                place = table.key(of: last)
            }
            return counts
        }
        try await withDatabase { url in
            let sqlite = try await Self.whenUnlocked { () async throws(StoreError) in
                try await SQLiteTables.source(folder.file)
            }
            #expect(try await pages(sqlite) == [2, 2, 1])
            await sqlite.close()
            try await Self.toPostgreSQL(folder.file, url)
            let postgreSQL = try await PostgreSQLTables.source(PostgreSQLAddress(url: url))
            #expect(try await pages(postgreSQL) == [2, 2, 1])
            await postgreSQL.close()
        }
    }
}

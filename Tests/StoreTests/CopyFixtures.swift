import Encoding
import FoundationEssentials
import GRDB
import Glibc
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

/// Filled stores, and copies of them.
extension CopyTests {
    /// Fills every table of a store.
    static func fill(_ store: any TestedStore, deliveries: Int = 2500, findings: Int = 2500) async throws {
        let origin = accountRegions[0].stored
        _ = try await store.append(
            (0..<deliveries).map {
                delivery($0, of: accountRegions[$0 % 3], payload: [UInt8](repeating: 7, count: $0 % 300))
            })
        let leased = try await store.leaseBatch(20, now: 10)
        try await store.record(
            LedgerUpdate(
                listing: ListingChange(accountRegion: accountRegions[0], taskID: "task"), checkpoint: "page 2"),
            under: leased[0].lease)
        for item in leased[1..<5] { try await store.complete(item.lease, recording: [], now: 20) }
        for item in leased[5..<8] { try await store.deadLetter(item.lease, reason: "ä\u{301} reason", now: 30) }
        let dispositions = (0..<1200).map { disposition("subject ☂ \($0)", dueAt: $0 % 2 == 0 ? 5 : nil) }
        try await store.restore((0..<findings).map(finding), dispositions)
        try await store.record(ClockMark(newest: 40, isConfirmed: true, heldUntil: 50, outageEndedAt: 60))
        try await store.run(
            """
            INSERT INTO audit_coverage (origin, read_from, read_to)
                VALUES ('\(origin)', 1, 2);
            INSERT INTO audit_mark (origin, check_name, start_time, task_id)
                VALUES ('\(origin)', 'A', 1, 't'), ('\(origin)', 'B', 2, 't');
            INSERT INTO catch_up (origin, watermark)
                VALUES ('\(origin)', -5);
            INSERT INTO check_completion (origin, check_name, completed_at, passed_at)
                VALUES ('\(origin)', 'A', 1, NULL);
            INSERT INTO finished_audit (origin, schedule, task_id, start_time, finished_at)
                VALUES ('\(origin)', '', 't', 1, NULL);
            INSERT INTO last_delivery (origin, received_at)
                VALUES ('\(origin)', 9);
            INSERT INTO topic_delivery (topic, received_at)
                VALUES ('arn:aws:sns:us-east-1:111122223333:t', 9);
            INSERT INTO finding_history
                (series, at, critical, high, medium, low, informational, unsent, pending, dead)
                VALUES ('24h', 900000, 1, 2, 3, 4, 5, 6, 7, 8);
            INSERT INTO ledger_origin (origin, completed_at)
                VALUES ('\(origin)', 9);
            INSERT INTO pause (account, paused_by, paused_at, reason)
                VALUES ('*', 'me', 3, NULL);
            INSERT INTO probe (id, writes)
                VALUES (1, 7);
            INSERT INTO subscription (topic, state, message_id, published_at, changed_at)
                VALUES ('arn:aws:sns:us-east-1:111122223333:t', 'confirmed', 'm', 1, 2);
            DELETE FROM finding WHERE number > \(findings - 3);
            """)
    }

    private static func finding(_ number: Int) -> LedgerEntry {
        let digest = number % 2 == 0 ? [UInt8](repeating: UInt8(number % 256), count: 32) : nil
        let finding = Array("{\"number\":\(number)}".utf8)
        return entry(
            "finding-\(number)", of: accountRegions[number % 2], group: "group \(number % 7)",
            severity: number % 4 == 0 ? nil : .high, finding: finding, isSent: number % 3 > 0, digest: digest)
    }

    /// The path of a filled SQLite store.
    func filledFile(in folder: TemporaryFolder) async throws -> String {
        let store = try await SQLiteStore(path: folder.file)
        try await Self.fill(store)
        let empty = try await store.pool.read { db in
            try SQLiteTableSQL.tables(db).filter { try db.row(SQLiteTableSQL.any($0)) == nil }.map(\.name)
        }
        #expect(empty == [], "fill these tables")
        #expect(try await store.verify() == [])
        await store.close()
        return folder.file
    }

    /// Each row of each table of a SQLite file, with the last numbers of rows.
    func rows(of path: String) throws -> [String: [String]] {
        let queue = try DatabaseQueue(path: path)
        defer { try? queue.close() }
        return try queue.read { db in
            let names = try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
            return try Dictionary(
                uniqueKeysWithValues: names.map { name in
                    (name, try Row.fetchAll(db, sql: "SELECT * FROM \(name)").map { "\($0)" }.sorted())
                })
        }
    }

    static func copy(
        _ source: any TableSource, to target: any TableTarget,
        report: @escaping @Sendable (StoreCopy.Progress) -> Void = { _ in }
    ) async throws {
        try await withCleanup {
            _ = try await StoreCopy.run(from: source, to: target, report: report)
        } cleanup: {
            await source.close()
            await target.close()
        }
    }

    /// Opens a store that this process has just closed: a process that another test starts holds its lock for a moment.
    static func whenUnlocked<Opened>(_ open: () async throws(StoreError) -> Opened) async throws -> Opened {
        let opened = try await eventually("the store's lock") { () async throws(StoreError) -> Opened? in
            do throws(StoreError) {
                return try await open()
            } catch  where error.code == .inUse {
                return nil
            }
        } is: {
            $0 != nil
        }
        return try #require(opened)
    }

    static func toPostgreSQL(
        _ path: String, _ url: String, report: @escaping @Sendable (StoreCopy.Progress) -> Void = { _ in }
    ) async throws {
        let source = try await whenUnlocked { () async throws(StoreError) in try await SQLiteTables.source(path) }
        do {
            let target = try await PostgreSQLTables.target(PostgreSQLAddress(url: url))
            try await copy(source, to: target, report: report)
        } catch {
            await source.close()
            throw error
        }
    }

    static func toSQLite(
        _ url: String, _ path: String, report: @escaping @Sendable (StoreCopy.Progress) -> Void = { _ in }
    ) async throws {
        let source = try await PostgreSQLTables.source(PostgreSQLAddress(url: url))
        do {
            let target = try await SQLiteTables.target(path)
            try await copy(source, to: target, report: report)
        } catch {
            await source.close()
            throw error
        }
    }

    /// Kills this process at one of its progress reports.
    static func killing(at number: Int) -> @Sendable (StoreCopy.Progress) -> Void {
        let counter = Counter()
        return { _ in if counter.next() == number { kill(getpid(), SIGKILL) } }
    }
}

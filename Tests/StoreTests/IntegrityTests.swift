import Foundation
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import SQLiteStore
@testable import Store

@Suite("The integrity check of a large file")
struct IntegrityTests {
    /// Creates a store with findings of more than a page each, and closes it.
    private func makeStore(_ folder: TemporaryFolder, findings: Int) async throws {
        let store = try await SQLiteStore(path: folder.file)
        try await store.fill(findings: findings)
        await store.close()
    }

    /// How many bytes the thread that opens a store for serving reads.
    private func bytesReadByOpening(_ path: String) async throws -> Int {
        try await onThread {
            func count() throws -> Int {
                let text = try String(contentsOfFile: "/proc/thread-self/io", encoding: .utf8)
                let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("rchar: ") })
                return try #require(Int(line.dropFirst("rchar: ".count)))
            }
            let before = try count()
            let (pool, lock) = try SQLiteFile.open(path: path, access: .serving, replaceDamaged: nil)
            let after = try count()
            try pool.close()
            withExtendedLifetime(lock) {}
            return after - before
        }
    }

    @Test("opening a file that is three times as large does not read more")
    func openingIsBounded() async throws {
        let (small, large) = (try TemporaryFolder(), try TemporaryFolder())
        try await makeStore(small, findings: 6000)
        try await makeStore(large, findings: 18_000)
        let sizes = try [small, large].map {
            try URL(filePath: $0.file).resourceValues(forKeys: [.fileSizeKey]).fileSize
        }
        try #require(try #require(sizes[0]) > IntegrityCheck.largestAtOpening * 4096)
        try #require(try #require(sizes[1]) > 70 << 20)
        let (few, many) = (try await bytesReadByOpening(small.file), try await bytesReadByOpening(large.file))
        // An additional tree level is an additional page.
        #expect(many < few + 64 * 4096, "\(few) and \(many) bytes")
        #expect(many < 2 << 20, "\(many) bytes")
    }

    /// Overwrites a leaf page of the ledger, in the middle of the file; returns the page's number.
    @discardableResult
    private func damage(_ path: String) async throws -> Int {
        let pool = try DatabaseQueue(path: path)
        let page = try await pool.read { db in
            // Each finding has a page to itself and more in others; the row is found in a page that begins as a leaf
            // does.
            try Int.fetchOne(db, sql: "SELECT page_count / 2 FROM pragma_page_count")
        }
        try pool.close()
        let handle = try FileHandle(forUpdating: URL(filePath: path))
        var number = try #require(page)
        while true {
            try handle.seek(toOffset: UInt64(number) * 4096)
            if try handle.read(upToCount: 1) == Data([0x0D]) { break }
            number += 1
        }
        try handle.seek(toOffset: UInt64(number) * 4096)
        try handle.write(contentsOf: Self.noise)
        try handle.close()
        return number
    }

    private static let noise = Data(repeating: 0xA5, count: 4096)

    /// Whether the overwritten bytes are still there. Opening a file increments a counter in its header in any case.
    private func isNoise(_ page: Int, of path: String) throws -> Bool {
        let handle = try FileHandle(forReadingFrom: URL(filePath: path))
        try handle.seek(toOffset: UInt64(page) * 4096)
        let bytes = try handle.read(upToCount: 4096)
        try handle.close()
        return bytes == Self.noise
    }

    @Test("damage deep in a large file is found during operation, and the next start checks the whole file")
    func damageDeepInside() async throws {
        let folder = try TemporaryFolder()
        try await makeStore(folder, findings: 6000)
        let page = try await damage(folder.file)
        let store = try await SQLiteStore(path: folder.file)
        _ = try await store.append(delivery(1))
        #expect(await failure { try await store.checkIntegrity { _ in } } == .corrupt)
        await store.close()
        for _ in 0..<2 {
            #expect(await failure { await (try SQLiteStore(path: folder.file)).close() } == .corrupt)
        }
        #expect(try isNoise(page, of: folder.file))

        let aside = Mutex<[String]>([])
        let new = try await SQLiteStore(
            path: folder.file, replaceDamaged: { file in aside.withLock { $0.append(file) } })
        #expect(try await new.queueStatus().pending == 0)
        await new.close()
        let again = try await SQLiteStore(path: folder.file)
        await again.close()
        #expect(aside.withLock(\.self).map { URL(filePath: $0).lastPathComponent } == ["store.db.damaged-1"])
        #expect(try isNoise(page, of: folder.file + ".damaged-1"))
    }

    @Test("--replace-damaged-store checks the whole of a large file before it is used")
    func replacingADamagedStoreChecksTheWholeFile() async throws {
        let folder = try TemporaryFolder()
        try await makeStore(folder, findings: 6000)
        try await damage(folder.file)
        let aside = Counter()
        let store = try await SQLiteStore(path: folder.file, replaceDamaged: { _ in _ = aside.next() })
        #expect(aside.next() == 2)
        await store.close()
    }

    @Test("a sound file that replaces a damaged one is opened")
    func restored() async throws {
        let folder = try TemporaryFolder()
        try await makeStore(folder, findings: 6000)
        let copy = folder.path("copy")
        try FileManager.default.copyItem(atPath: folder.file, toPath: copy)
        try await damage(folder.file)
        let store = try await SQLiteStore(path: folder.file)
        #expect(await failure { try await store.checkIntegrity { _ in } } == .corrupt)
        await store.close()
        #expect(rename(copy, folder.file) == 0)
        for _ in 0..<2 {
            let restored = try await SQLiteStore(path: folder.file)
            #expect(try await restored.ledgerCounts().active == 6000)
            await restored.close()
        }
        #expect(!StoreFiles.isMarkedDamaged(folder.file))
    }

    @Test("a sound file is read from the first row to the last, and canceling ends the check")
    func validRows() async throws {
        let folder = try TemporaryFolder()
        try await makeStore(folder, findings: 6000)
        let store = try await SQLiteStore(path: folder.file)
        let steps = Mutex<[IntegrityProgress]>([])
        try await store.checkIntegrity { step in steps.withLock { $0.append(step) } }
        let ledger = steps.withLock(\.self).filter { $0.table == "finding_content" }
        #expect(ledger.count == 12)
        #expect(ledger.last == IntegrityProgress(table: "finding_content", row: 6000, lastRow: 6000))
        steps.withLock { $0 = [] }
        let check = Task {
            try await store.checkIntegrity { step in
                steps.withLock { $0.append(step) }
                withUnsafeCurrentTask { $0?.cancel() }
            }
        }
        try await check.value
        #expect(steps.withLock(\.count) == 1)
        await store.close()
    }
}

extension SQLiteStore {
    /// Adds findings to the ledger that take more than a page each.
    func fill(findings: Int) async throws {
        try await run(
            """
            INSERT INTO account_region (number, name) VALUES (1, '\(accountRegions[0].stored)');
            INSERT INTO finding (id_hash, account_region, finding_group, kind, subject_hash, created_at, updated_at,
                event_time, first_observed_at, last_observed_at, condition, record_state, is_sent, severity)
            WITH RECURSIVE number (value) AS (
                SELECT 1 UNION ALL SELECT value + 1 FROM number WHERE value < \(findings)
            )
            SELECT randomblob(32), 1, 1, 'audit', randomblob(32), 1, 2, 3, 4, 5, 'present', 'active', 1, 'HIGH'
                FROM number;
            INSERT INTO finding_content (number, content) SELECT number, zeroblob(3800) FROM finding;
            INSERT INTO finding_count (account_region, kind, source_name, severity, record_state, is_sent, count)
            VALUES (1, 'audit', '', 'HIGH', 'active', 1, \(findings));
            """)
    }
}

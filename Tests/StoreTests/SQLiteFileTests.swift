import FoundationEssentials
import GRDB
import Glibc
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

@Suite struct SQLiteFileTests {
    private func openFailure(_ path: String, _ access: StoreAccess = .serving) async -> StoreError.Code? {
        await failure {
            let store = try await SQLiteStore(path: path, access: access)
            await store.close()
        }
    }

    private func mode(_ path: String) throws -> mode_t {
        var status = stat()
        try #require(stat(path, &status) == 0)
        return status.st_mode & 0o7777
    }

    @Test func theOpenWriterIsDurableAndChecksForeignKeys() async throws {
        try await withStore { store async throws in
            let pragmas = try await store.pool.writeWithoutTransaction { db in
                try ["synchronous", "journal_mode", "foreign_keys", "auto_vacuum", "busy_timeout"].map { name in
                    try String.fetchOne(db, sql: "PRAGMA \(name)")
                }
            }
            #expect(pragmas == ["2", "wal", "1", "2", "2000"])
        }
    }

    @Test func everyTableIsStrict() async throws {
        try await withStore { store async throws in
            let lax = try await store.pool.read { db in
                try String.fetchAll(
                    db, sql: "SELECT name FROM pragma_table_list WHERE schema = 'main' AND strict = 0 ORDER BY name")
            }
            #expect(lax == ["grdb_migrations", "sqlite_schema", "sqlite_sequence"])
        }
    }

    @Test func theFilesAreAccessibleToTheirOwnerOnly() async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore(path: folder.file)
        _ = try await store.append(delivery(1))
        for suffix in ["", "-wal", "-shm", ".lock"] { #expect(try mode(folder.file + suffix) == 0o600, "\(suffix)") }
        await store.close()
    }

    @Test func acknowledgedDeliveriesAreInACopyOfTheFilesOfAnOpenStore() async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore(path: folder.file)
        let taken = try await store.leaseNew(1)
        try await store.complete(taken.lease, recording: [entry("a")], now: 1)
        for number in 2..<52 { _ = try await store.append(delivery(number)) }
        let copy = try TemporaryFolder()
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: folder.file + suffix, toPath: copy.file + suffix)
        }
        await store.close()
        let reopened = try await SQLiteStore(path: copy.file)
        let status = try await reopened.queueStatus()
        #expect(status.pending == 50)
        #expect(status.completed == 1)
        #expect(try await reopened.ledgerCounts().active == 1)
        #expect(try await reopened.verify() == [])
        await reopened.close()
    }

    @Test func afterClosingTheFileIsComplete() async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore(path: folder.file)
        _ = try await store.append(delivery(1))
        // Opens a reader, which is closed last and cannot checkpoint.
        _ = try await store.queueStatus()
        await store.close()
        let copy = try TemporaryFolder()
        try FileManager.default.copyItem(atPath: folder.file, toPath: copy.file)
        let reopened = try await SQLiteStore(path: copy.file)
        #expect(try await reopened.leaseBatch(now: 0).map(\.delivery) == [delivery(1)])
        await reopened.close()
    }

    @Test func aTornLogTailLosesOnlyUncommittedWrites() async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore(path: folder.file)
        for number in 0..<20 { _ = try await store.append(delivery(number)) }
        let copy = try TemporaryFolder()
        try FileManager.default.copyItem(atPath: folder.file, toPath: copy.file)
        let log = try Data(contentsOf: URL(filePath: folder.file + "-wal"))
        await store.close()
        try Data(log.dropLast(100)).write(to: URL(filePath: copy.file + "-wal"))
        let reopened = try await SQLiteStore(path: copy.file)
        #expect(try await reopened.queueStatus().pending == 19)
        #expect(try await reopened.verify() == [])
        await reopened.close()
    }

    @Test func oneProcessServesAndOthersCanReadAndRepair() async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore(path: folder.file)
        try await store.deadLetter(store.leaseNew(1).lease, reason: "no", now: 1)
        #expect(await openFailure(folder.file) == .inUse)

        let reader = try await SQLiteStore(path: folder.file, access: .readOnly)
        #expect(try await reader.queueStatus().dead == 1)
        #expect(await failure { _ = try await reader.append(delivery(2)) } == .unavailable)
        await reader.close()
        let maintainer = try await SQLiteStore(path: folder.file, access: .maintenance)
        #expect(try await maintainer.requeueDeadLetters(ids: ["sns:1"]) == 1)
        let synchronous = try await maintainer.pool.writeWithoutTransaction {
            try Int.fetchOne($0, sql: "PRAGMA synchronous")
        }
        #expect(synchronous == 2)
        await maintainer.close()
        #expect(try await store.queueStatus().pending == 1)

        await store.close()
        #expect(await openFailure(folder.file) == nil)
    }

    @Test func aProcessThatDoesNotServeCreatesNothing() async throws {
        let folder = try TemporaryFolder()
        #expect(await openFailure(folder.file, .readOnly) == .invalidPath)
        #expect(await openFailure(folder.file, .maintenance) == .invalidPath)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func aPathThatCannotBeAStoreIsRejected() async throws {
        let folder = try TemporaryFolder()
        #expect(await openFailure("") == .invalidPath)
        #expect(await openFailure("a\u{0}b") == .invalidPath)
        let inner = folder.path + "/inner"
        try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: false)
        #expect(await openFailure(inner) == .invalidPath)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["inner"])
        #expect(await openFailure(folder.path + "/missing/store.db") == .invalidPath)
    }

    @Test func aFileThatIsNotADatabaseIsCorruptAndUnchanged() async throws {
        let folder = try TemporaryFolder()
        let garbage = Data((0..<9000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) })
        try garbage.write(to: URL(filePath: folder.file))
        #expect(await openFailure(folder.file) == .corrupt)
        #expect(try Data(contentsOf: URL(filePath: folder.file)) == garbage)
    }

    @Test func aStoreWithADamagedSchemaIsCorruptAndUnchanged() async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore(path: folder.file)
        _ = try await store.append(delivery(1))
        await store.close()
        var bytes = try Data(contentsOf: URL(filePath: folder.file))
        bytes.replaceSubrange(100..<4096, with: [UInt8](repeating: 0xA5, count: 3996))
        try bytes.write(to: URL(filePath: folder.file))
        #expect(await openFailure(folder.file) == .corrupt)
        #expect(try Data(contentsOf: URL(filePath: folder.file)) == bytes)
    }

    @Test func verifyFindsDamageInsideTheFile() async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore(path: folder.file)
        for number in 0..<200 { _ = try await store.append(delivery(number)) }
        #expect(try await store.verify() == [])
        await store.close()
        var bytes = try Data(contentsOf: URL(filePath: folder.file))
        bytes.replaceSubrange(8192..<bytes.count, with: [UInt8](repeating: 0xA5, count: bytes.count - 8192))
        try bytes.write(to: URL(filePath: folder.file))
        let damaged: SQLiteStore
        do {
            damaged = try await SQLiteStore(path: folder.file, access: .readOnly)
        } catch {
            // The damage may be detected immediately.
            #expect(error.code == .corrupt)
            return
        }
        let problems = try await damaged.verify()
        #expect(!problems.isEmpty && problems.count <= 101)
        await damaged.close()
    }

    @Test func anotherApplicationsDatabaseIsRejectedAndUnchanged() async throws {
        let folder = try TemporaryFolder()
        let other = try DatabaseQueue(path: folder.file)
        try await other.write { try $0.execute(sql: "CREATE TABLE theirs (x)") }
        try other.close()
        let bytes = try Data(contentsOf: URL(filePath: folder.file))
        #expect(await openFailure(folder.file) == .invalidPath)
        #expect(try Data(contentsOf: URL(filePath: folder.file)) == bytes)
    }

    @Test func aFullDiskIsUnavailableUntilThereIsSpaceAgain() async throws {
        try await withStore { store async throws in
            let taken = try await store.leaseNew(1)
            try await store.run("PRAGMA max_page_count = 1")
            let large = [UInt8](repeating: 1, count: 500_000)
            #expect(await failure { _ = try await store.append(delivery(2, payload: large)) } == .unavailable)
            let entries = (0..<1000).map { entry("id-\($0)", finding: [UInt8](repeating: 2, count: 1000)) }
            #expect(await failure { try await store.complete(taken.lease, recording: entries, now: 1) } == .unavailable)
            #expect(try await store.queueStatus().leased == 1)
            #expect(try await store.queueStatus().pending == 0)
            try await store.run("PRAGMA max_page_count = 1000000")
            #expect(try await store.append(delivery(2, payload: large)) == .stored)
            try await store.complete(taken.lease, recording: entries, now: 1)
            try await store.checkWritable()
            #expect(try await store.verify() == [])
        }
    }

    @Test func aStoreThatTurnsReadOnlyIsUnavailableUntilItIsWritableAgain() async throws {
        try await withStore { store async throws in
            try await store.run("PRAGMA query_only = 1")
            #expect(await failure { try await store.checkWritable() } == .unavailable)
            #expect(await failure { _ = try await store.append(delivery(1)) } == .unavailable)
            try await store.run("PRAGMA query_only = 0")
            try await store.checkWritable()
            #expect(try await store.append(delivery(1)) == .stored)
        }
    }

    @Test func theReadinessProbeIsACommit() async throws {
        try await withStore { store async throws in
            let before = store.commitCount
            try await store.checkWritable()
            try await store.checkWritable()
            #expect(store.commitCount == before + 2)
            let writes = try await store.pool.read { try Int.fetchOne($0, sql: "SELECT writes FROM probe") }
            #expect(writes == 2)
        }
    }
}

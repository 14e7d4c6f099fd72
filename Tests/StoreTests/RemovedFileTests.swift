import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import SQLiteStore
@testable import Store

@Suite("A file removed or replaced while the store is open")
struct RemovedFileTests {
    private func message(_ body: () async throws(StoreError) -> Void) async -> String? {
        do throws(StoreError) {
            try await body()
            return nil
        } catch {
            return error.code == .unavailable ? error.message : error.description
        }
    }

    @Test("writes to an unlinked file are not acknowledged", arguments: ["", "-wal", "-shm"])
    func removed(suffix: String) async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore(path: folder.file)
        _ = try await store.append(delivery(1))
        // Renamed, so that it can be restored.
        #expect(rename(folder.file + suffix, folder.file + ".aside") == 0)
        let words = await message { () async throws(StoreError) in _ = try await store.append(delivery(2)) }
        #expect(words?.hasPrefix("The store's file was removed or replaced while in use: ") == true)
        #expect(words?.contains(folder.file + suffix + ". Stop the bridge") == true, "\(words ?? "")")
        #expect(await failure { try await store.checkWritable() } == .unavailable)
        #expect(rename(folder.file + ".aside", folder.file + suffix) == 0)
        #expect(try await store.append(delivery(3)) == .stored)
        await store.close()
    }

    @Test("a file that was replaced by a rename is detected")
    func replaced() async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore(path: folder.file)
        _ = try await store.append(delivery(1))
        let other = try await SQLiteStore(path: folder.path("other.db"))
        await other.close()
        #expect(rename(folder.path("other.db"), folder.file) == 0)
        #expect(await failure { _ = try await store.append(delivery(2)) } == .unavailable)
        await store.close()
    }

    @Test("workers are woken when the file is removed, without any delivery")
    func wakes() async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore(path: folder.file)
        let mark = try await store.lease(limit: 1, for: .seconds(1), owner: "test", now: 0).mark
        #expect(unlink(folder.file) == 0)
        await store.waitForWork(after: mark)
        #expect(await failure { try await store.checkWritable() } == .unavailable)
        await store.close()
    }
}

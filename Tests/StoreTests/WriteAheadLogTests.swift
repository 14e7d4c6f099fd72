import Dispatch
import Encoding
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

/// The length of the write-ahead log is limited.
@Suite(.timeLimit(.minutes(15))) struct WriteAheadLogTests {
    private static let limit = 12 << 20
    /// What one transaction may add: its writes, and the pages around them.
    private static let transaction = GroupCommitter.batchSizeLimit + (2 << 20)

    private func withStore(_ body: @Sendable (SQLiteStore) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore(path: folder.file, logLimit: Self.limit)
        try await withCleanup {
            try await body(store)
        } cleanup: {
            await store.close()
        }
    }

    private final class ReaderState: Sendable {
        let isOver = Atomic(false)
        let reads = Atomic(0)
    }

    /// Runs overlapping readers until the body has ended.
    private func whileReadersOverlap(
        in store: SQLiteStore, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let state = ReaderState()
        let work = """
            WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 100000) SELECT COUNT(*) FROM many
            """
        try await withThrowingDiscardingTaskGroup { group in
            for _ in 0..<3 {
                group.addTask {
                    while !state.isOver.load(ordering: .relaxed) {
                        _ = try await store.read { db in
                            // Only a reader that has read something keeps the log.
                            _ = try Row.fetchAll(db, sql: "SELECT COUNT(*) FROM delivery")
                            return try Row.fetchAll(db, sql: work).count
                        }
                        state.reads.add(1, ordering: .relaxed)
                    }
                }
            }
            try await eventually("reads") { state.reads.load(ordering: .relaxed) > 3 }
            defer { state.isOver.store(true, ordering: .relaxed) }
            try await body()
        }
    }

    @Test func overlappingReadersKeepTheLogWithinItsLimit() async throws {
        try await withStore { store in
            try await whileReadersOverlap(in: store) {
                var longest = 0
                for number in 0..<480 {
                    _ = try await store.append(delivery(number, payload: [UInt8](repeating: 7, count: 100_000)))
                    longest = max(longest, try #require(store.log).length)
                }
                // Four times its limit was written, more than the automatic checkpoint threshold.
                #expect(longest >= Self.limit / 2)
                #expect(longest <= Self.limit + Self.transaction, "\(longest)")
            }
            #expect(try await store.queueStatus().pending == 480)
        }
    }

    @Test func aLongReadDoesNotBlockWrites() async throws {
        try await withStore { store in
            let tracker = DispatchSemaphore(value: 0)
            let state = ReaderState()
            async let reading: Void = store.read { db in
                _ = try Row.fetchAll(db, sql: "SELECT COUNT(*) FROM delivery")
                state.reads.add(1, ordering: .relaxed)
                tracker.wait()
            }
            try await eventually("a read") { state.reads.load(ordering: .relaxed) > 0 }
            for number in 0..<135 {
                _ = try await store.append(delivery(number, payload: [UInt8](repeating: 7, count: 100_000)))
            }
            #expect(try #require(store.log).length >= Self.limit)
            // Reads continue after the attempt.
            #expect(try await store.queueStatus().pending == 135)
            tracker.signal()
            try await reading
            for number in 135..<220 {
                _ = try await store.append(delivery(number, payload: [UInt8](repeating: 7, count: 100_000)))
            }
            // Nothing prevents the log from restarting.
            #expect(try #require(store.log).length <= Self.limit + Self.transaction)
        }
    }

    @Test func largeWritesThatWaitDoNotShareOneTransaction() async throws {
        try await withStore { store in
            let tracker = DispatchSemaphore(value: 0)
            store.pool.asyncWriteWithoutTransaction { _ in tracker.wait() }
            let before = store.commitCount
            try await withThrowingDiscardingTaskGroup { group in
                for number in 0..<40 {
                    group.addTask {
                        _ = try await store.append(delivery(number, payload: [UInt8](repeating: 7, count: 1 << 20)))
                    }
                }
                defer { tracker.signal() }
                try await eventually("40 waiting writes") { store.committer.waitingCount >= 40 }
            }
            #expect(store.commitCount == before + 5)
            #expect(try #require(store.log).length <= Self.limit + Self.transaction)
        }
    }
}

@Suite(.timeLimit(.minutes(15))) struct ReadGateTests {
    @Test func aSuspensionDelaysNewUsesUntilItEnds() async throws {
        let tracker = UsageTracker()
        #expect(await tracker.acquireWhenResumed())
        async let held: Void = tracker.suspend(atMost: .seconds(60))
        async let second = tracker.acquireWhenResumed()
        tracker.release()
        await held
        // A use that began before the suspension continues; a later one waits.
        tracker.resume()
        #expect(await second)
        tracker.release()
        #expect(!tracker.isInUse)
    }

    @Test func aSuspensionEndsAfterItsTimeLimit() async {
        let tracker = UsageTracker()
        #expect(await tracker.acquireWhenResumed())
        await tracker.suspend(atMost: .milliseconds(10))
        #expect(tracker.isInUse)
        tracker.resume()
        tracker.release()
        await tracker.close()
        #expect(await !tracker.acquireWhenResumed())
    }
}

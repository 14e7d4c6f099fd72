import Dispatch
import Encoding
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

@Suite struct GroupCommitTests {
    /// Keeps the writing connection busy until the body has put a known number of writes into the queue.
    private func whileWriterIsHeld(
        _ store: SQLiteStore, until waiting: Int, _ body: @escaping @Sendable (Int) async throws -> Void
    ) async throws {
        let gate = DispatchSemaphore(value: 0)
        store.pool.asyncWriteWithoutTransaction { _ in gate.wait() }
        try await withThrowingDiscardingTaskGroup { group in
            for number in 0..<waiting { group.addTask { try await body(number) } }
            defer { gate.signal() }
            try await eventually("\(waiting) writes that wait") { store.committer.waitingCount >= waiting }
        }
    }

    @Test func appendsThatWaitShareOneCommit() async throws {
        try await withStore { store async throws in
            let before = store.commitCount
            try await whileWriterIsHeld(store, until: 500) { number in
                let outcome = try await store.append(delivery(number))
                #expect(outcome == .stored)
            }
            #expect(store.commitCount == before + 1)
            #expect(try await store.queueStatus().pending == 500)
        }
    }

    @Test func eachCommitIsReportedWithItsNumberOfWrites() async throws {
        let folder = try TemporaryFolder()
        let events = Mutex<[StoreEvent]>([])
        let store = try await SQLiteStore(
            path: folder.file, report: { event in events.withLock { $0.append(event) } })
        try await withCleanup {
            let before = events.withLock(\.count)
            try await whileWriterIsHeld(store, until: 30) { number in _ = try await store.append(delivery(number)) }
            let commits = events.withLock { Array($0[before...]) }
            guard case .committed(30, let duration) = commits.first, commits.count == 1 else {
                Issue.record("\(commits)")
                return
            }
            #expect(duration > .zero)
        } cleanup: {
            await store.close()
        }
    }

    @Test func aBatchIsBounded() async throws {
        try await withStore { store async throws in
            let before = store.commitCount
            try await whileWriterIsHeld(store, until: 2001) { number in _ = try await store.append(delivery(number)) }
            #expect(store.commitCount == before + 3)
            #expect(try await store.queueStatus().pending == 2001)
        }
    }

    @Test func theSameIdInOneBatchIsStoredOnce() async throws {
        try await withStore { store async throws in
            let stored = Counter()
            try await whileWriterIsHeld(store, until: 20) { _ in
                if try await store.append(delivery(1)) == .stored { _ = stored.next() }
            }
            #expect(stored.next() == 2)
        }
    }

    @Test func aFailingBatchFailsEachOfItsWaitersAndStoresNothing() async throws {
        try await withStore { store async throws in
            try await store.run(
                """
                CREATE TEMP TRIGGER refuse BEFORE INSERT ON main.delivery WHEN new.id = 'sns:7'
                BEGIN SELECT RAISE(ABORT, 'refused'); END
                """)
            try await whileWriterIsHeld(store, until: 20) { number in
                #expect(await failure { _ = try await store.append(delivery(number)) } == .defect)
            }
            #expect(try await store.queueStatus().pending == 0)
            #expect(try await store.append(delivery(1)) == .stored)
        }
    }

    @Test func aLostLeaseInABatchFailsOnlyItsOwnHolder() async throws {
        try await withStore { store async throws in
            let lost = try await store.leaseNew(1000)
            try await store.complete(lost.lease, recording: [], now: 0)
            try await whileWriterIsHeld(store, until: 20) { number in
                if number == 7 {
                    let code = await failure { try await store.complete(lost.lease, recording: [entry("a")], now: 0) }
                    #expect(code == .leaseLost)
                } else {
                    let outcome = try await store.append(delivery(number))
                    #expect(outcome == .stored)
                }
            }
            #expect(try await store.queueStatus().pending == 19)
            #expect(try await store.ledgerEntries(ids: ["a"]).isEmpty)
        }
    }

    @Test func aCanceledCallerStillGetsTheResult() async throws {
        try await withStore { store async throws in
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await store.append(delivery(1))
            }
            let outcome = try await task.value
            #expect(outcome == .stored)
            #expect(try await store.queueStatus().pending == 1)
        }
    }

    @Test func closingCompletesWaitingWritesAndRejectsNewOnes() async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore(path: folder.file)
        try await whileWriterIsHeld(store, until: 50) { number in
            let outcome = try await store.append(delivery(number))
            #expect(outcome == .stored)
        }
        let gate = DispatchSemaphore(value: 0)
        store.pool.asyncWriteWithoutTransaction { _ in gate.wait() }
        async let waiting = store.append(delivery(100))
        try await eventually("a waiting write") { store.committer.waitingCount >= 1 }
        async let closing: Void = store.close()
        async let closingAgain: Void = store.close()
        try await eventually("new writes to be rejected") { store.committer.isClosed }
        #expect(await failure { _ = try await store.append(delivery(101)) } == .closed)
        gate.signal()
        #expect(try await waiting == .stored)
        await closing
        await closingAgain
        await store.close()
        #expect(await failure { try await store.checkWritable() } == .closed)
        #expect(await failure { _ = try await store.queueStatus() } == .closed)
        let again = try await SQLiteStore(path: folder.file)
        #expect(try await again.queueStatus().pending == 51)
        await again.close()
    }
}

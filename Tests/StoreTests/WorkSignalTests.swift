import Encoding
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

@Suite struct WorkSignalTests {
    /// Starts waiting after an empty batch, acts once it does wait, and returns when the wait is over.
    private func expectWake(
        _ store: any TestedStore, now: Timestamp = 0, by act: () async throws -> Void
    ) async throws {
        let batch = try await store.lease(limit: 10, for: .seconds(10), owner: "w", now: now)
        #expect(batch.deliveries.isEmpty)
        async let wait: Void = store.waitForWork(after: batch.mark)
        // Several replicas may wake each other unnecessarily.
        try await eventually("a waiter") { store.signal.waiterCount > 0 || store.signal.mark != batch.mark }
        try await act()
        await wait
        #expect(store.signal.waiterCount == 0 && store.signal.mark != batch.mark)
    }

    @Test(.timeLimit(.minutes(15)), arguments: StoreKind.all) func changesThatAddWorkWakeWaitingWorkers(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            try await expectWake(store) { _ = try await store.append(delivery(1)) }
            let first = try #require(try await store.leaseBatch(now: 0).first)
            try await expectWake(store) { try await store.retry(first.lease, at: 5, reason: "", now: 0) }
            let second = try #require(try await store.leaseBatch(now: 5).first)
            try await expectWake(store) { try await store.release([second.lease]) }
            let third = try #require(try await store.leaseBatch(now: 5).first)
            try await store.deadLetter(third.lease, reason: "", now: 5)
            try await expectWake(store) { _ = try await store.requeueDeadLetters(ids: ["sns:1"]) }
        }
    }

    @Test(.timeLimit(.minutes(15)), arguments: StoreKind.all) func aChangeBeforeTheWaitEndsItImmediately(
        kind: StoreKind
    ) async throws {
        try await withStore(kind) { store async throws in
            let batch = try await store.lease(limit: 10, for: .seconds(10), owner: "w", now: 0)
            _ = try await store.append(delivery(1))
            await store.waitForWork(after: batch.mark)
            #expect(try await store.leaseBatch(now: 0).count == 1)
        }
    }

    @Test(.timeLimit(.minutes(15))) func aDuplicateWakesNoWorker() async throws {
        try await withStore { store async throws in
            _ = try await store.append(delivery(1))
            let mark = store.signal.mark
            _ = try await store.append(delivery(1))
            #expect(store.signal.mark == mark)
        }
    }

    @Test(.timeLimit(.minutes(15))) func cancellingAndClosingEndTheWait() async throws {
        let signal = WorkSignal()
        let cancelled = Task { await signal.wait(after: WorkMark()) }
        try await eventually("a waiter") { signal.waiterCount > 0 }
        cancelled.cancel()
        await cancelled.value
        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            await signal.wait(after: WorkMark())
        }
        await early.value
        async let closed: Void = signal.wait(after: WorkMark())
        try await eventually("a waiter") { signal.waiterCount > 0 }
        signal.close()
        await closed
        await signal.wait(after: WorkMark())
        #expect(signal.waiterCount == 0)
    }

    @Test(.timeLimit(.minutes(15))) func allWaitersAreWoken() async throws {
        let signal = WorkSignal()
        try await withThrowingDiscardingTaskGroup { group in
            for _ in 0..<50 { group.addTask { await signal.wait(after: WorkMark()) } }
            try await eventually("all waiters") { signal.waiterCount >= 50 }
            signal.notify()
        }
        #expect(signal.mark == WorkMark(count: 1))
    }

    @Test(.timeLimit(.minutes(15))) func changesOfSkippedAccountRegionsWakeNoWorker() async throws {
        try await withStore { store async throws in
            let batch = try await store.lease(
                limit: 10, for: .seconds(10), owner: "w", now: 0, excluding: [DeliveryLane(accountRegions[0])])
            _ = try await store.append(delivery(1))
            async let wait: Void = store.waitForWork(after: batch.mark)
            try await eventually("a waiter") { store.signal.waiterCount > 0 }
            _ = try await store.append(delivery(2))
            #expect(store.signal.waiterCount == 1)
            _ = try await store.append(delivery(3, of: accountRegions[1]))
            await wait
        }
    }

    @Test(.timeLimit(.minutes(15))) func aChangeOfSeveralAccountRegionsWakesWorkersOfAnyOfThem() async throws {
        let signal = WorkSignal()
        let mark = signal.mark(excluding: ["a", "b"])
        signal.notify(of: ["a"])
        async let wait: Void = signal.wait(after: mark)
        try await eventually("a waiter") { signal.waiterCount > 0 }
        signal.notify(of: ["a", "b"])
        #expect(signal.waiterCount == 1)
        signal.notify(of: ["b", "c"])
        await wait
        await signal.wait(after: mark)
    }
}

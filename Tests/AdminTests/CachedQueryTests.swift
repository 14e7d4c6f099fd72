import Encoding
import Store
import Synchronization
import TestSupport
import Testing

@testable import Admin

@Suite("Cached queries", .timeLimit(.minutes(15))) struct CachedQueryTests {
    /// A store whose queries take as long as a test wants.
    private final class Slow: Sendable {
        let time: SimulatedTime
        let count = Atomic(0)
        let cost: Mutex<Duration>
        let failure = Mutex<StoreError?>(nil)

        init(_ time: SimulatedTime, cost: Duration) {
            self.time = time
            self.cost = Mutex(cost)
        }

        func query() -> CachedQuery<Int> {
            let start = ContinuousClock.now
            return CachedQuery(limit: .seconds(30), timeout: .seconds(5), on: time) {
                start + self.time.now
            } sleep: {
                try await self.time.sleep(for: $0)
            } read: { () throws(StoreError) in
                try? await self.time.sleep(for: self.cost.withLock { $0 })
                if let failure = self.failure.withLock({ $0 }) { throw failure }
                return self.count.add(1, ordering: .relaxed).newValue
            }
        }
    }

    @Test("A slow value is cached for ten times its query's duration up to the limit; a fast one is not cached")
    func lifetime() {
        for (cost, lifetime) in [(0, 0), (99, 0), (100, 1000), (1500, 15_000), (4000, 30_000)] {
            #expect(
                CachedQuery<Int>.lifetime(after: .milliseconds(cost), limit: .seconds(30)) == .milliseconds(lifetime),
                "\(cost) ms")
        }
    }

    @Test("The query runs only for a caller, and not again while the value is cached")
    func due() async throws {
        let time = SimulatedTime()
        let slow = Slow(time, cost: .milliseconds(500))
        let query = slow.query()
        try await time.run {
            try await time.sleep(for: .seconds(60))
            #expect(slow.count.load(ordering: .relaxed) == 0)
            for (pause, value) in [(0, 1), (4900, 1), (200, 2), (60_000, 3)] {
                try await time.sleep(for: .milliseconds(pause))
                #expect(try await query.value() == value)
            }
            slow.cost.withLock { $0 = .milliseconds(1) }
            try await time.sleep(for: .seconds(5))
            let values = [try await query.value(), try await query.value()]
            #expect(values == [4, 5])
        }
    }

    @Test("Concurrent callers share one query")
    func shared() async throws {
        let time = SimulatedTime()
        let slow = Slow(time, cost: .milliseconds(10))
        let query = slow.query()
        try await time.run {
            let values = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<50 { group.addTask { try await query.value() } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(values == [1])
        }
    }

    @Test(
        "A caller that accepts an older value gets it even if the query is fast; the age counts from the query's start"
    )
    func aged() async throws {
        let time = SimulatedTime()
        let slow = Slow(time, cost: .milliseconds(50))
        let query = slow.query()
        try await time.run {
            for (pause, value) in [(0, 1), (900, 1), (60, 2)] {
                try await time.sleep(for: .milliseconds(pause))
                #expect(try await query.value(atMost: .seconds(1)) == value)
            }
            #expect(try await query.value() == 3)
            #expect(try await query.value(atMost: .seconds(1)) == 3)
        }
    }

    @Test("After an invalidation the query runs again, even if it was running")
    func invalidated() async throws {
        let time = SimulatedTime()
        let slow = Slow(time, cost: .milliseconds(500))
        let query = slow.query()
        try await time.run {
            #expect(try await query.value() == 1)
            query.invalidate()
            async let second = query.value()
            try await time.sleep(for: .milliseconds(100))
            query.invalidate()
            #expect(try await query.value() == 3)
            #expect(try await second == 2)
            #expect(try await query.value() == 3)
        }
    }

    @Test("Callers wait no longer than the timeout, and no second query starts")
    func hanging() async throws {
        let time = SimulatedTime()
        let slow = Slow(time, cost: .seconds(60))
        let query = slow.query()
        try await time.run {
            for _ in 0..<3 {
                let before = time.now
                await #expect(
                    throws: StoreError(.unavailable, "The store did not respond within 5 seconds.")
                ) {
                    try await query.value()
                }
                #expect(time.now - before == .seconds(5))
            }
            #expect(try await query.valueWithinTimeout() == nil)
            #expect(slow.count.load(ordering: .relaxed) == 0)
            // The query has completed since, and its value is used.
            try await time.sleep(for: .seconds(50))
            #expect(try await query.valueWithinTimeout() == 1)
        }
    }

    @Test("An error is thrown and not cached")
    func failing() async throws {
        let time = SimulatedTime()
        let slow = Slow(time, cost: .seconds(1))
        let query = slow.query()
        try await time.run {
            #expect(try await query.value() == 1)
            try await time.sleep(for: .seconds(20))
            let failure = StoreError(.unavailable, "The disk is full.")
            slow.failure.withLock { $0 = failure }
            await #expect(throws: failure) { try await query.value() }
            slow.failure.withLock { $0 = nil }
            #expect(try await query.value() == 2)
        }
    }
}

package import Encoding
package import EventLoop

/// A client's sources of time, replaceable in tests.
package struct AWSClock: Sendable {
    /// The machine's time.
    package var now: @Sendable () -> Timestamp
    /// Monotonic time since a fixed moment.
    package var elapsed: @Sendable () -> Duration
    /// Waits; throws only when the task is canceled.
    package var sleep: @Sendable (Duration) async throws -> Void
    /// Runs background work; nil for Swift's global executor.
    package var executor: (any TaskExecutor)?
    /// AWS's time, learned from its responses.
    let serviceTime = ServiceTime()

    /// Makes a clock.
    package init(
        now: @escaping @Sendable () -> Timestamp, elapsed: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void, executor: (any TaskExecutor)? = nil
    ) {
        self.now = now
        self.elapsed = elapsed
        self.sleep = sleep
        self.executor = executor
    }

    /// AWS's time; nil if no response within the last day had a `Date`.
    package var serviceNow: Timestamp? { serviceTime.now(elapsed: elapsed()) }

    /// The time: AWS's if known, otherwise the machine's.
    package var present: Timestamp { serviceNow ?? now() }

    /// The machine's clock, sleeping on a loop.
    package init(loop: EventLoop) {
        self.init(sleep: { try await loop.sleep(for: $0) }, executor: loop)
    }

    /// The machine's clock, with its own sleep.
    init(sleep: @escaping @Sendable (Duration) async throws -> Void, executor: (any TaskExecutor)? = nil) {
        self.init(now: WallClock.now, elapsed: MonotonicClock.elapsed, sleep: sleep, executor: executor)
    }
}

public import EventLoop
import Glibc

/// The time that a client goes by, so that tests can set it.
public struct AWSClock: Sendable {
    /// Milliseconds since 1970, by this machine.
    public var now: @Sendable () -> Int64
    /// The time since any fixed moment, which no setting of the clock changes.
    public var elapsed: @Sendable () -> Duration
    /// Waits; throws only when the task is canceled.
    public var sleep: @Sendable (Duration) async throws -> Void
    /// Where work goes on that no caller waits for; nil for Swift's own threads.
    public var executor: (any TaskExecutor)?
    /// What AWS's responses tell of the time.
    let serviceTime = ServiceTime()

    /// Makes a clock.
    public init(
        now: @escaping @Sendable () -> Int64, elapsed: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void, executor: (any TaskExecutor)? = nil
    ) {
        self.now = now
        self.elapsed = elapsed
        self.sleep = sleep
        self.executor = executor
    }

    /// AWS's time in milliseconds since 1970; nil if no response has told it within a day.
    public var serviceNow: Int64? { serviceTime.now(elapsed: elapsed()) }

    /// Milliseconds since 1970, by AWS's clock as far as it is known, else by this machine's.
    public var present: Int64 { serviceNow ?? now() }

    /// The machine's clock, with waits on a loop.
    public init(loop: EventLoop) {
        self.init(sleep: { try await loop.sleep(for: $0) }, executor: loop)
    }

    /// The machine's clock, with waits of the caller's choice.
    init(sleep: @escaping @Sendable (Duration) async throws -> Void, executor: (any TaskExecutor)? = nil) {
        let start = ContinuousClock.now
        self.init(
            now: {
                var time = timespec()
                clock_gettime(CLOCK_REALTIME, &time)
                return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
            }, elapsed: { ContinuousClock.now - start }, sleep: sleep, executor: executor)
    }
}

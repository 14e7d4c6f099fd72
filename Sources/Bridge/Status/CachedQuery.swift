import Store
import Synchronization

/// A value from the store that many may ask for, and that is not read more often than the store can well bear.
///
/// What is quick to read is read again each time, unless the caller accepts an older value; what takes long is kept for a while,
/// so that no more than a tenth of the time is spent on reading. However many ask, only one read is under way, and none without
/// a caller.
final class CachedQuery<Value: Sendable>: Sendable {
    typealias ReadResult = Result<Value, StoreError>

    private struct State {
        var kept: (value: Value, since: ContinuousClock.Instant, until: ContinuousClock.Instant)?
        var reading: Task<ReadResult, Never>?
        /// How often what was read was made void.
        var invalidations = 0
    }

    private let state = Mutex(State())
    private let uncachedBelow: Duration
    private let limit: Duration
    private let timeout: Duration
    private let executor: (any TaskExecutor)?
    private let instant: @Sendable () -> ContinuousClock.Instant
    private let sleep: @Sendable (Duration) async throws -> Void
    private let read: @Sendable () async throws(StoreError) -> Value

    /// - Parameters:
    ///   - uncachedBelow: what is read within this time is not kept.
    ///   - limit: how long a value is kept at the most.
    ///   - timeout: how long anybody waits for a reading.
    ///   - executor: where it is read and waited for; nil for wherever there is room.
    ///   - instant: the time.
    ///   - sleep: waits.
    ///   - read: reads the value.
    init(
        uncachedBelow: Duration = .milliseconds(100), limit: Duration, timeout: Duration,
        on executor: (any TaskExecutor)? = nil,
        instant: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        read: @escaping @Sendable () async throws(StoreError) -> Value
    ) {
        self.uncachedBelow = uncachedBelow
        self.limit = limit
        self.timeout = timeout
        self.executor = executor
        self.instant = instant
        self.sleep = sleep
        self.read = read
    }

    /// How long a value is kept that took a time to be read.
    static func lifetime(
        after cost: Duration, uncachedBelow: Duration = .milliseconds(100), limit: Duration
    ) -> Duration {
        cost < uncachedBelow ? .zero : min(cost * 10, limit)
    }

    /// Makes the next caller read the value again, because the store was just changed.
    func invalidate() {
        state.withLock { state in
            (state.kept, state.reading) = (nil, nil)
            state.invalidations += 1
        }
    }

    /// The value: the one that is kept, or a new one.
    ///
    /// - Parameter age: how old it may be, counted from when it began to be read, even if it was quick to read.
    /// - Throws: what the reading threw, or ``StoreError/Code/unavailable`` if it takes too long; it then goes on, for the
    ///   next who asks.
    func value(atMost age: Duration = .zero) async throws(StoreError) -> Value {
        if let value = try await valueWithinTimeout(atMost: age) { return value }
        let seconds = timeout.components.seconds
        throw StoreError(.unavailable, "The store has not answered within \(seconds) seconds.")
    }

    /// The same, but nil if it takes too long.
    func valueWithinTimeout(atMost age: Duration = .zero) async throws(StoreError) -> Value? {
        let now = instant()
        let kept = state.withLock { $0.kept.flatMap { $0.until > now || now - $0.since < age ? $0.value : nil } }
        if let kept { return kept }
        return try await wait(for: reading())?.get()
    }

    private func reading() -> Task<ReadResult, Never> {
        state.withLock { state in
            if let reading = state.reading { return reading }
            let reading = Task(executorPreference: executor) { [invalidations = state.invalidations] in
                await self.readOnce(after: invalidations)
            }
            state.reading = reading
            return reading
        }
    }

    private func readOnce(after invalidations: Int) async -> ReadResult {
        let start = instant()
        let result: ReadResult
        do throws(StoreError) { result = .success(try await read()) } catch { result = .failure(error) }
        let end = instant()
        state.withLock { state in
            guard state.invalidations == invalidations else { return }
            state.reading = nil
            state.kept = (try? result.get()).map {
                ($0, start, end + Self.lifetime(after: end - start, uncachedBelow: uncachedBelow, limit: limit))
            }
        }
        return result
    }

    /// Waits for a reading, which cannot be interrupted, no longer than there is patience for; nil if it takes longer.
    private func wait(for reading: Task<ReadResult, Never>) async -> ReadResult? {
        let (results, continuation) = AsyncStream.makeStream(of: ReadResult?.self)
        let arrival = Task(executorPreference: executor) { continuation.yield(await reading.value) }
        let timer = Task(executorPreference: executor) { [sleep, timeout] in
            guard (try? await sleep(timeout)) != nil else { return }
            continuation.yield(nil)
        }
        defer {
            arrival.cancel()
            timer.cancel()
        }
        for await result in results { return result }
        return nil
    }
}

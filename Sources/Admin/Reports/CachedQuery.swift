import Encoding
package import Store
import Synchronization

/// Caches an expensive store query and limits how often it runs.
///
/// A fast query runs for each caller, unless the caller accepts an older value. The value of a slow query is cached for ten times the
/// duration of the query, so that at most a tenth of the time is spent on it. Concurrent callers share one query; without a caller,
/// none runs.
package final class CachedQuery<Value: Sendable>: Sendable {
    typealias ReadResult = Result<Value, StoreError>

    private struct State {
        var kept: (value: Value, since: ContinuousClock.Instant, until: ContinuousClock.Instant)?
        /// How often ``invalidate()`` was called.
        var invalidations = 0
    }

    private let state = Mutex(State())
    private let queries: SingleFlight<OnlyKey, ReadResult>
    private let uncachedBelow: Duration
    private let limit: Duration
    private let timeout: Duration
    private let executor: (any TaskExecutor)?
    private let instant: @Sendable () -> ContinuousClock.Instant
    private let sleep: @Sendable (Duration) async throws -> Void
    private let read: @Sendable () async throws(StoreError) -> Value

    /// - Parameters:
    ///   - uncachedBelow: a value whose query took less than this is not cached. Default 100 ms.
    ///   - limit: the longest time a value is cached.
    ///   - timeout: the longest time a caller waits.
    ///   - executor: runs the query and the waiting; nil for the default executor.
    ///   - instant: the clock.
    ///   - sleep: waits.
    ///   - read: the query.
    package init(
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
        queries = SingleFlight(executor: executor)
        self.instant = instant
        self.sleep = sleep
        self.read = read
    }

    /// How long to cache a value whose query took `cost`.
    static func lifetime(
        after cost: Duration, uncachedBelow: Duration = .milliseconds(100), limit: Duration
    ) -> Duration {
        cost < uncachedBelow ? .zero : min(cost * 10, limit)
    }

    /// Discards the cached value, so that the next caller runs the query: the store has just changed.
    package func invalidate() {
        state.withLock { state in
            state.kept = nil
            state.invalidations += 1
        }
        queries.forget(.only)
    }

    /// The cached value, or the result of a query.
    ///
    /// - Parameter age: accepts a value whose query started at most this long ago, even if the query is fast.
    /// - Throws: the error of the query, or ``StoreError/Code/unavailable`` after the timeout; the query then continues for the next
    ///   caller.
    package func value(atMost age: Duration = .zero) async throws(StoreError) -> Value {
        if let value = try await valueWithinTimeout(atMost: age) { return value }
        let seconds = timeout.components.seconds
        throw StoreError(.unavailable, "The store did not respond within \(seconds) seconds.")
    }

    /// The cached value, or the result of a query; nil after the timeout.
    func valueWithinTimeout(atMost age: Duration = .zero) async throws(StoreError) -> Value? {
        let now = instant()
        let kept = state.withLock { $0.kept.flatMap { $0.until > now || now - $0.since < age ? $0.value : nil } }
        if let kept { return kept }
        let query = queries.start(.only) { await self.readOnce() }
        return try await wait(for: query)?.get()
    }

    private func readOnce() async -> ReadResult {
        let invalidations = state.withLock(\.invalidations)
        let start = instant()
        let result: ReadResult
        do throws(StoreError) { result = .success(try await read()) } catch { result = .failure(error) }
        let end = instant()
        state.withLock { state in
            guard state.invalidations == invalidations else { return }
            state.kept = (try? result.get()).map {
                ($0, start, end + Self.lifetime(after: end - start, uncachedBelow: uncachedBelow, limit: limit))
            }
        }
        return result
    }

    /// Waits for a query, which cannot be interrupted; nil after the timeout.
    private func wait(for query: SingleFlight<OnlyKey, ReadResult>.Flight) async -> ReadResult? {
        let (results, continuation) = AsyncStream.makeStream(of: ReadResult?.self)
        let arrival = Task(executorPreference: executor) { continuation.yield(await query.value) }
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

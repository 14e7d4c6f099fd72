package import Store
import Synchronization

/// Checks whether the store accepts writes. Concurrent callers share one probe, and its result is cached for a second: each probe is
/// a durable write.
package final class Readiness: Sendable {
    private struct State {
        var result: (value: Result<Void, StoreError>, at: ContinuousClock.Instant)?
        var probe: Task<Result<Void, StoreError>, Never>?
    }

    private let state = Mutex(State())
    private let store: any StoreMaintenance
    private let instant: @Sendable () -> ContinuousClock.Instant

    private static let lifetime = Duration.seconds(1)

    package init(_ store: any StoreMaintenance, instant: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.store = store
        self.instant = instant
    }

    /// Returns if a probe within the last second succeeded, or a new one does.
    ///
    /// - Throws: the error of the probe.
    package func check() async throws(StoreError) {
        let now = instant()
        let known = state.withLock { state in state.result.flatMap { now - $0.at < Self.lifetime ? $0.value : nil } }
        if let known { return try known.get() }
        let probe = state.withLock { state in
            let probe = state.probe ?? Task { await self.probe() }
            state.probe = probe
            return probe
        }
        try await probe.value.get()
    }

    private func probe() async -> Result<Void, StoreError> {
        let result: Result<Void, StoreError>
        do throws(StoreError) {
            try await store.checkWritable()
            result = .success(())
        } catch {
            result = .failure(error)
        }
        let now = instant()
        state.withLock { state in
            state.result = (result, now)
            state.probe = nil
        }
        return result
    }
}

import Encoding
package import Store
import Synchronization

/// Checks whether the store accepts writes. Concurrent callers share one probe, and its result is cached for a second: each probe is
/// a durable write.
package final class Readiness: Sendable {
    private typealias Outcome = Result<Void, StoreError>

    private let latest = Mutex<(value: Outcome, at: ContinuousClock.Instant)?>(nil)
    private let probes = SingleFlight<OnlyKey, Outcome>()
    private let store: any StoreMaintenance
    private let instant: @Sendable () -> ContinuousClock.Instant

    private static let lifetime = Duration.seconds(1)

    /// Creates a check.
    ///
    /// - Parameter instant: the present time, replaceable in tests.
    package init(_ store: any StoreMaintenance, instant: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.store = store
        self.instant = instant
    }

    /// Returns if a probe within the last second succeeded, or a new one does.
    ///
    /// - Throws: the error of the probe.
    package func check() async throws(StoreError) {
        let now = instant()
        let known = latest.withLock { latest in latest.flatMap { now - $0.at < Self.lifetime ? $0.value : nil } }
        if let known { return try known.get() }
        try await probes.start(.only) { await self.probe() }.value.get()
    }

    private func probe() async -> Outcome {
        let result: Outcome
        do throws(StoreError) {
            try await store.checkWritable()
            result = .success(())
        } catch {
            result = .failure(error)
        }
        let now = instant()
        latest.withLock { $0 = (result, now) }
        return result
    }
}

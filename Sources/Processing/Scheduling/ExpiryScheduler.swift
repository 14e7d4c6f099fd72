import AWSClient
import AWSCore
import Encoding
import Planning
import Store

/// Queues the archival of findings that their mapped source has not reported for `expireAfter`.
///
/// Silence of a source counts only while its reports are accepted and processed. Nothing expires while deliveries of the
/// source wait (``SourceSilence``), while it is paused or suspended, and soon after an outage or a jump of the clock
/// (``ClockTrust/allowsExpiry(after:)``).
struct ExpiryScheduler: Sendable {
    let store: any Store
    let clock: AWSClock
    let trust: ClockTrust
    let circuitBreakers: CircuitBreakers

    /// Queues the tasks of the sources whose turn it is.
    ///
    /// - Parameter check: the number of the check.
    func schedule(_ sources: [String: ProcessingSettings.Source], at check: Int) async throws(StoreError) {
        let due = sources.compactMap { name, source in source.expireAfter.map { (source: name, expireAfter: $0) } }
            .filter { check % Self.checksBetween(expireAfter: $0.expireAfter) == 0 }
            .filter { trust.allowsExpiry(after: $0.expireAfter) }
        guard !due.isEmpty else { return }
        let now = clock.now()
        let pauses = try await store.pauses()
        for accountRegion in try await store.ledgerAccountRegions() {
            for (source, expireAfter) in due.sorted(by: { $0.source < $1.source }) {
                let lane = DeliveryLane(accountRegion, source: source)
                guard !pauses.contains(where: { $0.applies(to: lane) }), circuitBreakers.denial(lane, .all) == nil,
                    let silentUntil = SourceSilence.end(
                        oldestUnfinished: try await store.oldestUnfinished(of: lane), now: now)
                else { continue }
                let limit = silentUntil - expireAfter
                let expired = try await store.openLedgerRows(
                    of: accountRegion, source: source, reportedBefore: limit, after: nil, limit: 1)
                guard !expired.isEmpty else { continue }
                let task = InternalTask.expireSource(reportedBefore: limit)
                _ = try await store.append(task.delivery(of: accountRegion, source: source, now: now))
            }
        }
    }

    /// The number of checks after which expired findings of a source are looked up again: findings are archived at most a
    /// hundredth of `expireAfter` late, or by one check if that is longer. At most an hour.
    static func checksBetween(expireAfter: Duration) -> Int {
        let checks = expireAfter.milliseconds / 100 / TaskScheduler.interval.milliseconds
        return Int(min(max(checks, 1), 120))
    }
}

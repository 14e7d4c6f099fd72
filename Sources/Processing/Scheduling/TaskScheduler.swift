import AWSClient
import AWSCore
import Encoding
import EventLoop
import Logging
import Planning
import ServiceLifecycle
import Store
import Telemetry

/// Queues work that is due by time: suppressions that end, stale and expired findings, and findings that need a refresh.
package struct TaskScheduler: Service {
    private let store: any Store
    private let clock: AWSClock
    private let trust: ClockTrust
    private let settings: Reloadable<ProcessingSettings>
    private let expiry: ExpiryScheduler
    /// The gaps in which deliveries were deferred.
    private let gap: OutageTracker
    private let logger: Logger

    /// The time between two checks.
    static let interval = Duration.seconds(30)
    /// The number of checks for ended suppressions per check for stale findings.
    private static let checksBetweenRefreshes = 120

    /// Checks for due work until shutdown.
    package func run() async {
        await cancelWhenGracefulShutdown {
            var checks = 0
            repeat {
                do throws(StoreError) {
                    try await checkClock()
                    try await scheduleEndedSuppressions()
                    try await expiry.schedule(settings.value.sources, at: checks)
                    if checks % Self.checksBetweenRefreshes == 0 { try await scheduleStaleFindings() }
                } catch {
                    logger.log(.dueTasksNotRead, [.reason: "\(error)"])
                }
                checks += 1
            } while (try? await clock.sleep(Self.interval)) != nil
        }
    }

    /// Compares the clock with the stored mark, and stores the end of a long outage.
    func checkClock() async throws(StoreError) {
        let endedAt = gap.longOutageEndedAt
        try await trust.check(
            with: store, outageEndedAt: endedAt.map { clock.now() - (clock.elapsed() - $0) })
        gap.forgetLongOutage(endedAt: endedAt)
    }

    /// Queues the suppressions that have expired.
    func scheduleEndedSuppressions() async throws(StoreError) {
        guard let time = trust.trustedTime else { return }
        let now = clock.now()
        for disposition in try await store.dueDispositions(by: time, limit: 1000) {
            guard let dueAt = disposition.dueAt else { continue }
            let work = InternalTask.suppressionEnded(subject: disposition.subject, at: dueAt)
            _ = try await store.append(work.delivery(of: disposition.accountRegion, now: now))
        }
    }

    /// Queues the archiving of findings that no audit confirms, and the refresh of findings that Security Hub would delete.
    func scheduleStaleFindings() async throws(StoreError) {
        guard let time = trust.trustedTime else { return }
        let now = clock.now()
        let staleAfter = settings.value.mapping.staleAfter
        for accountRegion in try await store.ledgerAccountRegions() {
            if try await StaleFindingArchiver.isDue(accountRegion, in: store, staleAfter: staleAfter) {
                _ = try await store.append(InternalTask.archiveStale.delivery(of: accountRegion, now: now))
            }
            for refreshed in InternalTask.RefreshedKinds.allCases
            where try await isStale(refreshed.kinds, of: accountRegion, time) {
                _ = try await store.append(
                    InternalTask.refresh(refreshed).delivery(of: accountRegion, now: now))
            }
            guard try await isStale([.mapped], of: accountRegion, time) else { continue }
            // Sources that are not configured any more do not report.
            for source in settings.value.sources.keys.sorted() {
                _ = try await store.append(
                    InternalTask.refreshSource.delivery(of: accountRegion, source: source, now: now))
            }
        }
    }

    private func isStale(
        _ kinds: [LedgerEntry.Kind], of accountRegion: AccountRegion, _ now: Timestamp
    ) async throws(StoreError) -> Bool {
        for kind in kinds {
            let oldest = try await store.staleLedgerRows(
                of: accountRegion, kind: kind, before: now - Planner.refreshAge, after: nil,
                limit: 1)
            if !oldest.isEmpty { return true }
        }
        return false
    }

    /// Creates a scheduler.
    ///
    /// - Parameter gap: the gaps in which deliveries were deferred.
    init(
        store: any Store, clock: AWSClock, trust: ClockTrust, settings: Reloadable<ProcessingSettings>,
        circuitBreakers: CircuitBreakers, gap: OutageTracker, logger: Logger
    ) {
        self.store = store
        self.clock = clock
        self.trust = trust
        self.settings = settings
        self.gap = gap
        self.logger = logger
        expiry = ExpiryScheduler(store: store, clock: clock, trust: trust, circuitBreakers: circuitBreakers)
    }
}

package import AWSClient
import Encoding
package import EventLoop
package import Logging
import ServiceLifecycle
package import Store
import Telemetry

/// Removes expired entries from the store every ten minutes.
package struct MaintenanceService: Service {
    private let store: any Store
    private let clock: AWSClock
    private let trust: ClockTrust
    private let deadLetters: DeadLetterKeeper
    private let settings: Reloadable<ProcessingSettings>
    private let logger: Logger

    private static let interval = Duration.seconds(600)
    /// EventBridge retries for 24 hours; the rest allows for clock skew.
    private static let eventBridgeTimeout = Duration.seconds(26 * 3600)
    /// Security Hub keeps archived findings for 30 days.
    private static let archivedFindings = Duration.seconds(30 * 86_400)
    /// The number of completed deliveries kept for deduplication after Amazon SNS has stopped retrying. From about 32
    /// deliveries per second on, the oldest are removed earlier. An event that EventBridge then retries is processed again,
    /// without effect, because newer observations are known.
    static let completedLimit = 3_000_000
    private let completedLimit: Int

    /// Runs maintenance until shutdown.
    package func run() async {
        await cancelWhenGracefulShutdown {
            repeat {
                await removeExpired()
            } while (try? await clock.sleep(Self.interval)) != nil
        }
    }

    /// Removes expired entries, while the clock is trusted.
    func removeExpired() async {
        do throws(StoreError) {
            try await trust.check(with: store)
            // With a clock that jumped ahead, everything would be expired.
            guard trust.isTrusted else { return }
            let now = clock.now()
            let window = max(Self.eventBridgeTimeout, settings.value.maximumMessageAge * 2)
            var deliveries = try await store.purge(
                completedBefore: now - window)
            deliveries += try await purgeBeyondLimit(now)
            let age = settings.value.maximumDeadLetterAge
            deadLetters.recordDropped(
                try await store.trimDeadLetters(
                    to: deadLetters.limits.value, failedBefore: now - age))
            let findings = try await store.purgeLedger(
                archivedBefore: now - Self.archivedFindings)
            let dispositions = try await store.purgeDispositions(by: now)
            if deliveries + findings + dispositions > 0 {
                logger.log(
                    .oldEntriesDeleted,
                    [
                        .deliveries: .integer(deliveries), .findings: .integer(findings),
                        .dispositions: .integer(dispositions),
                    ])
            }
        } catch {
            logger.log(.oldEntriesNotDeleted, [.reason: "\(error)"])
        }
    }

    /// Removes completed deliveries above the limit, except those that Amazon SNS may retry.
    private func purgeBeyondLimit(_ now: Timestamp) async throws(StoreError) -> Int {
        guard let time = try await store.completionTime(beyondNewest: completedLimit) else { return 0 }
        // The maximum age of a message from Amazon SNS, doubled for clock skew.
        let young = now - settings.value.maximumMessageAge * 2
        return try await store.purge(completedBefore: min(time, young))
    }

    /// Creates the service.
    ///
    /// - Parameter completedLimit: the number of completed deliveries that are kept.
    package init(
        store: any Store, clock: AWSClock, trust: ClockTrust, deadLetters: DeadLetterKeeper,
        settings: Reloadable<ProcessingSettings>, logger: Logger,
        completedLimit: Int = MaintenanceService.completedLimit
    ) {
        self.store = store
        self.clock = clock
        self.trust = trust
        self.deadLetters = deadLetters
        self.settings = settings
        self.logger = logger
        self.completedLimit = completedLimit
    }
}

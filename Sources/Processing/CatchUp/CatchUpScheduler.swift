package import AWSClient
package import Encoding
package import EventLoop
package import Logging
import Planning
import ServiceLifecycle
package import Store
import Telemetry

/// Queues catch-up tasks: at the start, after an outage, and at the configured interval.
package struct CatchUpScheduler: Service {
    private let store: any Store
    private let clock: AWSClock
    private let trust: ClockTrust
    /// The interval and the configured accounts and Regions. Those that deliveries came from are added.
    private let settings: Reloadable<ProcessingSettings>
    private let gap: OutageTracker
    private let logger: Logger

    private static let pollInterval = Duration.seconds(30)
    /// A poll that is later than this shows that the machine was suspended, or its clock was set.
    private static let suspension = Duration.seconds(120)

    /// Queues due tasks until shutdown.
    package func run() async {
        await cancelWhenGracefulShutdown {
            var last: (now: Timestamp, elapsed: Duration)?
            // Catch up at the start.
            var hasGap = true
            repeat {
                let (now, elapsed) = (clock.now(), clock.elapsed())
                if let last, Self.wasInterrupted(since: last, now: now, elapsed: elapsed) { hasGap = true }
                last = (now, elapsed)
                if gap.consume(now: elapsed) { hasGap = true }
                do throws(StoreError) {
                    try await appendDue(hasGap: hasGap)
                    hasGap = false
                } catch {
                    // While the store fails here, incoming messages are deferred, too.
                    gap.recordDeferral(now: elapsed)
                    logger.log(.catchUpNotQueued, [.reason: "\(error)"])
                }
            } while (try? await clock.sleep(Self.pollInterval)) != nil
        }
    }

    /// Whether the machine was suspended, or its clock was set, since the last poll.
    static func wasInterrupted(since last: (now: Timestamp, elapsed: Duration), now: Timestamp, elapsed: Duration)
        -> Bool
    {
        let passed = elapsed - last.elapsed
        return passed > suspension || (now - (last.now + passed)).magnitude > suspension
    }

    /// Queues catch-up tasks for the accounts and Regions that are due.
    ///
    /// - Parameter hasGap: whether deliveries may have been missed, so that all are due.
    func appendDue(hasGap: Bool) async throws(StoreError) {
        let settings = settings.value
        guard let interval = settings.catchUpInterval else { return }
        let now = clock.now()
        let minute = now.milliseconds / 60_000
        let period = now.milliseconds / max(interval.milliseconds, 1)
        let watermarks = try await store.catchUpWatermarks()
        let ofDeviceDefender = settings.accountRegions.union(try await store.ledgerAccountRegions())
        for accountRegion in ofDeviceDefender.union(settings.alarmAccountRegions).sorted() {
            let watermark = watermarks[accountRegion]?.milliseconds ?? 0
            let deduplicationKey: String
            if hasGap {
                // Replicas that start together catch up once. The watermark makes the key differ after the clock was
                // set back.
                deduplicationKey = "gap \(minute) \(watermark)"
            } else if Self.isDue(watermarks[accountRegion], interval, trust.bestTime) {
                deduplicationKey = "interval \(period) \(watermark)"
            } else {
                continue
            }
            var tasks: [Delivery] = []
            if ofDeviceDefender.contains(accountRegion) {
                let task = InternalTask.catchUp(since: nil)
                tasks.append(task.delivery(of: accountRegion, on: deduplicationKey, now: now))
            }
            tasks += settings.alarmSources(of: accountRegion).map { source in
                InternalTask.catchUpAlarms.delivery(of: accountRegion, source: source, on: deduplicationKey, now: now)
            }
            _ = try await store.append(tasks)
        }
    }

    /// Whether an account and Region is due. A watermark in the future is due, to be reset (``CatchUpQuery``).
    package static func isDue(_ watermark: Timestamp?, _ interval: Duration, _ now: Timestamp) -> Bool {
        guard let watermark else { return true }
        return now - watermark >= interval || CatchUpQuery.isAhead(watermark, of: now)
    }

    /// Creates a scheduler.
    ///
    /// - Parameter gap: the gaps after which all accounts and Regions catch up.
    package init(
        store: any Store, clock: AWSClock, trust: ClockTrust, settings: Reloadable<ProcessingSettings>,
        gap: OutageTracker, logger: Logger
    ) {
        self.store = store
        self.clock = clock
        self.trust = trust
        self.settings = settings
        self.gap = gap
        self.logger = logger
    }
}

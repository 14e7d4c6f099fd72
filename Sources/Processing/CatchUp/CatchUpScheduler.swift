import Encoding
package import EventLoop
import Logging
import Planning
import ServiceLifecycle
import Store
import Telemetry

/// Queues catch-up tasks: at the start, after an outage, and at the configured interval.
package struct CatchUpScheduler: Service {
    package let context: FindingWriter
    package let loop: EventLoop
    /// The interval and the configured accounts and Regions. Those that deliveries came from are added.
    package let settings: Reloadable<ProcessingSettings>
    package let gap: OutageTracker

    private static let pollInterval = Duration.seconds(30)
    /// A poll that is later than this shows that the machine was suspended, or its clock was set.
    private static let suspension = Duration.seconds(120)

    package func run() async {
        await cancelWhenGracefulShutdown {
            var last: (now: Int64, elapsed: Int64)?
            // Catch up at the start.
            var hasGap = true
            repeat {
                let (now, elapsed) = (context.clock(), context.elapsed())
                if let last, Self.wasInterrupted(since: last, now: now, elapsed: elapsed) { hasGap = true }
                last = (now, elapsed)
                if gap.consume(now: elapsed) { hasGap = true }
                do throws(StoreError) {
                    try await appendDue(hasGap: hasGap)
                    hasGap = false
                } catch {
                    // While the store fails here, incoming messages are deferred, too.
                    gap.recordDeferral(now: elapsed)
                    context.logger.log(.catchUpNotQueued, [.reason: "\(error)"])
                }
            } while (try? await loop.sleep(for: Self.pollInterval)) != nil
        }
    }

    /// Whether the machine was suspended, or its clock was set, since the last poll.
    static func wasInterrupted(since last: (now: Int64, elapsed: Int64), now: Int64, elapsed: Int64) -> Bool {
        let passed = elapsed.saturatingSubtracting(last.elapsed)
        let expected = last.now.saturatingAdding(passed)
        return passed > suspension.milliseconds || now.saturatingDistance(to: expected) > suspension.milliseconds
    }

    /// Queues catch-up tasks for the accounts and Regions that are due.
    ///
    /// - Parameter hasGap: whether deliveries may have been missed, so that all are due.
    func appendDue(hasGap: Bool) async throws(StoreError) {
        let settings = settings.value
        guard let interval = settings.catchUpInterval else { return }
        let now = context.clock()
        let watermarks = try await context.store.catchUpWatermarks()
        let accountRegions = settings.accountRegions.union(try await context.store.ledgerAccountRegions())
        for accountRegion in accountRegions.sorted() {
            let deduplicationKey: String
            if hasGap {
                // Replicas that start together catch up once. The watermark makes the key differ after the clock was
                // set back.
                deduplicationKey = "gap \(now / 60_000) \(watermarks[accountRegion] ?? 0)"
            } else if Self.isDue(watermarks[accountRegion], interval, context.trust.bestTime) {
                deduplicationKey = "interval \(now / max(interval.milliseconds, 1)) \(watermarks[accountRegion] ?? 0)"
            } else {
                continue
            }
            let task = CatchUpTask.catchUp(since: nil)
            _ = try await context.store.append(task.delivery(of: accountRegion, on: deduplicationKey, now: now))
        }
    }

    /// Whether an account and Region is due. A watermark in the future is due, to be reset (``CatchUpQuery``).
    package static func isDue(_ watermark: Int64?, _ interval: Duration, _ now: Int64) -> Bool {
        guard let watermark else { return true }
        return now.saturatingSubtracting(watermark) >= interval.milliseconds || CatchUpQuery.isAhead(watermark, of: now)
    }

    package init(
        context: FindingWriter, loop: EventLoop, settings: Reloadable<ProcessingSettings>, gap: OutageTracker
    ) {
        self.context = context
        self.loop = loop
        self.settings = settings
        self.gap = gap
    }
}

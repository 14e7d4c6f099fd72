import AWSCore
import EventLoop
import Logging
import SNS
import ServiceLifecycle
import Store

/// Has the bridge catch up: at the start, after a gap, and regularly.
struct CatchUpScheduler: Service {
    let context: FindingWriter
    let loop: EventLoop
    /// Says how often, and for which accounts and Regions; those that deliveries came from are added.
    let configuration: Reloadable<BridgeConfiguration>
    let gap: OutageTracker

    private static let pollInterval = Duration.seconds(30)
    /// A look that comes so late says that the machine was stopped, or its clock was set.
    private static let suspension = Duration.seconds(120)

    func run() async {
        await cancelWhenGracefulShutdown {
            var last: (now: Int64, elapsed: Int64)?
            // At the start, too.
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
                    // What could not be stored here could not be stored elsewhere: that is a gap, too.
                    gap.recordDeferral(now: elapsed)
                    context.logger.warning(
                        "It could not be noted that the bridge must catch up; it is tried again.",
                        metadata: ["reason": "\(error)"])
                }
            } while (try? await loop.sleep(for: Self.pollInterval)) != nil
        }
    }

    /// Whether the machine was stopped, or its clock set, since the last look.
    static func wasInterrupted(since last: (now: Int64, elapsed: Int64), now: Int64, elapsed: Int64) -> Bool {
        let passed = elapsed.saturatingSubtracting(last.elapsed)
        let expected = last.now.saturatingAdding(passed)
        return passed > suspension.milliseconds || now.saturatingDistance(to: expected) > suspension.milliseconds
    }

    /// Has those accounts and Regions caught up on whose time has come.
    ///
    /// - Parameter hasGap: whether there may have been deliveries that nobody received.
    func appendDue(hasGap: Bool) async throws(StoreError) {
        let configuration = configuration.value
        guard let interval = configuration.catchUpInterval else { return }
        let now = context.clock()
        let watermarks = try await context.store.catchUpWatermarks()
        let accountRegions = configuration.topics.accountRegions.union(try await context.store.ledgerAccountRegions())
        for accountRegion in accountRegions.sorted() {
            let deduplicationKey: String
            if hasGap {
                // Bridges that start together do it once. With the watermark, the occasion is another one after the clock
                // was set back.
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

    /// Whether the time has come. A watermark of the future is due, to be reset (``CatchUp``).
    static func isDue(_ watermark: Int64?, _ interval: Duration, _ now: Int64) -> Bool {
        guard let watermark else { return true }
        return now.saturatingSubtracting(watermark) >= interval.milliseconds || CatchUpQuery.isAhead(watermark, of: now)
    }
}

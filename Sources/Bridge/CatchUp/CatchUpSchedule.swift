import AWSCore
import EventLoop
import Logging
import SNS
import ServiceLifecycle
import Store

/// Has the bridge catch up: at the start, after a gap, and regularly.
struct CatchUpSchedule: Service {
    let context: LaneContext
    let loop: EventLoop
    /// Says how often, and for which accounts and Regions; those that deliveries came from are added.
    let configuration: Live<BridgeConfiguration>
    let gap: ReceiptGap

    private static let look = Duration.seconds(30)
    /// A look that comes so late says that the machine was stopped, or its clock was set.
    private static let suspension = Duration.seconds(120)

    func run() async {
        await cancelWhenGracefulShutdown {
            var last: Int64?
            repeat {
                let now = context.clock()
                let wasSuspended = last.map { now.saturatingDistance(to: $0) > Self.suspension.milliseconds } ?? true
                last = now
                do throws(StoreError) {
                    try await look(hasGap: wasSuspended || gap.takeOver(now: now))
                } catch {
                    // What could not be stored here could not be stored elsewhere: that is a gap, too.
                    gap.note(now: now)
                    context.logger.warning(
                        "It could not be noted that the bridge must catch up; it is tried again.",
                        metadata: ["reason": "\(error)"])
                }
            } while (try? await loop.sleep(for: Self.look)) != nil
        }
    }

    /// Has those accounts and Regions caught up on whose time has come.
    ///
    /// - Parameter hasGap: whether there may have been deliveries that nobody received.
    func look(hasGap: Bool) async throws(StoreError) {
        let configuration = configuration.value
        guard let interval = configuration.catchUpInterval else { return }
        let now = context.clock()
        let watermarks = try await context.store.catchUpWatermarks()
        let origins = configuration.topics.origins.union(try await context.store.ledgerOrigins())
        for origin in origins.sorted() {
            let occasion: String
            if hasGap {
                // Bridges that start together do it once.
                occasion = "gap \(now / 60_000)"
            } else if Self.isDue(watermarks[origin], interval, now) {
                occasion = "interval \(now / interval.milliseconds)"
            } else {
                continue
            }
            let work = MissedWork.catchUp(since: nil)
            _ = try await context.store.append(work.delivery(of: origin, on: occasion, now: now))
        }
    }

    static func isDue(_ watermark: Int64?, _ interval: Duration, _ now: Int64) -> Bool {
        watermark.map { now.saturatingSubtracting($0) >= interval.milliseconds } ?? true
    }
}

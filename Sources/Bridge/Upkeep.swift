import EventLoop
import Logging
import ServiceLifecycle
import Store

/// Forgets what is not needed any more, every ten minutes.
struct Upkeep: Service {
    let context: LaneContext
    let loop: EventLoop
    let configuration: Live<BridgeConfiguration>

    private static let interval = Duration.seconds(600)
    /// EventBridge tries again for 24 hours; the rest is for clocks that differ.
    private static let eventBridgePatience = Duration.seconds(26 * 3600)
    /// Security Hub keeps archived findings for 30 days.
    private static let archivedFindings = Duration.seconds(30 * 86_400)

    func run() async {
        await cancelWhenGracefulShutdown {
            repeat { await forget() } while (try? await loop.sleep(for: Self.interval)) != nil
        }
    }

    private func forget() async {
        let now = context.clock()
        do throws(StoreError) {
            let window = max(Self.eventBridgePatience, configuration.value.maximumMessageAge * 2)
            let deliveries = try await context.store.purge(completedBefore: now - window.milliseconds)
            let findings = try await context.store.purgeLedger(archivedBefore: now - Self.archivedFindings.milliseconds)
            let judgements = try await context.store.purgeJudgements(by: now)
            if deliveries + findings + judgements > 0 {
                context.logger.debug(
                    "Old entries were removed from the store.",
                    metadata: [
                        "deliveries": "\(deliveries)", "findings": "\(findings)", "judgements": "\(judgements)",
                    ])
            }
        } catch {
            context.logger.warning("Old entries could not be removed from the store.", metadata: ["reason": "\(error)"])
        }
    }
}

import AWSCore
import EventLoop
import Logging
import SecurityFindings
import ServiceLifecycle
import Store

/// Forgets what is not needed any more, and adds what earlier versions did not keep, every ten minutes.
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
            repeat {
                await forget()
                await label()
            } while (try? await loop.sleep(for: Self.interval)) != nil
        }
    }

    /// Adds the severities of findings that an earlier version of the bridge kept without, some at a time: deliveries go on.
    private func label() async {
        do throws(StoreError) {
            while !Task.isCancelled {
                let entries = try await context.store.unlabeledLedgerEntries(limit: Self.labelsAtOnce)
                let severities = Dictionary(
                    entries.compactMap { entry in
                        entry.asSent.map { (entry.id, LedgerEntry.Severity($0.severity.label)) }
                    }
                ) { first, _ in first }
                // What cannot be read is written anew when Device Defender next tells of it.
                guard !severities.isEmpty else { return }
                try await context.store.label(severities)
                guard (try? await loop.sleep(for: Self.pauseBetweenLabels)) != nil else { return }
            }
        } catch {
            context.logger.warning(
                "The severities of findings could not be added to the store.", metadata: ["reason": "\(error)"])
        }
    }

    private static let labelsAtOnce = 500
    private static let pauseBetweenLabels = Duration.milliseconds(50)

    /// Removes what is too old to be needed, while the clock is trusted.
    func forget() async {
        do throws(StoreError) {
            try await context.trust.check(by: context.store)
            // To a clock that jumped ahead, everything is old.
            guard context.trust.isTrusted else { return }
            let now = context.clock()
            let window = max(Self.eventBridgePatience, configuration.value.maximumMessageAge * 2)
            let deliveries = try await context.store.purge(
                completedBefore: now.saturatingSubtracting(window.milliseconds))
            let findings = try await context.store.purgeLedger(
                archivedBefore: now.saturatingSubtracting(Self.archivedFindings.milliseconds))
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

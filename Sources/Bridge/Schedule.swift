import AWSCore
import DeviceDefender
import EventLoop
import Logging
import ServiceLifecycle
import Store

/// Looks for what no message tells of, and puts it into the queue when its time has come.
struct Schedule: Service {
    let context: LaneContext
    let loop: EventLoop
    /// How long findings of audits stay current that no audit confirms any more; nil for ever.
    var staleAfter: @Sendable () -> Duration? = { nil }

    private static let interval = Duration.seconds(30)
    /// How many looks at suppressions there are between two looks for findings that Security Hub would soon forget.
    private static let looksBetweenRefreshes = 120

    func run() async {
        await cancelWhenGracefulShutdown {
            var looks = 0
            repeat {
                do throws(StoreError) {
                    try await context.trust.check(by: context.store)
                    try await lookForSuppressions()
                    if looks % Self.looksBetweenRefreshes == 0 { try await lookForStaleFindings() }
                } catch {
                    context.logger.warning(
                        "The store could not be asked for what is due.", metadata: ["reason": "\(error)"])
                }
                looks += 1
            } while (try? await loop.sleep(for: Self.interval)) != nil
        }
    }

    /// Has those suppressions acted on that have ended by themselves.
    func lookForSuppressions() async throws(StoreError) {
        guard let time = context.trust.reliable else { return }
        let now = context.clock()
        for judgement in try await context.store.dueJudgements(by: time, limit: 1000) {
            guard let dueAt = judgement.dueAt else { continue }
            let work = DueWork.suppressionEnded(subject: judgement.subject, at: Timestamp(milliseconds: dueAt))
            _ = try await context.store.append(work.delivery(of: judgement.origin, now: now))
        }
    }

    /// Has findings archived that nothing confirms any more, and others imported again that Security Hub would soon forget.
    func lookForStaleFindings() async throws(StoreError) {
        guard let time = context.trust.reliable else { return }
        let now = context.clock()
        let staleAfter = staleAfter()
        for origin in try await context.store.ledgerOrigins() {
            if try await StaleWalk.isDue(origin, in: context.store, staleAfter: staleAfter) {
                _ = try await context.store.append(DueWork.archiveStale.delivery(of: origin, now: now))
            }
            for refreshed in DueWork.RefreshedKinds.allCases where try await isStale(refreshed, of: origin, time) {
                _ = try await context.store.append(DueWork.refresh(refreshed).delivery(of: origin, now: now))
            }
        }
    }

    private func isStale(
        _ refreshed: DueWork.RefreshedKinds, of origin: Origin, _ now: Int64
    ) async throws(StoreError) -> Bool {
        for kind in refreshed.kinds {
            let oldest = try await context.store.staleLedgerEntries(
                of: origin, kind: kind, before: now.saturatingSubtracting(Planner.refreshAge), after: nil, limit: 1)
            if !oldest.isEmpty { return true }
        }
        return false
    }
}

import AWSCore
import DeviceDefender
import EventLoop
import Logging
import ServiceLifecycle
import Store

/// Looks for what no message tells of, and puts it into the queue when its time has come.
struct TaskScheduler: Service {
    let context: FindingWriter
    let loop: EventLoop
    /// How long findings of audits stay current that no audit confirms any more; nil for ever.
    var staleAfter: @Sendable () -> Duration? = { nil }

    private static let interval = Duration.seconds(30)
    /// How many looks at suppressions there are between two looks for findings that Security Hub would soon forget.
    private static let checksBetweenRefreshes = 120

    func run() async {
        await cancelWhenGracefulShutdown {
            var looks = 0
            repeat {
                do throws(StoreError) {
                    try await context.trust.check(with: context.store)
                    try await scheduleEndedSuppressions()
                    if looks % Self.checksBetweenRefreshes == 0 { try await scheduleStaleFindings() }
                } catch {
                    context.logger.warning(
                        "The store could not be asked for what is due.", metadata: ["reason": "\(error)"])
                }
                looks += 1
            } while (try? await loop.sleep(for: Self.interval)) != nil
        }
    }

    /// Has those suppressions acted on that have ended by themselves.
    func scheduleEndedSuppressions() async throws(StoreError) {
        guard let time = context.trust.trustedTime else { return }
        let now = context.clock()
        for disposition in try await context.store.dueDispositions(by: time, limit: 1000) {
            guard let dueAt = disposition.dueAt else { continue }
            let work = InternalTask.suppressionEnded(subject: disposition.subject, at: Timestamp(milliseconds: dueAt))
            _ = try await context.store.append(work.delivery(of: disposition.accountRegion, now: now))
        }
    }

    /// Has findings archived that nothing confirms any more, and others imported again that Security Hub would soon forget.
    func scheduleStaleFindings() async throws(StoreError) {
        guard let time = context.trust.trustedTime else { return }
        let now = context.clock()
        let staleAfter = staleAfter()
        for accountRegion in try await context.store.ledgerAccountRegions() {
            if try await StaleFindingArchiver.isDue(accountRegion, in: context.store, staleAfter: staleAfter) {
                _ = try await context.store.append(InternalTask.archiveStale.delivery(of: accountRegion, now: now))
            }
            for refreshed in InternalTask.RefreshedKinds.allCases
            where try await isStale(refreshed, of: accountRegion, time) {
                _ = try await context.store.append(
                    InternalTask.refresh(refreshed).delivery(of: accountRegion, now: now))
            }
        }
    }

    private func isStale(
        _ refreshed: InternalTask.RefreshedKinds, of accountRegion: AccountRegion, _ now: Int64
    ) async throws(StoreError) -> Bool {
        for kind in refreshed.kinds {
            let oldest = try await context.store.staleLedgerEntries(
                of: accountRegion, kind: kind, before: now.saturatingSubtracting(Planner.refreshAge), after: nil,
                limit: 1)
            if !oldest.isEmpty { return true }
        }
        return false
    }
}

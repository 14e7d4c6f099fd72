import AWSCore
import DeviceDefender
import Encoding
package import EventLoop
import Logging
import Planning
import ServiceLifecycle
import Store
import Telemetry

/// Queues work that is due by time: suppressions that end, stale findings, and findings that need a refresh.
package struct TaskScheduler: Service {
    package let context: FindingWriter
    package let loop: EventLoop
    /// How long audit findings stay active without a confirming audit; nil for unlimited.
    package var staleAfter: @Sendable () -> Duration? = { nil }

    private static let interval = Duration.seconds(30)
    /// The number of checks for ended suppressions per check for stale findings.
    private static let checksBetweenRefreshes = 120

    package func run() async {
        await cancelWhenGracefulShutdown {
            var checks = 0
            repeat {
                do throws(StoreError) {
                    try await context.trust.check(with: context.store)
                    try await scheduleEndedSuppressions()
                    if checks % Self.checksBetweenRefreshes == 0 { try await scheduleStaleFindings() }
                } catch {
                    context.logger.log(.dueTasksNotRead, [.reason: "\(error)"])
                }
                checks += 1
            } while (try? await loop.sleep(for: Self.interval)) != nil
        }
    }

    /// Queues the suppressions that have expired.
    func scheduleEndedSuppressions() async throws(StoreError) {
        guard let time = context.trust.trustedTime else { return }
        let now = context.clock()
        for disposition in try await context.store.dueDispositions(by: time, limit: 1000) {
            guard let dueAt = disposition.dueAt else { continue }
            let work = InternalTask.suppressionEnded(subject: disposition.subject, at: Timestamp(milliseconds: dueAt))
            _ = try await context.store.append(work.delivery(of: disposition.accountRegion, now: now))
        }
    }

    /// Queues the archiving of findings that no audit confirms, and the refresh of findings that Security Hub would delete.
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

    package init(context: FindingWriter, loop: EventLoop, staleAfter: @escaping @Sendable () -> Duration? = { nil }) {
        self.context = context
        self.loop = loop
        self.staleAfter = staleAfter
    }
}

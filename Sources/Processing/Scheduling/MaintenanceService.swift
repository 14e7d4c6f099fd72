import Encoding
package import EventLoop
import Logging
import Planning
import SecurityFindings
import ServiceLifecycle
import Store
import Telemetry

/// Removes expired entries from the store, and adds data that earlier versions did not store, every ten minutes.
package struct MaintenanceService: Service {
    package let context: FindingWriter
    package let loop: EventLoop
    package let settings: Reloadable<ProcessingSettings>

    private static let interval = Duration.seconds(600)
    /// EventBridge retries for 24 hours; the rest allows for clock skew.
    private static let eventBridgeTimeout = Duration.seconds(26 * 3600)
    /// Security Hub keeps archived findings for 30 days.
    private static let archivedFindings = Duration.seconds(30 * 86_400)
    /// The number of completed deliveries kept for deduplication after Amazon SNS has stopped retrying. From about 32
    /// deliveries per second on, the oldest are removed earlier. An event that EventBridge then retries is processed again,
    /// without effect, because newer observations are known.
    static let completedLimit = 3_000_000
    var completedLimit = Self.completedLimit

    package func run() async {
        await cancelWhenGracefulShutdown {
            repeat {
                await removeExpired()
                await addMissingSeverities()
            } while (try? await loop.sleep(for: Self.interval)) != nil
        }
    }

    /// Adds the severities of findings that an earlier version stored without, in small batches that do not block deliveries.
    private func addMissingSeverities() async {
        do throws(StoreError) {
            while !Task.isCancelled {
                let entries = try await context.store.unlabeledLedgerEntries(limit: Self.severityBatchSize)
                let severities = Dictionary(
                    entries.compactMap { entry in
                        entry.asSent.map { (entry.id, LedgerEntry.Severity($0.severity.label)) }
                    }
                ) { first, _ in first }
                // An unreadable entry is overwritten when Device Defender next reports its finding.
                guard !severities.isEmpty else { return }
                try await context.store.label(severities)
                guard (try? await loop.sleep(for: Self.severityBatchPause)) != nil else { return }
            }
        } catch {
            context.logger.log(.severitiesNotStored, [.reason: "\(error)"])
        }
    }

    private static let severityBatchSize = 500
    private static let severityBatchPause = Duration.milliseconds(50)

    /// Removes expired entries, while the clock is trusted.
    func removeExpired() async {
        do throws(StoreError) {
            try await context.trust.check(with: context.store)
            // With a clock that jumped ahead, everything would be expired.
            guard context.trust.isTrusted else { return }
            let now = context.clock()
            let window = max(Self.eventBridgeTimeout, settings.value.maximumMessageAge * 2)
            var deliveries = try await context.store.purge(
                completedBefore: now.saturatingSubtracting(window.milliseconds))
            deliveries += try await purgeBeyondLimit(now)
            let age = settings.value.maximumDeadLetterAge
            context.deadLetters.recordDropped(
                try await context.store.trimDeadLetters(
                    to: context.deadLetters.limits.value, failedBefore: now.saturatingSubtracting(age.milliseconds)))
            let findings = try await context.store.purgeLedger(
                archivedBefore: now.saturatingSubtracting(Self.archivedFindings.milliseconds))
            let dispositions = try await context.store.purgeDispositions(by: now)
            if deliveries + findings + dispositions > 0 {
                context.logger.log(
                    .oldEntriesDeleted,
                    [
                        .deliveries: .integer(deliveries), .findings: .integer(findings),
                        .dispositions: .integer(dispositions),
                    ])
            }
        } catch {
            context.logger.log(.oldEntriesNotDeleted, [.reason: "\(error)"])
        }
    }

    /// Removes completed deliveries above the limit, except those that Amazon SNS may retry.
    private func purgeBeyondLimit(_ now: Int64) async throws(StoreError) -> Int {
        guard let time = try await context.store.completionTime(beyondNewest: completedLimit) else { return 0 }
        // The maximum age of a message from Amazon SNS, doubled for clock skew.
        let young = now.saturatingSubtracting(settings.value.maximumMessageAge.milliseconds * 2)
        return try await context.store.purge(completedBefore: min(time, young))
    }

    package init(
        context: FindingWriter, loop: EventLoop, settings: Reloadable<ProcessingSettings>,
        completedLimit: Int = MaintenanceService.completedLimit
    ) {
        self.context = context
        self.loop = loop
        self.settings = settings
        self.completedLimit = completedLimit
    }
}

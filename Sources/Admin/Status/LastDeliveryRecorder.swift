import AWSCore
import Encoding
package import EventLoop
package import Logging
import ServiceLifecycle
package import Store
import Telemetry

/// Saves the times of the last deliveries to the store, so that the status page shows them after a restart and those of other bridges.
///
/// Runs periodically: a write for each delivery would slow down intake.
package struct LastDeliveryRecorder: Service {
    let store: any CatchUpStore & StatusStore
    let activity: ActivityLog
    let loop: EventLoop
    let logger: Logger

    private static let interval = Duration.seconds(30)

    /// Records the last deliveries until the shutdown, and a last time then.
    package func run() async {
        let saved = await cancelWhenGracefulShutdown {
            var saved = Saved()
            while (try? await loop.sleep(for: Self.interval)) != nil { saved = await save(after: saved) }
            return saved
        }
        _ = await save(after: saved)
    }

    /// The times in the store.
    struct Saved: Sendable, Hashable {
        var accountRegions: [AccountRegion: Timestamp] = [:]
        var topics: [ARN: Timestamp] = [:]
    }

    /// Saves the times that changed.
    ///
    /// - Parameter saved: the times in the store.
    /// - Returns: the times in the store afterwards.
    func save(after saved: Saved) async -> Saved {
        let seen = activity.snapshot
        let accountRegions = seen.lastDeliveries.filter { saved.accountRegions[$0.key] != $0.value }
        let topics = seen.topicDeliveries.filter { saved.topics[$0.key] != $0.value }
        do throws(StoreError) {
            if !accountRegions.isEmpty { try await store.recordLastDeliveries(accountRegions) }
            if !topics.isEmpty { try await store.recordTopicDeliveries(topics) }
            return Saved(accountRegions: seen.lastDeliveries, topics: seen.topicDeliveries)
        } catch {
            logger.log(.lastDeliveryNotStored, [.reason: "\(error)"])
            return saved
        }
    }

    /// Creates a recorder, which runs on the event loop.
    package init(store: any CatchUpStore & StatusStore, activity: ActivityLog, loop: EventLoop, logger: Logger) {
        self.store = store
        self.activity = activity
        self.loop = loop
        self.logger = logger
    }
}

import AWSCore
import EventLoop
import Logging
import ServiceLifecycle
import Store

/// Keeps in the store when deliveries came last, so that the status page knows it after a restart, and of other bridges.
///
/// Not with each delivery, which would cost the intake a write more.
struct LastDeliveryRecorder: Service {
    let store: any Store
    let activity: ActivityLog
    let loop: EventLoop
    let logger: Logger

    private static let interval = Duration.seconds(30)

    func run() async {
        let saved = await cancelWhenGracefulShutdown {
            var saved: [AccountRegion: Int64] = [:]
            while (try? await loop.sleep(for: Self.interval)) != nil { saved = await save(after: saved) }
            return saved
        }
        _ = await save(after: saved)
    }

    /// Keeps what is new, and returns what is kept then.
    func save(after saved: [AccountRegion: Int64]) async -> [AccountRegion: Int64] {
        let known = activity.snapshot.lastDeliveries
        let changes = known.filter { saved[$0.key] != $0.value }
        guard !changes.isEmpty else { return saved }
        do throws(StoreError) {
            try await store.recordLastDeliveries(changes)
            return known
        } catch {
            logger.debug(
                "It could not be noted when deliveries came last; it is tried again.",
                metadata: [LogMetadataKey.reason: "\(error)"])
            return saved
        }
    }
}

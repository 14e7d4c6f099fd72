import AWSCore
import Logging
import ServiceLifecycle
import Store

/// Runs a service that works with the store once that is open.
struct StoreDependentService: Service {
    let store: OpeningStore
    let service: any Service

    /// - Throws: ``ConfigurationError`` if the store turns out to be unusable.
    func run() async throws {
        let isOpen = try await cancelWhenGracefulShutdown {
            do throws(StoreError) {
                return try await store.waitUntilOpen()
            } catch {
                throw ConfigurationError(error)
            }
        }
        if isOpen { try await service.run() }
    }
}

/// Looks for damage in the store while it is used already; opening looks at little of a large one.
struct IntegrityMonitor: Service {
    let store: any Store
    let logger: Logger

    /// How often a long check is logged, and how long to wait after one that was not possible.
    private static let (interval, pause) = (Duration.seconds(30), Duration.seconds(600))

    /// - Throws: ``ConfigurationError`` if the store is damaged.
    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while try await !check() { try? await Task.sleep(for: Self.pause) }
        }
        // A service that returns ends the bridge.
        try? await gracefulShutdown()
    }

    /// Checks the store, and returns whether that is over.
    private func check() async throws -> Bool {
        let start = ContinuousClock.now
        let progress = ProgressTimer(interval: Self.interval)
        do throws(StoreError) {
            try await store.checkIntegrity { step in
                guard progress.isDue() else { return }
                logger.info(
                    "The store is being checked for damage.",
                    metadata: ["table": "\(step.table)", "row": "\(step.row)", "lastRow": "\(step.lastRow)"])
            }
        } catch {
            guard error.code != .corrupt else { throw ConfigurationError(error) }
            logger.warning(
                "The store could not be checked for damage. The check will be retried.",
                metadata: [LogMetadataKey.reason: "\(error)"])
            return Task.isCancelled
        }
        guard !Task.isCancelled else { return true }
        logger.log(
            level: progress.wasDue ? .info : .debug, "The store was checked for damage; it has none.",
            metadata: [LogMetadataKey.milliseconds: "\((ContinuousClock.now - start).milliseconds)"])
        return true
    }
}

import Encoding
import Logging
import Processing
import ServiceLifecycle
import Store
import Telemetry

/// Runs a service that needs the store as soon as the store is open.
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

/// Checks a store for damage while it is in use: opening a large store checks only a part of it.
struct IntegrityMonitor: Service {
    let store: any Store
    let logger: Logger

    /// The interval of progress messages, and the delay after a failed check.
    private static let (progressInterval, retryDelay) = (Duration.seconds(30), Duration.seconds(600))

    /// - Throws: ``ConfigurationError`` if the store is damaged.
    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while try await !check() { try? await Task.sleep(for: Self.retryDelay) }
        }
        // A service that returns ends the bridge.
        try? await gracefulShutdown()
    }

    /// Checks the store; returns whether the check is complete.
    private func check() async throws -> Bool {
        let start = ContinuousClock.now
        let progress = ProgressTimer(interval: Self.progressInterval)
        do throws(StoreError) {
            try await store.checkIntegrity { step in
                guard progress.isDue() else { return }
                logger.log(
                    .integrityCheckProgress,
                    [.table: .string(step.table), .row: .integer(step.row), .lastRow: .integer(step.lastRow)])
            }
        } catch {
            guard error.code != .corrupt else { throw ConfigurationError(error) }
            logger.log(.integrityCheckFailed, [.reason: "\(error)"])
            return Task.isCancelled
        }
        guard !Task.isCancelled else { return true }
        logger.log(
            .integrityCheckPassed, at: progress.wasDue ? .info : nil,
            [.milliseconds: .integer((ContinuousClock.now - start).milliseconds)])
        return true
    }
}

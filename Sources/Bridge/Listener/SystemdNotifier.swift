import Encoding
import EventLoop
import HTTPServer
import ServiceLifecycle
import Store

/// Notifies the service manager (systemd's `sd_notify` protocol) that the bridge is starting, ready, alive and stopping.
///
/// Must be the last service of the group: services are shut down in reverse order, so that `STOPPING=1` comes first.
struct SystemdNotifier: Service {
    let manager: SystemdManager
    let listener: HTTPServer
    let store: OpeningStore
    /// The event loop that timers run on.
    let loop: EventLoop

    /// How often the start timeout is extended, and by how much.
    private static let (startInterval, startExtension) = (Duration.seconds(5), Duration.seconds(60))

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled, let problem = store.problem, (try? await extendStart(problem)) != nil {}
        }
        guard store.problem == nil else {
            manager.notify("STOPPING=1")
            // Unless a signal ended the bridge, the services that need the store throw the reason why it cannot be opened.
            try? await gracefulShutdown()
            return
        }
        manager.notify("READY=1\nSTATUS=Listening on \(listener.address)")
        await cancelWhenGracefulShutdown {
            guard let limit = manager.watchdogLimit else {
                while (try? await loop.sleep(for: .seconds(86_400))) != nil {}
                return
            }
            repeat {
                // If an event loop hangs, so does this, and the watchdog restarts the bridge.
                await listener.waitForLoops()
                manager.notify("WATCHDOG=1")
            } while (try? await loop.sleep(for: limit / 2)) != nil
        }
        manager.notify("STOPPING=1")
    }

    /// Extends the start timeout and reports why the start is waiting. Returns when the store is open, or after
    /// ``startInterval``.
    private func extendStart(_ problem: StoreError) async throws {
        let microseconds = Self.startExtension.milliseconds * 1000
        let words = problem.message.split(whereSeparator: \.isNewline).joined(separator: " ")
        manager.notify("EXTEND_TIMEOUT_USEC=\(microseconds)\nSTATUS=Listening. Waiting for the store: \(words)")
        try await withThrowingTaskGroup { group in
            group.addTask { _ = try await store.waitUntilOpen() }
            group.addTask { try await loop.sleep(for: Self.startInterval) }
            try await group.next()
            group.cancelAll()
        }
    }
}

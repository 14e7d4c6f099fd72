import AWSCore
import EventLoop
import HTTPServer
import ServiceLifecycle
import Store

/// Tells the service manager, systemd for example, that the bridge is ready, lives, and stops. To be the last of the
/// services, so that its end begins first.
struct SystemdNotifier: Service {
    let manager: SystemdManager
    let listener: HTTPServer
    let store: OpeningStore
    /// A loop to wait on.
    let loop: EventLoop

    /// How often the service manager is told that the start goes on, and how much longer it then waits at least.
    private static let (startInterval, startExtension) = (Duration.seconds(5), Duration.seconds(60))

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled, let problem = store.problem, (try? await extendStart(problem)) != nil {}
        }
        guard store.problem == nil else {
            manager.notify("STOPPING=1")
            // If it is not a signal that ends the bridge, the services that need the store say why it cannot be opened.
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
                // If one of the loops hangs, so does this, and the service manager starts the bridge anew.
                await listener.waitForLoops()
                manager.notify("WATCHDOG=1")
            } while (try? await loop.sleep(for: limit / 2)) != nil
        }
        manager.notify("STOPPING=1")
    }

    /// Has the service manager wait for the start, and shows what the start waits for; returns when it is open, or after some
    /// seconds.
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

import EventLoop
import HTTPServer
import ServiceLifecycle

/// Tells the service manager, systemd for example, that the bridge is ready, lives, and stops. To be the last of the
/// services, so that its end begins first.
struct SupervisedService: Service {
    let manager: ServiceManager
    let listener: HTTPServer
    /// A loop to wait on.
    let loop: EventLoop

    func run() async throws {
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
}

import EventLoop
import Logging
import ServiceLifecycle
import Telemetry

/// Reloads the configuration and the TLS certificate at SIGHUP.
///
/// Settings that can change at run time take effect; changes that need a restart are logged. An invalid configuration
/// changes nothing.
struct ConfigurationReloader: Service {
    /// SIGHUP, as it arrives.
    let hangups: AsyncStream<Void>
    /// Reads the configuration from the same flags, environment and file as at the start.
    let load: @Sendable () throws -> BridgeConfiguration
    let started: BridgeConfiguration
    let running: Reloadable<BridgeConfiguration>
    /// Applies a configuration to all components.
    let apply: @Sendable (BridgeConfiguration) -> Void
    let certificates: TLSCertificateReloader
    let metrics: ProcessMetrics
    let manager: SystemdManager
    let logger: Logger

    func run() async {
        await cancelWhenGracefulShutdown {
            for await _ in hangups {
                manager.notifyReload()
                reload()
                await certificates.reload()
                manager.notify("READY=1")
                if Task.isCancelled { return }
            }
        }
    }

    private func reload() {
        let read: BridgeConfiguration
        do {
            read = try load()
        } catch {
            metrics.reloaded(.failed)
            logger.log(.configurationReloadFailed, [.reason: "\(error)"])
            return
        }
        let reload = ConfigurationReload(started: started, running: running.value, read: read)
        if !reload.applied.isEmpty {
            running.set(read)
            apply(read)
            read.logWarnings(to: logger)
        }
        metrics.reloaded(reload.applied.isEmpty ? .unchanged : .applied)
        if reload.applied.isEmpty {
            logger.log(.configurationUnchanged)
        } else {
            logger.log(.configurationReloaded, [.keys: .string(reload.applied.joined(separator: ","))])
        }
        if !reload.kept.isEmpty {
            logger.log(.restartRequired, [.keys: .string(reload.kept.joined(separator: ","))])
        }
    }
}

extension BridgeConfiguration {
    /// Logs the warnings of the configuration.
    func logWarnings(to logger: Logger) {
        for warning in warnings { logger.log(.configurationWarning, [.reason: "\(warning)"]) }
    }
}

import EventLoop
import Logging
import ServiceLifecycle

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
            logger.error(
                "The configuration that was read again cannot be used; the settings stay as they were.",
                metadata: [LogMetadataKey.reason: "\(error)"])
            return
        }
        let reload = ConfigurationReload(started: started, running: running.value, read: read)
        if !reload.applied.isEmpty {
            running.set(read)
            apply(read)
            read.logWarnings(to: logger)
        }
        metrics.reloaded(reload.applied.isEmpty ? .unchanged : .applied)
        logger.notice(
            reload.applied.isEmpty
                ? "The configuration was read again; nothing changes."
                : "The configuration was read again; what changed is in use.",
            metadata: reload.applied.isEmpty ? nil : ["keys": "\(reload.applied.joined(separator: ","))"])
        if !reload.kept.isEmpty {
            logger.warning(
                "Settings were changed that the bridge takes only when it starts. Restart it to use them.",
                metadata: ["keys": "\(reload.kept.joined(separator: ","))"])
        }
    }
}

extension BridgeConfiguration {
    /// Logs the warnings of the configuration.
    func logWarnings(to logger: Logger) {
        for warning in warnings {
            logger.warning(
                "A configuration setting should be changed.", metadata: [LogMetadataKey.reason: "\(warning)"])
        }
    }
}

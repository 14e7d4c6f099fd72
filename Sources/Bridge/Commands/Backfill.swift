import AWSClient
package import AWSCore
import DeviceDefender
import Encoding
import EventLoop
import Glibc
package import Logging
import Processing
import SNS
import ServiceLifecycle
import Store
package import Telemetry

/// Imports past audits and alarms from Device Defender, and alarms of CloudWatch sources, into Security Hub, for `backfill`.
///
/// The queries are queued. A bridge that serves from the store processes them; if there is none, or the store supports
/// several, this process does. After an interruption, the next bridge continues.
package enum Backfill {
    /// The progress of a backfill.
    package struct Report: Sendable, Hashable {
        /// The number of account-Regions to query.
        package var accountRegions = 0
        /// The number of account-Regions whose queries are complete.
        package var completedQueries = 0
        /// The number of deliveries that are queued or being processed.
        package var remaining = 0
        /// The maximum of ``remaining`` so far.
        package var peak = 0
        /// The number of deliveries dead-lettered since the start.
        package var deadLettered = 0
        /// What the remaining deliveries wait for, for the operator; nil while they are processed.
        package var waitingFor: String?
        /// Whether everything that the queries found is processed.
        package var isComplete = false
    }

    /// SIGTERM or SIGINT interrupted the backfill.
    package struct InterruptionError: Error, CustomStringConvertible {
        /// The message for the operator.
        package let description =
            "backfill interrupted by a signal. The queue is kept; start a bridge or run backfill again to continue."
    }

    private static let pollInterval = Duration.milliseconds(500)

    /// Queues the queries, and waits until everything that they find is processed.
    ///
    /// - Parameters:
    ///   - configuration: the settings.
    ///   - environment: the process's environment, for AWS's own settings.
    ///   - registry: the destination of metrics.
    ///   - logger: the destination of warnings.
    ///   - lookback: how far back to query. AWS keeps audits for 90 days and alarm history for 30.
    ///   - isIncluded: selects account-Regions among those configured.
    ///   - report: called when the progress has changed.
    /// - Returns: the final progress.
    /// - Throws: ``ConfigurationError`` for invalid settings, or if no account-Region is selected;
    ///   ``Interruption`` after SIGTERM or SIGINT.
    package static func run(
        configuration: BridgeConfiguration, environment: [String: String], registry: PrometheusRegistry, logger: Logger,
        lookback: Duration, of isIncluded: @Sendable (AccountRegion) -> Bool,
        report: @escaping @Sendable (Report) -> Void
    ) async throws -> Report {
        var isServed = false
        let runtime = try await BridgeRuntime(
            configuration: configuration, environment: environment, reloadsOnHangup: false,
            openStore: { location in
                let opened = try await StoreFactory.openForProcessing(location)
                isServed = opened.isServed
                return opened.store
            })
        return try await withCleanup {
            let lanes = try await lanes(configuration, runtime, isIncluded)
            // The start is computed from AWS's time. If AWS is not reachable, the first query reports it.
            if let accountRegion = lanes.first?.accountRegion {
                try? await runtime.accounts.client(for: accountRegion).fetchServiceTime(region: accountRegion.region)
            }
            let processing = ProcessingComponents(
                store: runtime.store, clock: AWSClock(loop: runtime.clientLoops[0].loop),
                trust: runtime.clockTrust(isChecked: false, logger), metrics: ProcessingMetrics(registry),
                logger: logger)
            let backfill = BackfillQuery(
                lanes: lanes, lookback: lookback, processing: processing, loop: runtime.mainLoop,
                pollInterval: pollInterval,
                isServed: isServed, report: report)
            let workers = isServed ? nil : workers(processing, runtime, configuration)
            return try await run(backfill, alongside: workers, runtime)
        } cleanup: {
            await runtime.close()
        }
    }

    /// The lanes to query: of Device Defender, and of the sources of Amazon CloudWatch alarms.
    private static func lanes(
        _ configuration: BridgeConfiguration, _ runtime: BridgeRuntime, _ isIncluded: (AccountRegion) -> Bool
    ) async throws -> [DeliveryLane] {
        let settings = configuration.processing
        let served = configuration.topics.accountRegions.union(try await runtime.store.ledgerAccountRegions())
        let lanes = served.union(settings.alarmAccountRegions).filter(isIncluded).flatMap { accountRegion in
            (served.contains(accountRegion) ? [DeliveryLane(accountRegion)] : [])
                + settings.alarmSources(of: accountRegion).map { DeliveryLane(accountRegion, source: $0) }
        }
        guard !lanes.isEmpty else {
            throw ConfigurationError(
                "sns.topics",
                "no topic for the requested account and Region. Add the topic, or change --account and --region."
            )
        }
        guard
            let pause = try await runtime.store.pauses().first(where: { pause in
                lanes.contains { pause.applies(to: $0) }
            })
        else {
            return lanes.sorted()
        }
        throw ConfigurationError(
            "store.url", "sending is paused in this store. Run defender-bridge resume\(pause.scope.options) first.")
    }

    private static func workers(
        _ processing: ProcessingComponents, _ runtime: BridgeRuntime, _ configuration: BridgeConfiguration
    ) -> WorkerPool {
        processing.workers(
            runtime.accounts, Reloadable(configuration.processing), owner: "\(BridgeRuntime.hostName):\(getpid())")
    }

    private static func run(
        _ backfill: BackfillQuery, alongside workers: WorkerPool?, _ runtime: BridgeRuntime
    ) async throws -> Report {
        let work = { () async throws in
            try await runtime.cancelOnSignal(throwing: InterruptionError()) { try await backfill.run() }
        }
        guard let workers else { return try await work() }
        var quiet = backfill.processing.logger
        quiet.logLevel = max(quiet.logLevel, .warning)
        let group = ServiceGroup(services: [workers], logger: quiet)
        let running = Task { try await group.run() }
        return try await withCleanup {
            try await work()
        } cleanup: {
            await group.triggerGracefulShutdown()
            try await running.value
        }
    }
}

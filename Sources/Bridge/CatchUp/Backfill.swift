import AWSClient
public import AWSCore
import DeviceDefender
import EventLoop
import Glibc
public import Logging
import SNS
import ServiceLifecycle
import Store

/// Asks Device Defender for what happened in the past, when an operator wants it, and sees it through to Security Hub.
///
/// What is asked for goes into the queue. A bridge that serves from the store works on it; if none does, or the store
/// takes several, this process does. If it is interrupted, the next bridge goes on.
public enum Backfill {
    /// How far it is.
    public struct Report: Sendable, Hashable {
        /// How many accounts and Regions are being asked about.
        public var accountRegions = 0
        /// Of how many of them everything was found that is to be done.
        public var completedQueries = 0
        /// How many deliveries wait or are being worked on.
        public var remaining = 0
        /// The most that there were left at a time.
        public var peak = 0
        /// How many were given up since it began: they are dead letters.
        public var deadLettered = 0
        /// What the deliveries that are left wait for, for an operator; nil while they are processed.
        public var waitingFor: String?
        /// Whether all that was found is done.
        public var isComplete = false
    }

    /// A signal ended the work before its time.
    public struct InterruptionError: Error, CustomStringConvertible {
        /// What happened, and what follows.
        public let description = "interrupted; what is in the queue is kept, and a bridge on the store goes on with it"
    }

    private static let pollInterval = Duration.milliseconds(500)

    /// Asks for everything since a time, and waits until it is done.
    ///
    /// - Parameters:
    ///   - configuration: the settings.
    ///   - environment: the process's environment, for AWS's own settings.
    ///   - registry: keeps what is counted.
    ///   - logger: where warnings go.
    ///   - lookback: how far back to ask. AWS keeps audits for 90 days and what happened to alarms for 30.
    ///   - isIncluded: which of the accounts and Regions that the configuration serves.
    ///   - report: hears how far it is, each time that it changed.
    /// - Returns: how far it came.
    /// - Throws: ``ConfigurationError`` for settings that turn out to be unusable, or if there is nothing to ask about;
    ///   ``Interruption`` after SIGTERM or SIGINT.
    public static func run(
        configuration: BridgeConfiguration, environment: [String: String], registry: PrometheusRegistry, logger: Logger,
        lookback: Duration, of isIncluded: (AccountRegion) -> Bool, report: @escaping @Sendable (Report) -> Void
    ) async throws -> Report {
        var isServed = false
        let runtime = try await BridgeRuntime(
            configuration: configuration, environment: environment, reloadsOnHangup: false,
            openStore: { location in
                let opened = try await StoreFactory.openForProcessing(location)
                isServed = opened.isServed
                return opened.store
            })
        let result: Result<Report, any Error>
        do {
            let accountRegions = try await accountRegions(configuration, runtime, isIncluded)
            // How far back is reckoned from AWS's time; if AWS cannot be asked, that shows with the first request.
            if let accountRegion = accountRegions.first {
                try? await runtime.accounts.client(for: accountRegion).fetchServiceTime(region: accountRegion.region)
            }
            let context = FindingWriter(
                store: runtime.store, clock: Bridge.now, elapsed: MonotonicClock.milliseconds,
                trust: runtime.clockTrust(isChecked: false, logger), jitter: { .random(in: 0...1) },
                metrics: BridgeMetrics(factory: registry), logger: logger)
            let backfill = BackfillQuery(
                accountRegions: accountRegions, lookback: lookback, context: context, loop: runtime.mainLoop,
                pollInterval: pollInterval,
                isServed: isServed, report: report)
            let workers = isServed ? nil : workers(context, runtime, configuration)
            result = .success(try await run(backfill, alongside: workers, runtime))
        } catch {
            result = .failure(error)
        }
        await runtime.close()
        return try result.get()
    }

    private static func accountRegions(
        _ configuration: BridgeConfiguration, _ runtime: BridgeRuntime, _ isIncluded: (AccountRegion) -> Bool
    ) async throws -> [AccountRegion] {
        let served = configuration.topics.accountRegions.union(try await runtime.store.ledgerAccountRegions())
        let accountRegions = served.filter(isIncluded).sorted()
        guard !accountRegions.isEmpty else {
            throw ConfigurationError(
                "sns.topics", "there is no topic of an account and Region that was asked for; add it, or ask for others"
            )
        }
        guard
            let pause = try await runtime.store.pauses().first(where: { accountRegions.contains(where: $0.applies(to:)) })
        else {
            return accountRegions
        }
        let account = pause.account.map { " --account \($0)" } ?? ""
        throw ConfigurationError(
            "store.url", "deliveries are paused in this store; end that first: defender-bridge resume\(account)")
    }

    private static func workers(
        _ context: FindingWriter, _ runtime: BridgeRuntime, _ configuration: BridgeConfiguration
    ) -> WorkerPool {
        WorkerPool(
            context: context, accounts: runtime.accounts, clock: AWSClock(loop: runtime.clientLoop),
            configuration: Reloadable(configuration), owner: "\(BridgeRuntime.hostName):\(getpid())")
    }

    private static func run(
        _ backfill: BackfillQuery, alongside workers: WorkerPool?, _ runtime: BridgeRuntime
    ) async throws -> Report {
        var quiet = backfill.context.logger
        quiet.logLevel = max(quiet.logLevel, .warning)
        let group = ServiceGroup(services: workers.map { [$0] } ?? [], logger: quiet)
        let work = Task { try await backfill.run() }
        let watching = Task { for await _ in runtime.signals { work.cancel() } }
        let result: Result<Report, any Error>
        if workers == nil {
            result = await work.result
        } else {
            async let running: Void = group.run()
            result = await work.result
            await group.triggerGracefulShutdown()
            try await running
        }
        watching.cancel()
        await watching.value
        guard !work.isCancelled else { throw InterruptionError() }
        return try result.get()
    }
}

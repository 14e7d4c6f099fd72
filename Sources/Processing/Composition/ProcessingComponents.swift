package import AWSClient
import Encoding
package import EventLoop
package import Logging
package import Store

/// The components of processing, composed for the bridge and for backfills.
package struct ProcessingComponents: Sendable {
    /// The store.
    package let store: any Store
    /// The executor and the clock of the workers.
    package let clock: AWSClock
    /// Whether the clock is trusted, and AWS's time.
    package let trust: ClockTrust
    /// The metrics of processing.
    package let metrics: ProcessingMetrics
    /// The destination of log lines.
    package let logger: Logger
    /// Whether the store accepts writes.
    package let readiness: Readiness
    /// The circuit breakers of all accounts and Regions.
    package let circuitBreakers: CircuitBreakers
    /// Outages of the store.
    package let outage: StoreOutageTracker
    /// Keeps dead letters within their limits.
    package let deadLetters: DeadLetterKeeper
    /// Completes, retries and dead-letters deliveries.
    package let completer: DeliveryCompleter
    private let jitter: @Sendable () -> Double
    private let activity: (any ActivityObserver)?

    /// Composes the components.
    ///
    /// - Parameters:
    ///   - clock: the executor and the clock of the workers.
    ///   - trust: whether the clock is trusted, and AWS's time.
    ///   - jitter: returns random numbers from 0 to 1, for delays.
    ///   - activity: receives what happens to deliveries and findings; nil for none.
    package init(
        store: any Store, clock: AWSClock, trust: ClockTrust,
        jitter: @escaping @Sendable () -> Double = { .random(in: 0...1) }, metrics: ProcessingMetrics, logger: Logger,
        activity: (any ActivityObserver)? = nil, deadLetterLimits: DeadLetterLimits = .standard
    ) {
        self.store = store
        self.clock = clock
        self.trust = trust
        self.jitter = jitter
        self.metrics = metrics
        self.logger = logger
        self.activity = activity
        readiness = Readiness(store)
        circuitBreakers = CircuitBreakers(clock: clock.elapsed, logger: logger)
        outage = StoreOutageTracker(logger: logger, clock: clock.elapsed)
        deadLetters = DeadLetterKeeper(limits: deadLetterLimits, metrics: metrics, logger: logger, clock: clock.elapsed)
        completer = DeliveryCompleter(
            queue: store, clock: clock, trust: trust, jitter: jitter, circuitBreakers: circuitBreakers,
            deadLetters: deadLetters, outage: outage, metrics: metrics, activity: activity, logger: logger)
    }

    /// Creates the processors of all accounts and Regions.
    package func processors(_ accounts: AccountClients, _ settings: Reloadable<ProcessingSettings>)
        -> DeliveryProcessors
    {
        DeliveryProcessors(
            accounts: accounts, settings: settings, store: store, clock: clock, trust: trust, completer: completer,
            circuitBreakers: circuitBreakers, metrics: metrics, activity: activity, logger: logger)
    }

    /// Creates the service that queues work that is due by time.
    ///
    /// - Parameter gap: the gaps in which deliveries were deferred.
    package func taskScheduler(_ settings: Reloadable<ProcessingSettings>, gap: OutageTracker) -> TaskScheduler {
        TaskScheduler(
            store: store, clock: clock, trust: trust, settings: settings, circuitBreakers: circuitBreakers, gap: gap,
            logger: logger)
    }

    /// Creates the workers.
    ///
    /// - Parameters:
    ///   - owner: the name of this replica in leases, for operators.
    ///   - grace: how long processing may continue after shutdown begins.
    package func workers(
        _ accounts: AccountClients, _ settings: Reloadable<ProcessingSettings>, owner: String,
        grace: Duration = .seconds(4)
    ) -> WorkerPool {
        WorkerPool(
            store: store, processors: processors(accounts, settings), completer: completer,
            circuitBreakers: circuitBreakers, trust: trust, outage: outage, metrics: metrics, clock: clock,
            jitter: jitter, logger: logger, owner: owner, grace: grace)
    }
}

package import AWSClient
import AWSCore
package import EventLoop
package import Logging
package import Planning
package import Store

/// Creates the processors of all lanes and kinds.
package struct DeliveryProcessors: Sendable {
    let accounts: AccountClients
    let settings: Reloadable<ProcessingSettings>
    private let store: any Store
    private let clock: AWSClock
    private let trust: ClockTrust
    private let completer: DeliveryCompleter
    private let circuitBreakers: CircuitBreakers
    private let metrics: ProcessingMetrics
    private let activity: (any ActivityObserver)?
    private let logger: Logger

    /// Creates the factory.
    ///
    /// - Parameter activity: receives the results for the status page.
    package init(
        accounts: AccountClients, settings: Reloadable<ProcessingSettings>, store: any Store, clock: AWSClock,
        trust: ClockTrust, completer: DeliveryCompleter, circuitBreakers: CircuitBreakers, metrics: ProcessingMetrics,
        activity: (any ActivityObserver)?, logger: Logger
    ) {
        self.accounts = accounts
        self.settings = settings
        self.store = store
        self.clock = clock
        self.trust = trust
        self.completer = completer
        self.circuitBreakers = circuitBreakers
        self.metrics = metrics
        self.activity = activity
        self.logger = logger
    }

    /// Creates the processor of deliveries of one kind in one lane.
    package func processor(of kind: DeliveryCommand.Kind, for lane: DeliveryLane) -> any DeliveryProcessor {
        let client = accounts.client(for: lane.accountRegion)
        switch kind {
        case .alarms:
            return AlarmProcessor(
                store: store, writer: writer(lane, client), completer: completer, settings: settings,
                things: ThingDirectory(
                    client: client, region: lane.accountRegion.region, clock: clock, metrics: metrics),
                metrics: metrics, logger: logger)
        case .audits:
            return AuditProcessor(
                store: store, writer: writer(lane, client), completer: completer, client: client,
                circuitBreakers: circuitBreakers, settings: settings, logger: logger)
        case .mapped:
            return MappedItemProcessor(
                store: store, writer: writer(lane, client), completer: completer, settings: settings, metrics: metrics,
                clock: clock, client: client, logger: logger)
        case .catchUp:
            return CatchUpProcessor(
                accountRegion: lane.accountRegion, store: store, completer: completer, client: client,
                circuitBreakers: circuitBreakers, settings: settings, metrics: metrics, logger: logger)
        }
    }

    private func writer(_ lane: DeliveryLane, _ client: AWSClient) -> FindingWriter {
        let sender = FindingSender(
            lane: lane, client: client, metrics: metrics, circuitBreakers: circuitBreakers, leases: store)
        return FindingWriter(
            sender: sender, queue: store, clock: clock, trust: trust, metrics: metrics, activity: activity,
            logger: logger)
    }
}

import AWSClient
import AWSCore
import Encoding
import EventLoop
import Logging
import Planning
import Store

/// Processes the catch-up deliveries of one account and Region.
struct CatchUpProcessor: DeliveryProcessor {
    let accountRegion: AccountRegion
    let store: any Store
    let completer: DeliveryCompleter
    let client: AWSClient
    let circuitBreakers: CircuitBreakers
    let settings: Reloadable<ProcessingSettings>
    let metrics: ProcessingMetrics
    let logger: Logger

    func process(_ items: [LeasedCommand]) async {
        for (leased, command) in items {
            guard case .catchUp(let since) = command else {
                preconditionFailure("unexpected command for CatchUpProcessor")
            }
            await completer.finish(leased, about: DeliverySubject(command), await outcome(since))
        }
    }

    private func outcome(_ since: Timestamp?) async -> SendOutcome {
        do {
            let query = CatchUpQuery(
                accountRegion: accountRegion, store: store, client: client, mapping: settings.value.mapping,
                logger: logger)
            let reporter = CatchUpReporter(lane: DeliveryLane(accountRegion), metrics: metrics, logger: logger)
            reporter.report(try await query.run(since: since))
            circuitBreakers.recordValidCredentials(DeliveryLane(accountRegion))
            return .imported
        } catch {
            // Audits probe a denial by AWS IoT alone.
            if let error = error as? AWSError, error.suspendedScope == .all {
                circuitBreakers.recordFailure(error, DeliveryLane(accountRegion))
            }
            return SendOutcome(processing: error)
        }
    }
}

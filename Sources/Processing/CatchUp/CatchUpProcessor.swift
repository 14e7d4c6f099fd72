import AWSClient
import AWSCore
import Encoding
import Logging
import Planning
import Store
import Telemetry

/// Processes the catch-up deliveries of one account and Region.
struct CatchUpProcessor: DeliveryProcessor {
    let accountRegion: AccountRegion
    let store: any Store
    let completer: DeliveryCompleter
    let client: AWSClient
    let circuitBreakers: CircuitBreakers
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
            let query = CatchUpQuery(accountRegion: accountRegion, store: store, client: client, logger: logger)
            report(try await query.run(since: since))
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

    private func report(_ result: CatchUpResult) {
        metrics.caughtUp(result)
        for reason in result.denied {
            logger.log(.catchUpAccessDenied, .about(accountRegion, [.reason: .string(reason)]))
        }
        if result.unread > 0 {
            logger.log(.catchUpEntriesNotParsed, .about(accountRegion, [.count: .integer(result.unread)]))
        }
        guard result.audits + result.alarms + result.ends + result.verifications > 0 else { return }
        logger.log(
            .catchUpFoundMissedEvents,
            .about(
                accountRegion,
                [
                    .audits: .integer(result.audits), .alarms: .integer(result.alarms), .ended: .integer(result.ends),
                    .verifications: .integer(result.verifications),
                ]))
    }
}

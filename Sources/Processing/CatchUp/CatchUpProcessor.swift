import AWSClient
import AWSCore
import DeviceDefender
import Encoding
import Logging
import Planning
import Store
import Telemetry

/// Processes the catch-up deliveries of one account and Region.
struct CatchUpProcessor: Sendable {
    let accountRegion: AccountRegion
    let context: FindingWriter
    let client: AWSClient

    /// Processes leased deliveries, in order.
    func process(_ items: [SerialLane.Item]) async {
        for (leased, command) in items {
            guard case .catchUp(let since) = command else {
                preconditionFailure("unexpected command for CatchUpProcessor")
            }
            await context.finish(leased, about: DeliverySubject(command), await outcome(since))
        }
    }

    private func outcome(_ since: Timestamp?) async -> SendOutcome {
        do {
            report(
                try await CatchUpQuery(accountRegion: accountRegion, context: context, client: client).run(since: since)
            )
            context.circuitBreakers.recordValidCredentials(accountRegion)
            return .imported
        } catch let error as AWSError {
            // Audits probe a denial by AWS IoT alone.
            if error.suspendedScope == .all { context.circuitBreakers.recordFailure(error, accountRegion) }
            return SendOutcome(error)
        } catch let error as StoreError {
            return SendOutcome(error)
        } catch {
            return .retryable("\(error)")
        }
    }

    private func report(_ result: CatchUpQuery.Result) {
        context.metrics.caughtUp(result)
        for reason in result.denied {
            context.logger.log(.catchUpAccessDenied, .about(accountRegion, [.reason: .string(reason)]))
        }
        if result.unread > 0 {
            context.logger.log(.catchUpEntriesNotParsed, .about(accountRegion, [.count: .integer(result.unread)]))
        }
        guard result.audits + result.alarms + result.ends + result.verifications > 0 else { return }
        context.logger.log(
            .catchUpFoundMissedEvents,
            .about(
                accountRegion,
                [
                    .audits: .integer(result.audits), .alarms: .integer(result.alarms), .ended: .integer(result.ends),
                    .verifications: .integer(result.verifications),
                ]))
    }
}

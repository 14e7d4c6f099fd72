import AWSClient
import AWSCore
import DeviceDefender
import Logging
import Store

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
        context.metrics.work.caughtUp(result)
        for reason in result.denied {
            context.logger.warning(
                "Device Defender could not be asked for what was missed; allow it in the role's policy.",
                metadata: .about(accountRegion, [LogMetadataKey.reason: "\(reason)"]))
        }
        if result.unread > 0 {
            context.logger.warning(
                "Some of what Device Defender listed was not understood.",
                metadata: .about(accountRegion, ["count": "\(result.unread)"]))
        }
        guard result.audits + result.alarms + result.ends + result.verifications > 0 else { return }
        context.logger.notice(
            "Device Defender told of what no delivery had told of; it is in the queue.",
            metadata: .about(
                accountRegion,
                [
                    "audits": "\(result.audits)", "alarms": "\(result.alarms)", "ended": "\(result.ends)",
                    "verifications": "\(result.verifications)",
                ]))
    }
}

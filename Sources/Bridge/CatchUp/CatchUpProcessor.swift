import AWSClient
import AWSCore
import DeviceDefender
import Logging
import Store

/// Catches up on what no delivery told of, for one account and Region.
struct CatchUpProcessor: Sendable {
    let accountRegion: AccountRegion
    let context: FindingWriter
    let client: AWSClient

    /// Works on deliveries that were leased, in their order.
    func work(_ items: [SerialLane.Item]) async {
        for (leased, work) in items {
            guard case .catchUp(let since) = work else { preconditionFailure("this work belongs elsewhere") }
            await context.finish(leased, about: DeliverySubject(work), await outcome(since))
        }
    }

    private func outcome(_ since: Timestamp?) async -> SendOutcome {
        do {
            report(try await CatchUp(accountRegion: accountRegion, context: context, client: client).run(since: since))
            context.circuitBreakers.signed(accountRegion)
            return .imported
        } catch let error as AWSError {
            // What AWS IoT alone denies is probed by audits, not by this.
            if error.suspendedScope == .everything { context.circuitBreakers.note(error, accountRegion) }
            return SendOutcome(error)
        } catch let error as StoreError {
            return SendOutcome(error)
        } catch {
            return .failed("\(error)")
        }
    }

    private func report(_ found: CatchUp.Found) {
        context.metrics.work.caughtUp(found)
        for reason in found.denied {
            context.logger.warning(
                "Device Defender could not be asked for what was missed; allow it in the role's policy.",
                metadata: .about(accountRegion, [LogMetadataKey.reason: "\(reason)"]))
        }
        if found.unread > 0 {
            context.logger.warning(
                "Some of what Device Defender listed was not understood.",
                metadata: .about(accountRegion, ["count": "\(found.unread)"]))
        }
        guard found.audits + found.alarms + found.ends + found.verifications > 0 else { return }
        context.logger.notice(
            "Device Defender told of what no delivery had told of; it is in the queue.",
            metadata: .about(
                accountRegion,
                [
                    "audits": "\(found.audits)", "alarms": "\(found.alarms)", "ended": "\(found.ends)",
                    "verifications": "\(found.verifications)",
                ]))
    }
}

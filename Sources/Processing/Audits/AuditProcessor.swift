import AWSClient
import AWSCore
import DeviceDefender
import Logging
import Planning
import Store

/// Processes the deliveries about audits and suppressions of one account and Region, one at a time.
struct AuditProcessor: Sendable {
    let accountRegion: AccountRegion
    let context: FindingWriter
    let sender: FindingSender
    let client: AWSClient
    let mapping: MappingOptions

    /// Processes leased deliveries, in order.
    func process(_ items: [SerialLane.Item]) async {
        for (leased, command) in items {
            await context.finish(leased, about: DeliverySubject(command), await outcome(of: command, leased))
        }
    }

    /// Processes a delivery. While AWS IoT denies access, single audits are attempted as probes, and the others wait.
    private func outcome(of command: DeliveryCommand, _ leased: LeasedDelivery) async -> SendOutcome {
        guard case .audit = command else { return await attempt(command, leased) }
        let circuitBreakers = context.circuitBreakers
        let state = circuitBreakers.allow(accountRegion, .audits)
        if state == .open, let denial = circuitBreakers.denial(accountRegion, .audits) {
            return .accessDenied(denial.reason)
        }
        let outcome = await attempt(command, leased)
        switch outcome {
        case .imported, .rejected:
            circuitBreakers.recordSuccess(accountRegion, .audits)
            circuitBreakers.recordValidCredentials(accountRegion)
        case .retryable, .accessDenied, .interrupted: break
        }
        if state == .halfOpen { circuitBreakers.endProbe(accountRegion, .audits) }
        return outcome
    }

    private func attempt(_ command: DeliveryCommand, _ leased: LeasedDelivery) async -> SendOutcome {
        do {
            return try await perform(command, leased).outcome
        } catch let error as UnrecognizedMessageError {
            return .rejected("cannot parse the response of AWS IoT: \(error)")
        } catch let error as AWSError {
            context.circuitBreakers.recordFailure(error, accountRegion)
            return SendOutcome(error)
        } catch let failure as SendError {
            return failure.outcome
        } catch let error as StoreError {
            return SendOutcome(error)
        } catch {
            return .retryable("\(error)")
        }
    }

    private func perform(_ command: DeliveryCommand, _ leased: LeasedDelivery) async throws -> FindingRejections {
        let suppressions = SuppressionApplier(
            accountRegion: accountRegion, context: context, sender: sender, lease: leased.lease)
        switch command {
        case .audit(let taskID):
            let importer = AuditImporter(
                accountRegion: accountRegion, context: context, sender: sender, client: client, mapping: mapping,
                leased: leased)
            return try await importer.importAudit(taskID)
        case .suppression(let disposition, let keepsExpiry):
            return try await suppressions.apply(disposition, keepsExpiry: keepsExpiry)
        case .suppressionEnded(let subject, let time): return try await suppressions.expire(subject, at: time)
        case .refresh(let kinds):
            let refresher = FindingRefresher(accountRegion: accountRegion, context: context, sender: sender)
            return try await refresher.refresh(kinds.kinds, leased.lease)
        case .archiveStale:
            let archiver = StaleFindingArchiver(
                accountRegion: accountRegion, context: context, sender: sender, staleAfter: mapping.staleAfter)
            return try await archiver.archive(leased.lease)
        case .suppressionList:
            var rejections = FindingRejections()
            let list = SuppressionReconciler(
                accountRegion: accountRegion, context: context, client: client, applier: suppressions)
            try await list.apply(&rejections)
            return rejections
        case .alarm, .verification, .violationOver, .catchUp, .ignored:
            preconditionFailure("unexpected command for AuditProcessor")
        }
    }
}

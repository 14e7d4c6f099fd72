import AWSClient
import AWSCore
import DeviceDefender
import Logging
import Store

/// Brings the findings of audits up to date for one account and Region, one delivery at a time.
struct AuditProcessor: Sendable {
    let accountRegion: AccountRegion
    let context: FindingWriter
    let sender: FindingSender
    let client: AWSClient
    let mapping: MappingOptions

    /// Works on deliveries that were leased, in their order.
    func work(_ items: [SerialLane.Item]) async {
        for (leased, work) in items {
            await context.finish(leased, about: DeliverySubject(work), await outcome(of: work, leased))
        }
    }

    /// Works on a delivery; while AWS IoT denies what audits need, one is tried now and then, and the others wait.
    private func outcome(of work: DeliveryCommand, _ leased: LeasedDelivery) async -> SendOutcome {
        guard case .audit = work else { return await attempt(work, leased) }
        let circuitBreakers = context.circuitBreakers
        let admission = circuitBreakers.admit(accountRegion, .audits)
        if admission == .nothing, let denial = circuitBreakers.denial(accountRegion, .audits) {
            return .denied(denial.reason)
        }
        let outcome = await attempt(work, leased)
        switch outcome {
        case .imported, .rejected:
            circuitBreakers.worked(accountRegion, .audits)
            circuitBreakers.signed(accountRegion)
        case .failed, .denied, .interrupted: break
        }
        if admission == .one { circuitBreakers.ended(accountRegion, .audits) }
        return outcome
    }

    private func attempt(_ work: DeliveryCommand, _ leased: LeasedDelivery) async -> SendOutcome {
        do {
            return try await perform(work, leased).outcome
        } catch let error as UnrecognizedMessageError {
            return .rejected("the answer of AWS IoT was not understood: \(error)")
        } catch let error as AWSError {
            context.circuitBreakers.note(error, accountRegion)
            return SendOutcome(error)
        } catch let failure as SendError {
            return failure.outcome
        } catch let error as StoreError {
            return SendOutcome(error)
        } catch {
            return .failed("\(error)")
        }
    }

    private func perform(_ work: DeliveryCommand, _ leased: LeasedDelivery) async throws -> FindingRejections {
        let suppressions = SuppressionApplier(
            accountRegion: accountRegion, context: context, sender: sender, lease: leased.lease)
        switch work {
        case .audit(let taskID):
            let walk = AuditImporter(
                accountRegion: accountRegion, context: context, sender: sender, client: client, mapping: mapping,
                leased: leased)
            return try await walk.walk(taskID)
        case .suppression(let said, let keepsExpiry):
            return try await suppressions.say(said, keepsExpiry: keepsExpiry)
        case .suppressionEnded(let subject, let time): return try await suppressions.end(subject, at: time)
        case .refresh(let kinds):
            let walk = FindingRefresher(accountRegion: accountRegion, context: context, sender: sender)
            return try await walk.refresh(kinds.kinds, leased.lease)
        case .archiveStale:
            let walk = StaleFindingArchiver(
                accountRegion: accountRegion, context: context, sender: sender, staleAfter: mapping.staleAfter)
            return try await walk.archive(leased.lease)
        case .suppressionList:
            var rejections = FindingRejections()
            let list = SuppressionReconciler(
                accountRegion: accountRegion, context: context, client: client, work: suppressions)
            try await list.apply(&rejections)
            return rejections
        case .alarm, .verification, .violationOver, .catchUp, .later: preconditionFailure("this work belongs elsewhere")
        }
    }
}

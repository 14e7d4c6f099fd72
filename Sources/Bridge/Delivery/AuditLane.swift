import AWSClient
import AWSCore
import DeviceDefender
import Logging
import Store

/// Brings the findings of audits up to date for one account and Region, one delivery at a time.
struct AuditLane: Sendable {
    let origin: Origin
    let context: LaneContext
    let sender: FindingSender
    let client: AWSClient
    let mapping: Mapping

    /// Works on deliveries that were leased, in their order.
    func work(_ items: [Lane.Item]) async {
        for (leased, work) in items {
            await context.finish(leased, about: DeliveryTopic(work), await outcome(of: work, leased))
        }
    }

    /// Works on a delivery; while AWS IoT denies what audits need, one is tried now and then, and the others wait.
    private func outcome(of work: Work, _ leased: LeasedDelivery) async -> SendOutcome {
        guard case .audit = work else { return await attempt(work, leased) }
        let standings = context.standings
        let admission = standings.admit(origin, .audits)
        if admission == .nothing, let denial = standings.denial(origin, .audits) { return .denied(denial.reason) }
        let outcome = await attempt(work, leased)
        switch outcome {
        case .imported, .refused:
            standings.worked(origin, .audits)
            standings.signed(origin)
        case .failed, .denied, .interrupted: break
        }
        if admission == .one { standings.ended(origin, .audits) }
        return outcome
    }

    private func attempt(_ work: Work, _ leased: LeasedDelivery) async -> SendOutcome {
        do {
            return try await perform(work, leased).outcome
        } catch let error as UnrecognizedMessage {
            return .refused("the answer of AWS IoT was not understood: \(error)")
        } catch let error as AWSError {
            context.standings.note(error, origin)
            return SendOutcome(error)
        } catch let failure as SendFailure {
            return failure.outcome
        } catch let error as StoreError {
            return SendOutcome(error)
        } catch {
            return .failed("\(error)")
        }
    }

    private func perform(_ work: Work, _ leased: LeasedDelivery) async throws -> Refusals {
        let suppressions = SuppressionWork(origin: origin, context: context, sender: sender, lease: leased.lease)
        switch work {
        case .audit(let taskID):
            let walk = AuditWalk(
                origin: origin, context: context, sender: sender, client: client, mapping: mapping,
                leased: leased)
            return try await walk.walk(taskID)
        case .suppression(let said, let keepsExpiry):
            return try await suppressions.say(said, keepsExpiry: keepsExpiry)
        case .suppressionEnded(let subject, let time): return try await suppressions.end(subject, at: time)
        case .refresh(let kinds):
            let walk = RefreshWalk(origin: origin, context: context, sender: sender)
            return try await walk.refresh(kinds.kinds, leased.lease)
        case .archiveStale:
            let walk = StaleWalk(
                origin: origin, context: context, sender: sender, staleAfter: mapping.staleAfter)
            return try await walk.archive(leased.lease)
        case .suppressionList:
            var refusals = Refusals()
            let list = SuppressionList(origin: origin, context: context, client: client, work: suppressions)
            try await list.apply(&refusals)
            return refusals
        case .alarm, .verification, .violationOver, .catchUp, .later: preconditionFailure("this work belongs elsewhere")
        }
    }
}

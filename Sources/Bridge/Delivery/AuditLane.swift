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

    private func outcome(of work: Work, _ leased: LeasedDelivery) async -> SendOutcome {
        do {
            return try await perform(work, leased).outcome
        } catch let error as UnrecognizedMessage {
            return .refused("the answer of AWS IoT was not understood: \(error)")
        } catch let error as AWSError where error.kind == .notFound || error.kind == .invalid {
            return .refused(error.description)
        } catch let error as AWSError {
            if error.concernsWholeOrigin { context.standings.denied(origin, error.description) }
            return SendOutcome(error)
        } catch let failure as SendFailure {
            return failure.outcome
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
        case .suppressionList:
            var refusals = Refusals()
            let list = SuppressionList(origin: origin, context: context, client: client, work: suppressions)
            try await list.apply(&refusals)
            return refusals
        case .alarm, .verification, .violationOver, .catchUp, .later: preconditionFailure("this work belongs elsewhere")
        }
    }
}

import AWSCore
import DeviceDefender
import Logging
import SecurityFindings
import Store

/// Brings the findings of alarms up to date for one account and Region, many deliveries at a time.
struct AlarmLane: Sendable {
    let origin: Origin
    let context: LaneContext
    let sender: FindingSender

    /// Works on deliveries that were leased, in their order.
    func work(_ items: [Lane.Item]) async {
        var alarms: [(LeasedDelivery, Observation)] = []
        for (leased, work) in items {
            if case .alarm(let observation) = work {
                alarms.append((leased, observation))
                continue
            }
            // What is said about a finding must meet it as the alarms before have made it.
            await importAlarms(alarms)
            alarms = []
            await handle(work, leased)
        }
        await importAlarms(alarms)
    }

    private func importAlarms(_ alarms: [(LeasedDelivery, Observation)]) async {
        guard let (first, _) = alarms.first else { return }
        do throws(StoreError) {
            let ids = Array(Set(alarms.map { $0.1.finding.id }))
            let known = try await context.store.ledgerEntries(ids: ids)
            let changes = Array(Planner.plan(alarms.map(\.1), known: known).values)
            let outcomes = await context.apply(changes, by: sender)
            try await context.record(changes, outcomes, under: first.lease)
            context.metrics.countUnchanged(ids.count - outcomes.count, kind: .violation)
            await withDiscardingTaskGroup { group in
                for (leased, observation) in alarms {
                    let outcome = outcomes[observation.finding.id] ?? .imported
                    group.addTask { await context.finish(leased, outcome) }
                }
            }
        } catch {
            await withDiscardingTaskGroup { group in
                for (leased, _) in alarms { group.addTask { await context.finish(leased, .failed("\(error)")) } }
            }
        }
    }

    private func handle(_ work: Work, _ leased: LeasedDelivery) async {
        do {
            switch work {
            case .alarm, .audit, .suppression: preconditionFailure("this work belongs elsewhere")
            case .verification(let violationID, let verification, let time):
                try await verify(violationID, verification, at: time, leased)
            case .later(let reason):
                context.logger.info(
                    "An event changes nothing before the next audit.",
                    metadata: ["delivery": "\(leased.delivery.id)", "reason": "\(reason)"])
            }
            await context.finish(leased, .imported)
        } catch let error as FindingRefused {
            await context.finish(leased, .refused(error.reason))
        } catch {
            await context.finish(leased, .failed("\(error)"))
        }
    }

    /// Applies what somebody found out about an alarm, once its finding is there.
    private func verify(
        _ violationID: String, _ verification: Verification, at time: Timestamp, _ leased: LeasedDelivery
    ) async throws {
        let id = FindingID.violation(id: violationID, origin: origin)
        guard let known = try await context.store.ledgerEntries(ids: [id])[id] else {
            throw SendFailure(description: "the finding of violation \(violationID) has not come yet")
        }
        if verification.archives, let change = Planner.archive(known, at: time) {
            let outcomes = await context.apply([change], by: sender)
            try await context.record([change], outcomes, under: leased.lease)
            for case .refused(let reason) in outcomes.values { throw FindingRefused(reason: reason) }
            for case .failed(let reason) in outcomes.values { throw SendFailure(description: reason) }
        }
        try await sender.update(id: id, verification)
    }
}

/// Security Hub will never take a finding.
private struct FindingRefused: Error {
    let reason: String
}

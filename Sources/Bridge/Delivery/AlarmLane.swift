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
    func work(_ items: [(leased: LeasedDelivery, work: Work)]) async {
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
        do {
            let ids = alarms.map { $0.1.finding.id }
            let known = try await context.store.ledgerEntries(ids: Array(Set(ids)))
            let changes = Planner.plan(alarms.map(\.1), known: known)
            let outcomes = await sender.send(changes.values.compactMap(\.finding))
            let done = changes.filter { id, change in change.finding == nil || outcomes[id].isImported }
            try await context.store.record(done.values.map(\.entry), under: first.lease)
            context.metrics.count(done.values)
            await withDiscardingTaskGroup { group in
                for (leased, observation) in alarms {
                    let outcome = outcomes[observation.finding.id] ?? .imported
                    group.addTask { await context.finish(leased, outcome) }
                }
            }
        } catch {
            for (leased, _) in alarms { await context.finish(leased, .failed("\(error)")) }
        }
    }

    private func handle(_ work: Work, _ leased: LeasedDelivery) async {
        do {
            switch work {
            case .alarm, .audit: preconditionFailure("this work belongs elsewhere")
            case .verification(let violationID, let state, let words):
                try await verify(violationID, Verification(state: state, words: words), leased)
            case .suppression(let suppression):
                try await suppress(suppression, leased)
            case .later(let reason):
                context.logger.info(
                    "An event changes nothing before the next audit.",
                    metadata: ["delivery": "\(leased.delivery.id)", "reason": "\(reason)"])
            }
            await context.finish(leased, .imported)
        } catch {
            await context.finish(leased, .failed("\(error)"))
        }
    }

    private func verify(_ violationID: String, _ verification: Verification, _ leased: LeasedDelivery) async throws {
        let id = FindingID.violation(id: violationID, origin: origin)
        guard let known = try await context.store.ledgerEntries(ids: [id])[id] else {
            throw NotThereYet(what: "the finding of violation \(violationID)")
        }
        if verification.archives, let change = Planner.archive(known, at: Timestamp(milliseconds: known.eventTime)) {
            try await apply([change], leased)
        }
        try await sender.update(id: id, verification)
    }

    /// Archives the findings that a suppression covers. The next audit says the same, and says when it is over.
    private func suppress(_ suppression: AuditSuppression, _ leased: LeasedDelivery) async throws {
        let id = FindingID.audit(
            check: suppression.check, resource: suppression.resource, reasonCode: nil, origin: origin)
        let now = Timestamp(milliseconds: context.clock())
        var last: LedgerEntry?
        repeat {
            let page = try await context.store.activeLedgerEntries(
                of: origin, kind: .audit, group: suppression.check.name, after: last, limit: 1000)
            let covered = page.filter { $0.id == id || $0.id.hasPrefix(id + "/") }
            try await apply(covered.compactMap { Planner.archive($0, at: now) }, leased)
            last = page.last
        } while last != nil
    }

    private func apply(_ changes: [Change], _ leased: LeasedDelivery) async throws {
        guard !changes.isEmpty else { return }
        let outcomes = await sender.send(changes.compactMap(\.finding))
        try await context.store.record(
            changes.filter { outcomes[$0.entry.id].isImported }.map(\.entry), under: leased.lease)
        for case .failed(let reason) in outcomes.values { throw SendFailure(description: reason) }
        for case .refused(let reason) in outcomes.values { throw SendFailure(description: reason) }
    }
}

/// Something that an event is about has not come yet.
struct NotThereYet: Error, CustomStringConvertible {
    let what: String

    /// In words.
    var description: String { "\(what) has not come yet" }
}

/// Why findings did not reach Security Hub.
struct SendFailure: Error, CustomStringConvertible {
    let description: String
}

extension SendOutcome? {
    var isImported: Bool {
        if case .imported = self { true } else { false }
    }
}

import AWSClient
import AWSCore
import DeviceDefender
import JSON
import Logging
import SecurityFindings
import Store

/// Brings the findings of audits up to date for one account and Region, one audit at a time, one page at a time.
struct AuditLane: Sendable {
    let origin: Origin
    let context: LaneContext
    let sender: FindingSender
    let client: AWSClient
    let checkSummaries: Bool

    /// Walks a finished audit.
    func work(_ notified: AuditTask, _ leased: LeasedDelivery) async {
        do {
            let description = try await client.describeAuditTask(id: notified.id, region: origin.region)
            let task = try AuditTask(id: notified.id, description: description)
            let refusals = try await walk(task, leased)
            if let first = refusals.first {
                let more = refusals.count > 1 ? " (and \(refusals.count - 1) more findings)" : ""
                await context.finish(leased, .refused(first + more))
            } else {
                await context.finish(leased, .imported)
            }
        } catch let error as UnrecognizedMessage {
            await context.finish(leased, .refused("the answer of AWS IoT was not understood: \(error)"))
        } catch let error as AWSError where error.kind == .notFound {
            await context.finish(leased, .refused(error.description))
        } catch {
            await context.finish(leased, .failed("\(error)"))
        }
    }

    /// Returns why findings were refused, for each that was.
    private func walk(_ task: AuditTask, _ leased: LeasedDelivery) async throws -> [String] {
        let completed = Set(task.checks.filter(\.status.isComplete).map(\.check.name))
        var refusals: [String] = []
        var token: String?
        repeat {
            let page = try await client.listAuditFindings(
                taskID: task.id, checkName: nil, region: origin.region, nextToken: token)
            refusals += try await apply(observations(page.findings, task, completed), leased)
            guard page.nextToken == nil || page.nextToken != token else {
                throw SendFailure(description: "AWS IoT repeats a page of the audit's findings")
            }
            token = page.nextToken
        } while token != nil
        if checkSummaries {
            let summaries = task.checks.map { result in
                Observation(
                    summaryOf: result, task: task,
                    finding: SecurityFinding(summaryOf: result, task: task, origin: origin))
            }
            refusals += try await apply(summaries, leased)
        }
        for check in completed.sorted() { refusals += try await archiveGone(from: check, task, leased) }
        return refusals
    }

    private func observations(
        _ page: [JSON], _ task: AuditTask, _ completed: Set<String>
    ) throws(UnrecognizedMessage) -> [Observation] {
        var observations: [Observation] = []
        for json in page {
            let auditFinding = try AuditFinding(json)
            guard completed.contains(auditFinding.check.name) else { continue }
            let finding = SecurityFinding(auditFinding: auditFinding, task: task, origin: origin)
            observations.append(Observation(auditFinding, task: task, finding: finding))
        }
        return observations
    }

    private func apply(_ observations: [Observation], _ leased: LeasedDelivery) async throws -> [String] {
        let known = try await context.store.ledgerEntries(ids: Array(Set(observations.map(\.finding.id))))
        let changes = Planner.plan(observations, known: known)
        context.metrics.countUnchanged(
            observations.count - changes.values.filter { $0.finding != nil }.count, kind: .audit)
        return try await apply(Array(changes.values), leased)
    }

    /// Sends and records changes; returns why findings were refused, for each that was.
    private func apply(_ changes: [Change], _ leased: LeasedDelivery) async throws -> [String] {
        let outcomes = await sender.send(changes.compactMap(\.finding))
        let done = changes.filter { $0.finding == nil || outcomes[$0.entry.id].isImported }
        try await context.store.record(done.map(\.entry), under: leased.lease)
        context.metrics.count(done)
        for case .failed(let reason) in outcomes.values { throw SendFailure(description: reason) }
        return outcomes.values.compactMap { if case .refused(let reason) = $0 { reason } else { nil } }
    }

    /// Archives the findings of a check that the audit completed and did not see.
    private func archiveGone(from check: String, _ task: AuditTask, _ leased: LeasedDelivery) async throws -> [String] {
        var refusals: [String] = []
        var last: LedgerEntry?
        repeat {
            let page = try await context.store.activeLedgerEntries(
                of: origin, kind: .audit, group: check, after: last, limit: 1000)
            let gone = page.filter { $0.eventTime < task.startTime.milliseconds }
            refusals += try await apply(gone.compactMap { Planner.archive($0, at: task.startTime) }, leased)
            last = page.last
        } while last != nil
        return refusals
    }
}

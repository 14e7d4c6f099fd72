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

    /// Works on deliveries that were leased, in their order.
    func work(_ items: [Lane.Item]) async {
        for (leased, work) in items {
            switch work {
            case .audit(let task): await finish(leased) { try await walk(task.id, leased) }
            case .suppression(let suppression, let time):
                await finish(leased) { try await suppress(suppression, at: time, leased) }
            case .alarm, .verification, .later: preconditionFailure("this work belongs elsewhere")
            }
        }
    }

    /// Does the work on a delivery, which returns why findings were refused, by their ids, and ends it.
    private func finish(_ leased: LeasedDelivery, _ work: () async throws -> [String: String]) async {
        do {
            let refusals = try await work().sorted { $0.key < $1.key }
            if let first = refusals.first {
                let more = refusals.count > 1 ? " (and \(refusals.count - 1) more findings)" : ""
                await context.finish(leased, .refused("\(first.key): \(first.value)\(more)"))
            } else {
                await context.finish(leased, .imported)
            }
        } catch let error as UnrecognizedMessage {
            await context.finish(leased, .refused("the answer of AWS IoT was not understood: \(error)"))
        } catch let error as AWSError where error.kind == .notFound || error.kind == .invalid {
            await context.finish(leased, .refused(error.description))
        } catch {
            await context.finish(leased, .failed("\(error)"))
        }
    }

    // MARK: Audits

    /// Walks a finished audit.
    private func walk(_ taskID: String, _ leased: LeasedDelivery) async throws -> [String: String] {
        let description = try await client.describeAuditTask(id: taskID, region: origin.region)
        let task = try AuditTask(id: taskID, description: description)
        guard task.status != .inProgress else {
            throw SendFailure(description: "AWS IoT says that the audit has not ended")
        }
        let completed = try await current(task)
        var refusals: [String: String] = [:]
        var unread: [String: String] = [:]
        for try await page in client.auditFindings(taskID: task.id, region: origin.region) {
            let observations = read(page.elements, task, completed, unread: &unread)
            refusals.merge(try await apply(observations, leased)) { first, _ in first }
        }
        if checkSummaries {
            let summaries = task.checks.map { result in
                Observation(
                    summaryOf: result, task: task,
                    finding: SecurityFinding(summaryOf: result, task: task, origin: origin))
            }
            refusals.merge(try await apply(summaries, leased)) { first, _ in first }
        }
        // What could not be read may be any of those that seem to be gone.
        guard unread.isEmpty else { return refusals.merging(unread) { first, _ in first } }
        for check in completed.sorted() {
            let gone = try await archiveGone(from: check, task, sparing: Set(refusals.keys), leased)
            refusals.merge(gone) { first, _ in first }
        }
        let marks = completed.map { AuditMark(check: $0, origin: origin).entry(startTime: task.startTime) }
        try await context.store.record(marks, under: leased.lease)
        return refusals
    }

    /// The checks that the audit completed, without those of which a newer audit was applied.
    private func current(_ task: AuditTask) async throws -> Set<String> {
        let completed = Set(task.checks.filter(\.status.isComplete).map(\.check.name))
        let marks = try await context.store.ledgerEntries(
            ids: completed.map { AuditMark(check: $0, origin: origin).id })
        return completed.filter { check in
            guard let mark = marks[AuditMark(check: check, origin: origin).id] else { return true }
            return mark.eventTime <= task.startTime.milliseconds
        }
    }

    /// Reads the findings of a page that are of certain checks; of those that cannot be read, adds why.
    private func read(
        _ page: [JSON], _ task: AuditTask, _ checks: Set<String>, unread: inout [String: String]
    ) -> [Observation] {
        var observations: [Observation] = []
        for json in page {
            do throws(UnrecognizedMessage) {
                let auditFinding = try AuditFinding(json)
                guard checks.contains(auditFinding.check.name) else { continue }
                let finding = SecurityFinding(auditFinding: auditFinding, task: task, origin: origin)
                observations.append(Observation(auditFinding, task: task, finding: finding))
            } catch {
                unread[json["findingId"]?.string ?? "a finding without an id"] =
                    "the audit finding was not understood: \(error.reason)"
            }
        }
        return observations
    }

    private func apply(_ observations: [Observation], _ leased: LeasedDelivery) async throws -> [String: String] {
        guard !observations.isEmpty else { return [:] }
        let ids = Array(Set(observations.map(\.finding.id)))
        let known = try await context.store.ledgerEntries(ids: ids)
        let changes = Planner.plan(observations, known: known)
        let unchanged = observations.filter { changes[$0.finding.id]?.finding == nil }
        for (kind, same) in Dictionary(grouping: unchanged, by: \.kind) {
            context.metrics.countUnchanged(same.count, kind: kind)
        }
        return try await apply(Array(changes.values), leased)
    }

    /// Sends and records changes; returns why findings were refused, by their ids.
    private func apply(_ changes: [Change], _ leased: LeasedDelivery) async throws -> [String: String] {
        let outcomes = await context.apply(changes, by: sender)
        try await context.record(changes, outcomes, under: leased.lease)
        for case .failed(let reason) in outcomes.values { throw SendFailure(description: reason) }
        return outcomes.compactMapValues { if case .refused(let reason) = $0 { reason } else { nil } }
    }

    /// Archives the findings of a check that the audit completed and did not see.
    ///
    /// - Parameter refused: the ids of those that it saw and Security Hub did not take: the ledger has them as before.
    private func archiveGone(
        from check: String, _ task: AuditTask, sparing refused: Set<String>, _ leased: LeasedDelivery
    ) async throws -> [String: String] {
        try await archive(of: check, at: task.startTime, leased) {
            $0.eventTime < task.startTime.milliseconds && !refused.contains($0.id)
        }
    }

    // MARK: Suppressions

    /// Archives the findings that a suppression covers. The next audit says the same, and says when it is over.
    private func suppress(
        _ suppression: AuditSuppression, at time: Timestamp, _ leased: LeasedDelivery
    ) async throws -> [String: String] {
        try await archive(of: suppression.check.name, at: time, leased) { entry in
            // The suppression knows of no reason codes, and the finding's id may hold one.
            let fields = (try? JSON(parsing: entry.finding))?["ProductFields"]
            return entry.id
                == FindingID.audit(
                    check: suppression.check, resource: suppression.resource,
                    reasonCode: fields?["ReasonForNonComplianceCode"]?.string, origin: origin)
        }
    }

    private func archive(
        of check: String, at time: Timestamp, _ leased: LeasedDelivery, where isOver: (LedgerEntry) -> Bool
    ) async throws -> [String: String] {
        var refusals: [String: String] = [:]
        var last: LedgerEntry?
        repeat {
            let page = try await context.store.activeLedgerEntries(
                of: origin, kind: .audit, group: check, after: last, limit: 1000)
            let changes = page.filter(isOver).compactMap { Planner.archive($0, at: time) }
            refusals.merge(try await apply(changes, leased)) { first, _ in first }
            last = page.last
        } while last != nil
        return refusals
    }
}

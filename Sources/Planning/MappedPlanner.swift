package import Encoding
import SecurityFindings
package import Store

/// Derives changes of findings from the reports of mapped sources and the ledger. Pure functions without clock, store or
/// network.
///
/// The newest report wins, independent of order and repetition; see ``ReportOrder``. The archival of a group counts
/// like a report of each finding in it.
package enum MappedPlanner {
    /// A report about one finding.
    struct FindingReport {
        let finding: SecurityFinding
        let group: String?
        let order: ReportOrder
        let acceptedAt: Timestamp
    }

    /// Plans the change of one finding.
    ///
    /// - Parameters:
    ///   - reports: at least one.
    ///   - known: its ledger entry; nil if it has none.
    ///   - archivals: the archivals of groups, by subject.
    /// - Returns: nil if neither the finding nor the ledger changes. A change without a finding is a report that changes
    ///   nothing else, see ``Store/LedgerUpdate/reports``.
    static func plan(
        _ reports: [FindingReport], in lane: DeliveryLane, known: LedgerEntry?, archivals: [String: GroupArchival],
        mapping: MappingOptions, now: Timestamp
    ) -> Change? {
        guard let source = lane.source, let first = reports.first else { return nil }
        let newest = reports.dropFirst().reduce(first) { $1.order.isNewer(than: $0.order) ? $1 : $0 }
        let lastReportedAt = reports.map(\.acceptedAt).reduce(known?.report?.lastReportedAt ?? .earliest, max)
        let order = known.flatMap { ReportOrder(of: $0) }
        // An equal order is that of the same report: its delivery is retried, and may not have been sent.
        if let known, let order, order.isNewer(than: newest.order) {
            guard Planner.isOutdated(known, disposition: nil, filter: mapping.filter, now: now) else {
                return reported(known, order, known.lastObservedAt, lastReportedAt)
            }
            return filtered(known, order, lastReportedAt, mapping, now)
        }
        var finding = mapping.completing(newest.finding, known: known)
        finding.createdAt = known?.createdAt ?? finding.createdAt
        let (observed, last) = (reports.map(\.finding.firstObservedAt), reports.map(\.finding.lastObservedAt))
        finding.firstObservedAt = observed.reduce(known?.firstObservedAt ?? finding.firstObservedAt, min)
        finding.lastObservedAt = last.reduce(known?.lastObservedAt ?? finding.lastObservedAt, max)
        let subject = newest.group.map { GroupArchival.subject(of: $0, in: lane) } ?? finding.id
        let isArchived = archivals[subject]?.order.isNewer(than: newest.order) ?? false
        let facts = Facts(
            mapped: GroupArchival.ledgerGroup(of: newest.group, source: source), subject: subject,
            condition: finding.recordState == .active && !isArchived ? .present : .over, order: newest.order,
            report: SourceReport(
                source: source, lastReportedAt: lastReportedAt, sequence: newest.order.sequence))
        let isHidden = mapping.filter.hides(finding, facts)
        let change = Planner.reconcile(finding, facts, known, .none, now, isHidden: isHidden)
        guard change.finding == nil, let known, change.entry.condition == known.condition else { return change }
        if isHidden {
            guard FindingContent(stored: change.entry.finding) == FindingContent(stored: known.finding) else {
                return change
            }
        } else if known.updatedAt < now - Planner.refreshAge {
            // Security Hub may have deleted a finding that was not reported for long, and so not refreshed.
            return Planner.send(finding, facts, known, now)
        }
        return reported(known, newest.order, finding.lastObservedAt, lastReportedAt)
    }

    /// Plans the change of a finding whose filter has changed.
    private static func filtered(
        _ known: LedgerEntry, _ order: ReportOrder, _ lastReportedAt: Timestamp, _ mapping: MappingOptions,
        _ now: Timestamp
    ) -> Change? {
        let known = known.reported(order, lastObservedAt: known.lastObservedAt, at: lastReportedAt)
        guard let sent = known.asSent else { return nil }
        let facts = Facts(of: known)
        return Planner.reconcile(
            mapping.completing(sent, known: known), facts, known, .none, now,
            isHidden: mapping.filter.hides(sent, facts))
    }

    private static func reported(
        _ known: LedgerEntry, _ order: ReportOrder, _ lastObservedAt: Timestamp, _ lastReportedAt: Timestamp
    ) -> Change? {
        let entry = known.reported(order, lastObservedAt: lastObservedAt, at: lastReportedAt)
        return entry == known ? nil : Change(finding: nil, entry: entry)
    }

    /// Plans the archival of a finding with its group. Nil if it is archived, or if a newer report exists.
    package static func archive(_ known: LedgerEntry, by archival: GroupArchival, now: Timestamp) -> Change? {
        guard let order = ReportOrder(of: known), archival.order.isNewer(than: order) else { return nil }
        return archive(known, now: now)
    }

    /// Plans the archival of a finding that was not reported since a time. Nil if it is archived, or was reported. The
    /// next report makes it active again, even one with the same time: its order is unchanged.
    package static func expire(_ known: LedgerEntry, reportedBefore time: Timestamp, now: Timestamp) -> Change? {
        guard let report = known.report, report.lastReportedAt < time else { return nil }
        return end(known, now: now)
    }

    /// Plans the archival of a finding whose problem is over by other means than a report. Nil if it is archived. The next
    /// report makes it active again, even one with the same time: its order is unchanged.
    static func end(_ known: LedgerEntry, now: Timestamp) -> Change? {
        known.condition == .over ? nil : archive(known, now: now)
    }

    private static func archive(_ known: LedgerEntry, now: Timestamp) -> Change? {
        // An archival that is not confirmed as sent is sent again.
        guard known.condition != .over || !known.isSent, let finding = known.asSent else { return nil }
        return Planner.reconcile(finding, Facts(of: known, condition: .over), known, .none, now)
    }

    /// Plans the import of an unchanged finding of a source that still reports it, so that Security Hub does not delete
    /// it. Nil for findings of other sources.
    package static func refresh(
        _ known: LedgerEntry, of source: String, mapping: MappingOptions = MappingOptions(), now: Timestamp
    ) -> Change? {
        guard let report = known.report, report.source == source else { return nil }
        guard !known.isSent || report.lastReportedAt >= now - Planner.refreshAge else { return nil }
        return Planner.refresh(known, mapping: mapping, now: now)
    }
}

extension LedgerEntry {
    /// A copy with another report.
    fileprivate func reported(_ order: ReportOrder, lastObservedAt: Timestamp, at time: Timestamp) -> LedgerEntry {
        var report = report
        report?.lastReportedAt = time
        report?.sequence = order.sequence
        return LedgerEntry(
            id: id, accountRegion: accountRegion, kind: kind, group: group, subject: subject, createdAt: createdAt,
            updatedAt: updatedAt, eventTime: order.time ?? .earliest, firstObservedAt: firstObservedAt,
            lastObservedAt: lastObservedAt, condition: condition, recordState: recordState, severity: severity,
            finding: finding, digest: digest, report: report, isSent: isSent)
    }
}

package import Encoding
package import SecurityFindings
package import Store

/// The changes that follow from several items of one mapped source in one account-Region, independent of their order. A
/// pure value.
package struct MappedBatchPlanner {
    /// The changes of findings that are sent or hidden by a filter, at most one for each finding.
    package let changes: [Change]
    /// The ledger entries of findings whose reports change nothing else.
    package let reports: [LedgerEntry]
    /// The archivals of groups by these items: the findings of these groups in the ledger must be archived.
    package let archivals: [GroupArchival]
    /// The severities of the reported findings that are up to date in Security Hub.
    package let unchanged: [SecurityFinding.Severity.Label]
    /// The severities of the reported findings that a filter keeps out of Security Hub, by id.
    package let filtered: [String: SecurityFinding.Severity.Label]
    /// The archivals that are not in the store yet, as dispositions.
    package let newDispositions: [Disposition]

    /// The ids of the reported findings.
    package static func ids(of items: [MappedReport]) -> [String] {
        Array(
            Set(
                items.compactMap { item in
                    if case .finding(let finding, _) = item.content { finding.id } else { nil }
                }))
    }

    /// The subjects of the dispositions of the groups of items.
    package static func subjects(of items: [MappedReport], in lane: DeliveryLane) -> [String] {
        let groups = items.compactMap { item in
            switch item.content {
            case .finding(_, let group): group
            case .groupArchived(let group): group
            }
        }
        return Set(groups).map { GroupArchival.subject(of: $0, in: lane) }
    }

    /// - Parameters:
    ///   - items: the reports of the source, in any order.
    ///   - known: the ledger's entries of the findings, by id.
    ///   - dispositions: the stored dispositions of the groups, by subject.
    ///   - mapping: the options for findings.
    package init(
        _ items: [MappedReport], in lane: DeliveryLane, known: [String: LedgerEntry],
        dispositions: [String: Disposition], mapping: MappingOptions = MappingOptions(), now: Timestamp
    ) {
        var findings: [String: [MappedPlanner.FindingReport]] = [:]
        var archived: [String: GroupArchival] = [:]
        for item in items {
            switch item.content {
            case .finding(let finding, let group):
                findings[finding.id, default: []].append(
                    MappedPlanner.FindingReport(
                        finding: finding, group: group, order: item.order, acceptedAt: item.acceptedAt))
            case .groupArchived(let group):
                let archival = GroupArchival(
                    subject: GroupArchival.subject(of: group, in: lane), order: item.order)
                if archival.isNewer(than: archived[archival.subject]) { archived[archival.subject] = archival }
            }
        }
        let stored = dispositions.compactMapValues { GroupArchival($0) }
        let current = stored.merging(archived) { $1.isNewer(than: $0) ? $1 : $0 }
        let planned = findings.sorted { $0.key < $1.key }.map { id, reports in
            let change = MappedPlanner.plan(
                reports, in: lane, known: known[id], archivals: current, mapping: mapping, now: now)
            return (id: id, change: change, severity: reports[0].finding.severity.label)
        }
        changes = planned.compactMap(\.change).filter { !$0.isReport(after: known[$0.entry.id]) }
        reports = planned.compactMap(\.change).filter { $0.isReport(after: known[$0.entry.id]) }.map(\.entry)
        let same = planned.filter { $0.change?.finding == nil }
        let hidden = same.filter { ($0.change?.entry ?? known[$0.id]).map(mapping.filter.hides) ?? false }
        filtered = Dictionary(hidden.map { ($0.id, $0.severity) }) { first, _ in first }
        let filtered = self.filtered
        unchanged = same.filter { filtered[$0.id] == nil }.map(\.severity)
        archivals = archived.values.sorted { $0.subject < $1.subject }
        newDispositions = archivals.filter { $0.isNewer(than: stored[$0.subject]) }
            .map { $0.disposition(in: lane, now: now) }
    }
}

extension Change {
    /// Whether the change is a report that changes nothing else.
    fileprivate func isReport(after known: LedgerEntry?) -> Bool {
        finding == nil && known?.finding == entry.finding && known?.condition == entry.condition
    }
}

import AWSCore
import DeviceDefender
import Encoding
import Planning
import SecurityFindings
import Store

/// Updates the summaries of an audit's checks, and archives outdated ones.
struct SummaryWriter: Sendable {
    let store: any Store
    let writer: FindingWriter
    let mapping: MappingOptions
    let lease: Lease

    private var accountRegion: AccountRegion { writer.accountRegion }

    /// Updates the summaries of an audit.
    ///
    /// - Parameter completions: the known completions of the checks, including the audit itself.
    /// - Returns: the findings that Security Hub rejected.
    func summarize(_ task: AuditTask, _ completions: [String: CheckCompletion]) async throws -> FindingRejections {
        let summaries = SummaryRules.observations(of: task, completions) { result in
            SecurityFinding(summaryOf: result, task: task, accountRegion: accountRegion, severities: mapping.severities)
        }
        let known = try await store.ledgerEntries(ids: summaries.map(\.finding.id))
        let now = writer.now
        let changes = PlannedChanges(
            summaries.compactMap {
                Planner.plan([$0], known: known[$0.finding.id], disposition: nil, mapping: mapping, now: now)
            }, known: known)
        let outcomes = try await writer.write(changes, under: lease)
        try await writer.updateFields(of: changes.all.map(\.entry), after: outcomes, mapping, under: lease)
        writer.countUnchanged(summaries, changes, mapping.filter)
        var rejections = FindingRejections()
        try rejections.add(outcomes)
        return rejections
    }

    /// Archives the summaries of other audits that an audit outdates.
    ///
    /// - Returns: the findings that Security Hub rejected.
    func archiveOthers(_ task: AuditTask) async throws -> FindingRejections {
        var rejections = FindingRejections()
        for result in task.checks {
            switch SummaryRules.Ended(result.status) {
            case .all:
                rejections.add(
                    try await unseen.archive(
                        .summary, of: result.check.name, before: task.startTime, at: task.startTime
                    ).rejections)
            case .onDemand:
                let id = FindingID.summary(check: result.check, scheduledAuditName: nil, accountRegion: accountRegion)
                let known = try await store.ledgerEntries(ids: [id]).values
                rejections.add(
                    try await unseen.archive(
                        known.filter { $0.eventTime < task.startTime }, at: task.startTime))
            case .none: continue
            }
        }
        return rejections
    }

    private var unseen: UnseenFindingArchiver {
        UnseenFindingArchiver(ledger: store, writer: writer, lease: lease)
    }
}

import DeviceDefender
package import Encoding
import JSON
package import SecurityFindings
package import Store

/// A change of one finding.
package struct Change: Sendable, Hashable {
    /// The finding to import; nil if Security Hub already has it in this form.
    package var finding: SecurityFinding?
    /// The ledger entry after the import.
    package var entry: LedgerEntry
}

/// Changes of different findings that are written together.
package struct PlannedChanges: Sendable {
    /// The changes, each of another finding.
    package let all: [Change]
    /// The changes that are sent to Security Hub.
    package let toBeSent: [Change]
    /// The previous ledger entries of the findings, by id.
    package let known: [String: LedgerEntry]

    /// Creates a set of changes.
    package init(_ all: [Change], known: [String: LedgerEntry]) {
        self.all = all
        toBeSent = all.filter { $0.finding != nil }
        self.known = known
    }
}

/// Derives changes of findings from observations, dispositions and the ledger. Pure functions without clock, store or
/// network.
///
/// The newest report wins, independent of order and repetition. Reports older than the applied one change nothing.
package enum Planner {
    /// Plans the change of one finding.
    ///
    /// - Parameters:
    ///   - observations: the observations of the finding, in order of arrival; may be empty.
    ///   - known: its ledger entry; nil if it has none.
    ///   - disposition: the disposition of its subject.
    ///   - mapping: the options for findings.
    ///   - thing: the attributes of the thing that the finding is about, if they are needed and known.
    ///   - now: the present time.
    /// - Returns: nil if neither the finding nor the ledger changes.
    package static func plan(
        _ observations: [Observation], known: LedgerEntry?, disposition: Disposition?,
        mapping: MappingOptions = MappingOptions(), thing: ThingAttributes? = nil, now: Timestamp
    ) -> Change? {
        let disposition = DispositionChange(disposition)
        var newest: Observation?
        for observation in observations where isNewest(observation, comparedWith: newest, known) {
            newest = observation.mergingTimes(of: newest, known)
        }
        let (finding, facts): (SecurityFinding, Facts)
        if let newest {
            (finding, facts) = (newest.finding, Facts(of: newest))
        } else if let known, needsReconciling(known, disposition, mapping.filter, now), let sent = known.asSent {
            (finding, facts) = (sent, Facts(of: known))
        } else {
            return nil
        }
        let change = reconcile(
            mapping.completing(finding, known: known, thing: thing), facts, known, disposition, now,
            isHidden: mapping.filter.hides(finding, facts))
        return change.entry == known ? nil : change
    }

    /// Plans the end of a finding that a complete audit no longer lists. Nil if it has ended before, or if a newer
    /// report exists.
    ///
    /// - Parameter time: the start of the audit.
    package static func end(_ known: LedgerEntry, at time: Timestamp, now: Timestamp) -> Change? {
        guard known.condition != .over, known.eventTime <= time, let finding = known.asSent else {
            return nil
        }
        return reconcile(finding, Facts(of: known, condition: .over, time: time), known, DispositionChange(nil), now)
    }

    /// Whether Security Hub has a finding in another state than follows from the ledger, the disposition and the filter:
    /// the filter has changed since the last report, for example.
    package static func isOutdated(
        _ known: LedgerEntry, disposition: Disposition?, filter: FindingFilter, now: Timestamp
    ) -> Bool {
        known.isSent && needsReconciling(known, DispositionChange(disposition), filter, now)
    }

    /// Plans the import of an unchanged finding, so that Security Hub has it and does not delete it. A filter that hides it
    /// archives it instead.
    package static func refresh(_ known: LedgerEntry, mapping: MappingOptions = MappingOptions(), now: Timestamp)
        -> Change?
    {
        guard let sent = known.asSent else { return nil }
        var finding = mapping.completing(sent, known: known)
        finding.lastObservedAt = known.lastObservedAt
        var facts = Facts(of: known)
        if known.recordState == .active, mapping.filter.hides(finding, facts) {
            return reconcile(finding, facts, known, .none, now, isHidden: true)
        }
        facts.digest = known.digest
        return send(finding, facts, known, now)
    }

    /// The age at which an unchanged finding is refreshed. Security Hub deletes findings 90 days after their last
    /// update; 15 days remain for outages.
    package static let refreshAge = Duration.seconds(75 * 86_400)

    /// The ledger entry after Security Hub rejected a change: the finding stays as before, and counts as observed.
    package static func rejected(_ change: Change, known: LedgerEntry) -> LedgerEntry {
        let entry = change.entry
        return LedgerEntry(
            id: known.id, accountRegion: known.accountRegion, kind: known.kind, group: known.group,
            subject: known.subject,
            createdAt: known.createdAt, updatedAt: entry.updatedAt, eventTime: entry.eventTime,
            firstObservedAt: known.firstObservedAt, lastObservedAt: entry.lastObservedAt, condition: entry.condition,
            recordState: known.recordState, severity: known.severity, finding: known.finding, report: entry.report,
            isSent: true)
    }

    // MARK: Steps

    /// Whether a finding without new observations must be sent: its disposition has changed, or its last change is not
    /// confirmed as sent.
    private static func needsReconciling(
        _ known: LedgerEntry, _ disposition: DispositionChange, _ filter: FindingFilter, _ now: Timestamp
    ) -> Bool {
        guard known.isSent else { return true }
        let isActive = Facts(of: known).isActive(disposition, now) && !filter.hides(known)
        return isActive != (known.recordState == .active)
    }

    /// Plans the change of a finding to what was reported.
    ///
    /// - Parameter isHidden: whether a filter keeps it out of Security Hub.
    static func reconcile(
        _ finding: SecurityFinding, _ facts: Facts, _ known: LedgerEntry?, _ disposition: DispositionChange,
        _ now: Timestamp, isHidden: Bool = false
    ) -> Change {
        var (finding, facts) = (finding, facts)
        let isActive = facts.isActive(disposition, now)
        // An equal report must change nothing. If something else has decided on the state, it may no longer apply then.
        if isActive != (facts.condition == .present) { facts.digest = nil }
        finding.recordState = isActive && !isHidden ? .active : .archived
        if facts.kind == .audit, facts.condition != .over { finding.setSuppressed(!isActive) }
        if isHidden, known.map({ $0.isSent && $0.recordState == .archived }) ?? true {
            // Security Hub does not have it, or has it archived.
            finding.updatedAt = known?.updatedAt ?? finding.updatedAt
            return Change(finding: nil, entry: facts.entry(finding, finding.serialized(), isSent: true))
        }
        guard let known, known.isSent else { return send(finding, facts, known, now) }
        var unsent = finding
        unsent.updatedAt = known.updatedAt
        let bytes = unsent.serialized()
        guard let content = FindingContent(stored: bytes), content == FindingContent(stored: known.finding) else {
            return send(finding, facts, known, now)
        }
        return Change(finding: nil, entry: facts.entry(unsent, bytes, isSent: true))
    }

    /// Plans the import of a finding.
    static func send(
        _ finding: SecurityFinding, _ facts: Facts, _ known: LedgerEntry?, _ now: Timestamp
    ) -> Change {
        var finding = finding
        // Security Hub ignores an update that is not later than the last one.
        finding.updatedAt = max(now, finding.createdAt, known.map { $0.updatedAt + .milliseconds(1) } ?? .earliest)
        return Change(finding: finding, entry: facts.entry(finding, finding.serialized(), isSent: false))
    }

    /// Whether an observation supersedes the newest one so far.
    ///
    /// Of two events of an alarm with equal times, the one that ends it wins; if both have the same condition, the one
    /// whose content is greater, byte by byte. So the result does not depend on the order of arrival. An audit that is
    /// imported again lists the present state: there the later observation wins.
    private static func isNewest(_ observation: Observation, comparedWith newest: Observation?, _ known: LedgerEntry?)
        -> Bool
    {
        guard let last = newest.map(Facts.init(of:)) ?? known.map({ Facts(of: $0) }) else { return true }
        if observation.time != last.time { return observation.time > last.time }
        guard observation.kind == .violation else { return true }
        guard observation.condition == last.condition else { return observation.condition == .over }
        guard
            let content = newest.map({ FindingContent($0.finding) })
                ?? known.flatMap({ FindingContent(stored: $0.finding) })
        else { return true }
        return content.isOrdered(before: FindingContent(observation.finding))
    }
}

extension Observation {
    /// A copy with the creation and observation times of what was observed before: a finding is created once.
    fileprivate func mergingTimes(of newest: Observation?, _ known: LedgerEntry?) -> Observation {
        var copy = self
        if let before = newest?.finding {
            copy.finding.createdAt = before.createdAt
            copy.finding.firstObservedAt = min(finding.firstObservedAt, before.firstObservedAt)
            copy.finding.lastObservedAt = max(finding.lastObservedAt, before.lastObservedAt)
        } else if let known {
            copy.finding.createdAt = known.createdAt
            copy.finding.firstObservedAt = min(finding.firstObservedAt, known.firstObservedAt)
            copy.finding.lastObservedAt = max(finding.lastObservedAt, known.lastObservedAt)
        }
        return copy
    }
}

extension LedgerEntry.Severity {
    /// The ledger's value for a finding's severity.
    package init(_ label: SecurityFinding.Severity.Label) {
        switch label {
        case .critical: self = .critical
        case .high: self = .high
        case .medium: self = .medium
        case .low: self = .low
        case .informational: self = .informational
        }
    }
}

extension LedgerEntry {
    /// The finding as last sent to Security Hub; nil if it cannot be parsed.
    package var asSent: SecurityFinding? { (try? JSON(parsing: finding)).flatMap { SecurityFinding($0) } }
}

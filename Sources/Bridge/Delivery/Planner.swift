import AWSCore
import DeviceDefender
import JSON
import SecurityFindings
import Store

/// What must be done about one finding.
struct Change: Sendable, Hashable {
    /// The finding to import; nil if Security Hub has it so already.
    var finding: SecurityFinding?
    /// What the ledger must say when that is done.
    var entry: LedgerEntry
}

/// Changes of different findings that are made together.
struct PlannedChanges: Sendable {
    let all: [Change]
    /// What the ledger had of the findings, by their ids.
    let known: [String: LedgerEntry]

    init(_ all: [Change], known: [String: LedgerEntry]) {
        self.all = all
        self.known = known
    }

    /// Those that Security Hub is to be told of.
    var toBeSent: [Change] { all.filter { $0.finding != nil } }
}

/// The rules by which what Device Defender says, what people judge, and what was sent before, become changes. Pure
/// functions: they know no clock, store or network.
///
/// Whatever the order and the repetition of what is said, the newest counts: what is older than what was applied
/// changes nothing.
enum Planner {
    /// Plans the change of one finding.
    ///
    /// - Parameters:
    ///   - observations: what was said of the finding, in the order in which it came; may be empty.
    ///   - known: what the ledger has of it.
    ///   - disposition: what people said about its subject.
    ///   - now: the present time.
    /// - Returns: nil if there is nothing to do, not even for the ledger.
    static func plan(
        _ observations: [Observation], known: LedgerEntry?, disposition: Disposition?, now: Timestamp
    ) -> Change? {
        let disposition = DispositionChange(disposition)
        var newest: Observation?
        for observation in observations where isNewest(observation, comparedWith: newest, known) {
            newest = observation.mergingTimes(of: newest, known)
        }
        let change: Change
        if let newest {
            change = reconcile(newest.finding, Facts(of: newest), known, disposition, now)
        } else if let known, needsReconciling(known, disposition, now), let finding = known.asSent {
            change = reconcile(finding, Facts(of: known), known, disposition, now)
        } else {
            return nil
        }
        return change.entry == known ? nil : change
    }

    /// Plans that a problem is over: an audit that looked at everything has not found it any more. Nil if it was over
    /// before, or if something newer was said of it.
    ///
    /// - Parameter time: when the audit began.
    static func end(_ known: LedgerEntry, at time: Timestamp, now: Timestamp) -> Change? {
        guard known.condition != .over, known.eventTime <= time.milliseconds, let finding = known.asSent else {
            return nil
        }
        return reconcile(finding, Facts(of: known, condition: .over, time: time), known, DispositionChange(nil), now)
    }

    /// Plans that a finding is imported again as it is, so that Security Hub has it and does not forget it.
    static func refresh(_ known: LedgerEntry, now: Timestamp) -> Change? {
        guard var finding = known.asSent else { return nil }
        finding.lastObservedAt = Timestamp(milliseconds: known.lastObservedAt)
        return send(finding, Facts(of: known), known, now)
    }

    /// How long a current finding is left alone, in milliseconds. Security Hub forgets it 90 days after its last update;
    /// half a month is left for outages.
    static let refreshAge: Int64 = 75 * 86_400_000

    /// What the ledger says when Security Hub refuses a change: it has the finding as before, which is not gone.
    static func rejected(_ change: Change, known: LedgerEntry) -> LedgerEntry {
        let entry = change.entry
        return LedgerEntry(
            id: known.id, accountRegion: known.accountRegion, kind: known.kind, group: known.group,
            subject: known.subject,
            createdAt: known.createdAt, updatedAt: entry.updatedAt, eventTime: entry.eventTime,
            firstObservedAt: known.firstObservedAt, lastObservedAt: entry.lastObservedAt, condition: entry.condition,
            recordState: known.recordState, severity: known.severity, finding: known.finding, isSent: true)
    }

    // MARK: Steps

    /// Whether a finding of which nothing new was said is not in Security Hub as it must be: people judge it otherwise
    /// now, or it may not have been sent.
    private static func needsReconciling(_ known: LedgerEntry, _ disposition: DispositionChange, _ now: Timestamp)
        -> Bool
    {
        !known.isSent || Facts(of: known).isActive(disposition, now) != (known.recordState == .active)
    }

    private static func reconcile(
        _ finding: SecurityFinding, _ facts: Facts, _ known: LedgerEntry?, _ disposition: DispositionChange,
        _ now: Timestamp
    ) -> Change {
        var finding = finding
        let isActive = facts.isActive(disposition, now)
        finding.recordState = isActive ? .active : .archived
        if facts.kind == .audit, facts.condition != .over { finding.setSuppressed(!isActive) }
        guard let known, known.isSent, FindingContent(finding) == FindingContent(stored: known.finding) else {
            return send(finding, facts, known, now)
        }
        finding.updatedAt = Timestamp(milliseconds: known.updatedAt)
        return Change(finding: nil, entry: facts.entry(finding, isSent: true))
    }

    private static func send(
        _ finding: SecurityFinding, _ facts: Facts, _ known: LedgerEntry?, _ now: Timestamp
    ) -> Change {
        var finding = finding
        // Security Hub ignores an update that is not later than the last.
        finding.updatedAt = max(
            now, finding.createdAt, Timestamp(milliseconds: (known?.updatedAt ?? -1).saturatingAdding(1)))
        return Change(finding: finding, entry: facts.entry(finding, isSent: false))
    }

    /// Whether an observation is newer than what was applied.
    ///
    /// Of two states of an alarm that are equally old, the one that ends it counts, and of two that do not differ in
    /// that, the one whose content is greater, byte by byte: whichever comes first, the same one is left. An audit that
    /// is walked again sees the present: there the later look counts.
    private static func isNewest(_ observation: Observation, comparedWith newest: Observation?, _ known: LedgerEntry?)
        -> Bool
    {
        guard let last = newest.map(Facts.init(of:)) ?? known.map({ Facts(of: $0) }) else { return true }
        if observation.time.milliseconds != last.time { return observation.time.milliseconds > last.time }
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
    /// The same, with the times of what was seen before: a finding is made once.
    fileprivate func mergingTimes(of newest: Observation?, _ known: LedgerEntry?) -> Observation {
        var copy = self
        if let before = newest?.finding {
            copy.finding.createdAt = before.createdAt
            copy.finding.firstObservedAt = min(finding.firstObservedAt, before.firstObservedAt)
            copy.finding.lastObservedAt = max(finding.lastObservedAt, before.lastObservedAt)
        } else if let known {
            copy.finding.createdAt = Timestamp(milliseconds: known.createdAt)
            copy.finding.firstObservedAt = min(
                finding.firstObservedAt, Timestamp(milliseconds: known.firstObservedAt))
            copy.finding.lastObservedAt = max(finding.lastObservedAt, Timestamp(milliseconds: known.lastObservedAt))
        }
        return copy
    }
}

/// What is known of a finding beside its text.
private struct Facts {
    let kind: LedgerEntry.Kind
    let group: String
    let subject: String
    let condition: LedgerEntry.Condition
    let time: Int64

    init(of observation: Observation) {
        kind = observation.kind
        group = observation.group
        subject = observation.subject
        condition = observation.condition
        time = observation.time.milliseconds
    }

    init(of known: LedgerEntry, condition: LedgerEntry.Condition? = nil, time: Timestamp? = nil) {
        kind = known.kind
        group = known.group
        subject = known.subject
        self.condition = condition ?? known.condition
        self.time = time?.milliseconds ?? known.eventTime
    }

    /// Whether the finding is current: the problem is there, and nobody has judged that it does not count.
    func isActive(_ disposition: DispositionChange, _ now: Timestamp) -> Bool {
        guard condition != .over else { return false }
        switch disposition {
        case .suppression(let suppression):
            if suppression.time.milliseconds > time { return !suppression.suppresses(at: now) }
            // What a newer audit says counts, but no audit says that a suppression ended after it.
            return condition == .present || suppression.ended(after: time, by: now)
        case .verification(let judged):
            // An alarm that is raised again after it was judged is a new one.
            return !(judged.verification.archives && judged.time.milliseconds >= time)
        case .none: return condition == .present
        }
    }

    func entry(_ finding: SecurityFinding, isSent: Bool) -> LedgerEntry {
        LedgerEntry(
            id: finding.id, accountRegion: finding.accountRegion, kind: kind, group: group, subject: subject,
            createdAt: finding.createdAt.milliseconds, updatedAt: finding.updatedAt.milliseconds, eventTime: time,
            firstObservedAt: finding.firstObservedAt.milliseconds,
            lastObservedAt: finding.lastObservedAt.milliseconds, condition: condition,
            recordState: finding.recordState == .active ? .active : .archived,
            severity: LedgerEntry.Severity(finding.severity.label), finding: finding.json.serialized(), isSent: isSent)
    }
}

/// What people said about a finding.
private enum DispositionChange {
    case suppression(SuppressionDisposition)
    case verification(VerificationDisposition)
    case none

    init(_ disposition: Disposition?) {
        if let suppression = disposition.flatMap({ SuppressionDisposition($0) }) {
            self = .suppression(suppression)
        } else if let verification = disposition.flatMap({ VerificationDisposition($0) }) {
            self = .verification(verification)
        } else {
            self = .none
        }
    }
}

extension LedgerEntry.Severity {
    /// What the ledger keeps of a finding's severity.
    init(_ label: SecurityFinding.Severity.Label) {
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
    /// The finding as Security Hub has it; nil if it cannot be read.
    var asSent: SecurityFinding? { (try? JSON(parsing: finding)).flatMap { SecurityFinding($0) } }
}

import DeviceDefender
import JSON
import SecurityFindings
import Store

/// What Device Defender said of one finding at one time.
struct Observation: Sendable, Hashable {
    /// The finding as it follows from what was said alone.
    var finding: SecurityFinding
    /// What it stands for.
    var kind: LedgerEntry.Kind
    /// What it is looked up by together with others: the check, or profile and behavior.
    var group: String
    /// When it was said: an alarm's own time, an audit's start.
    var time: Timestamp

    /// What an alarm says.
    init(_ alarm: Alarm, finding: SecurityFinding) {
        self.init(
            finding: finding, kind: .violation, group: "\(alarm.securityProfileName)/\(alarm.behavior.name)",
            time: alarm.time)
    }

    /// What an audit says of one resource.
    init(_ auditFinding: AuditFinding, task: AuditTask, finding: SecurityFinding) {
        self.init(finding: finding, kind: .audit, group: auditFinding.check.name, time: task.startTime)
    }

    /// What an audit says of one check.
    init(summaryOf result: CheckResult, task: AuditTask, finding: SecurityFinding) {
        self.init(finding: finding, kind: .summary, group: result.check.name, time: task.startTime)
    }

    init(finding: SecurityFinding, kind: LedgerEntry.Kind, group: String, time: Timestamp) {
        self.finding = finding
        self.kind = kind
        self.group = group
        self.time = time
    }
}

/// What must be done about one finding.
struct Change: Sendable, Hashable {
    /// The finding to import; nil if Security Hub has it so already.
    var finding: SecurityFinding?
    /// What the ledger must say when that is done.
    var entry: LedgerEntry
}

/// The rules by which what Device Defender says, and what was sent before, become changes. Pure functions: they know no
/// clock, store or network.
///
/// Whatever the order and the repetition of what is said, the newest counts: what is older than what was applied
/// changes nothing.
enum Planner {
    /// Plans the changes that follow from observations, in the order in which they are made.
    ///
    /// - Parameter known: what the ledger has under the findings' ids.
    /// - Returns: at most one change for each finding, by its id: the last one, since it replaces those before.
    static func plan(_ observations: [Observation], known: [String: LedgerEntry]) -> [String: Change] {
        var changes: [String: Change] = [:]
        for observation in observations {
            let id = observation.finding.id
            guard let change = plan(observation, known: changes[id]?.entry ?? known[id]) else { continue }
            // A change that only moves times on does not undo that something is to be sent.
            changes[id] = Change(finding: change.finding ?? changes[id]?.finding, entry: change.entry)
        }
        return changes
    }

    /// Plans the change that follows from one observation; nil if there is none.
    static func plan(_ observation: Observation, known: LedgerEntry?) -> Change? {
        var finding = observation.finding
        guard let known else { return send(finding, observation) }
        guard counts(observation, against: known) else { return nil }
        finding.createdAt = Timestamp(milliseconds: known.createdAt)
        finding.firstObservedAt = min(finding.firstObservedAt, Timestamp(milliseconds: known.firstObservedAt))
        finding.lastObservedAt = max(finding.lastObservedAt, Timestamp(milliseconds: known.lastObservedAt))
        finding.updatedAt = max(finding.updatedAt, Timestamp(milliseconds: known.updatedAt + 1))
        if isUnchanged(finding, known) {
            guard observation.time.milliseconds > known.eventTime else { return nil }
            return Change(
                finding: nil, entry: known.moved(to: observation.time, lastObservedAt: finding.lastObservedAt))
        }
        return send(finding, observation)
    }

    /// How long a finding that stays the same is left alone, in milliseconds. Security Hub forgets an active finding 90
    /// days after its last update; an audit that runs once a month has two chances before that.
    static let refreshAge: Int64 = 30 * 86_400_000

    /// Whether Security Hub has a finding as it is, and keeps it for long enough.
    private static func isUnchanged(_ finding: SecurityFinding, _ known: LedgerEntry) -> Bool {
        guard finding.recordState == .archived || finding.updatedAt.milliseconds - known.updatedAt < refreshAge,
            let sent = try? JSON(parsing: known.finding)
        else { return false }
        return content(of: sent) == content(of: finding.json)
    }

    /// Whether an observation is newer than what was applied.
    ///
    /// Of two states of an alarm that are equally old, the one that ends it counts, and of two that do not differ in
    /// that, the one whose content is greater, byte by byte: whichever comes first, the same one is left. An audit that
    /// is walked again sees the present: there the later look counts.
    private static func counts(_ observation: Observation, against known: LedgerEntry) -> Bool {
        if observation.time.milliseconds != known.eventTime { return observation.time.milliseconds > known.eventTime }
        guard observation.kind == .violation else { return true }
        let isArchived = observation.finding.recordState == .archived
        if isArchived != (known.recordState == .archived) { return isArchived }
        guard let sent = try? JSON(parsing: known.finding) else { return true }
        return content(of: sent).serialized()
            .lexicographicallyPrecedes(content(of: observation.finding.json).serialized())
    }

    /// Plans that a finding is archived, because what it stands for is gone; nil if it is archived already, or if
    /// something newer was said of it.
    static func archive(_ known: LedgerEntry, at time: Timestamp) -> Change? {
        guard known.recordState == .active, known.eventTime <= time.milliseconds,
            var finding = (try? JSON(parsing: known.finding)).flatMap({ SecurityFinding($0) })
        else { return nil }
        finding.recordState = .archived
        finding.updatedAt = max(time, Timestamp(milliseconds: known.updatedAt + 1))
        return send(finding, Observation(finding: finding, kind: known.kind, group: known.group, time: time))
    }

    private static func send(_ finding: SecurityFinding, _ observation: Observation) -> Change {
        let entry = LedgerEntry(
            id: finding.id, origin: finding.origin, kind: observation.kind, group: observation.group,
            createdAt: finding.createdAt.milliseconds, updatedAt: finding.updatedAt.milliseconds,
            eventTime: observation.time.milliseconds, firstObservedAt: finding.firstObservedAt.milliseconds,
            lastObservedAt: finding.lastObservedAt.milliseconds,
            recordState: finding.recordState == .active ? .active : .archived, finding: finding.json.serialized())
        return Change(finding: finding, entry: entry)
    }

    /// The parts of a finding that matter to people: neither its times nor the names of the audit that saw it last.
    private static func content(of finding: JSON) -> JSON {
        guard var members = finding.object else { return finding }
        for name in ["CreatedAt", "UpdatedAt", "FirstObservedAt", "LastObservedAt", "SourceUrl", "Remediation"] {
            members[name] = nil
        }
        if var fields = members["ProductFields"]?.object {
            for name in ["TaskId", "TaskStartTime", "FindingId"] { fields[name] = nil }
            members["ProductFields"] = .object(fields)
        }
        return .object(members)
    }
}

extension LedgerEntry {
    /// The same finding, seen again at a later time.
    fileprivate func moved(to time: Timestamp, lastObservedAt: Timestamp) -> LedgerEntry {
        LedgerEntry(
            id: id, origin: origin, kind: kind, group: group, createdAt: createdAt, updatedAt: updatedAt,
            eventTime: time.milliseconds, firstObservedAt: firstObservedAt, lastObservedAt: lastObservedAt.milliseconds,
            recordState: recordState, finding: finding)
    }
}

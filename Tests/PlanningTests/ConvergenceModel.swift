import DeviceDefender
import Encoding
import Fixtures
import SecurityFindings
import Store
import TestSupport

@testable import Planning

/// A model of Security Hub and the ledger, and of the steps of the processors between them. Each step may be the last
/// before a crash.
struct ConvergenceModel {
    struct CrashError: Error {}

    struct HubFinding {
        var finding: SecurityFinding
        var workflow = "NEW"
        var verification = VerificationState.unknown
    }

    private(set) var hub: [String: HubFinding] = [:]
    private(set) var ledger: [String: LedgerEntry] = [:]
    private(set) var dispositions: [String: Disposition] = [:]
    private var marks: [Int: (start: Timestamp, id: String)] = [:]
    private var completions: [String: CheckCompletion] = [:]
    private var coverage: AuditCoverage?
    /// How long findings stay active that no audit confirms, in milliseconds.
    private static let staleAfter: Int64 = 600
    /// How far an interrupted audit has been imported, and which findings it has seen that the ledger contained.
    private struct Checkpoint {
        var page = 0
        var seen: Set<String> = []
    }

    private var checkpoints: [String: Checkpoint] = [:]
    /// The audit whose list of findings is being imported.
    private var listed: String?
    /// The number of findings that were recognized by their digest.
    private(set) var unchanged = 0
    private(set) var now = EventHistory.end
    /// Violated invariants: imports that Security Hub ignores, changes of `CreatedAt`, and, without a crash, imports
    /// without changes.
    private(set) var faults: [String] = []
    private var hasCrashed = false
    /// The options for findings. Their filter may change between any two steps.
    private(set) var mapping: MappingOptions
    /// Whether the filter has changed.
    private(set) var isSwitched = false
    /// The number of steps until the crash; nil for none.
    private var stepsLeft: Int?

    init(filter: FindingFilter = .none) { mapping = MappingOptions(filter: filter) }

    mutating func use(_ filter: FindingFilter) {
        isSwitched = isSwitched || filter != mapping.filter
        mapping.filter = filter
    }

    mutating func crash(afterSteps steps: Int?) { stepsLeft = steps }
    mutating func advance(to time: Timestamp) { now = time }

    private mutating func step() throws {
        now = now + 1
        guard let left = stepsLeft else { return }
        guard left > 0 else {
            stepsLeft = nil
            hasCrashed = true
            throw CrashError()
        }
        stepsLeft = left - 1
    }

    // MARK: Steps

    mutating func process(_ events: [SourceEvent], _ generator: EventGenerator) throws {
        var alarms: [AlarmBatchPlanner.Input] = []
        for event in events {
            switch event {
            case .alarm(let alarm): alarms.append(.alarm(alarm))
            case .verification(let verdict): alarms.append(.verification(verdict))
            case .audit(let audit): try importAudit(audit, generator)
            case .suppression(let disposition): try suppress(disposition)
            }
        }
        if !alarms.isEmpty { try processAlarms(alarms) }
    }

    /// The entry as the store returns it: an applied audit confirms the open findings of its check.
    func stored(_ id: String) -> LedgerEntry? {
        guard let entry = ledger[id] else { return nil }
        guard entry.kind == .audit, entry.condition != .over,
            let check = EventGenerator.checks.firstIndex(of: entry.group), let mark = marks[check]
        else { return entry }
        return entry.confirmed(at: mark.start)
    }

    /// What stands for the digest of what Device Defender reports about a finding.
    private func digest(of observation: Observation) -> [UInt8] {
        Array("\(observation.finding.id) \(observation.condition) \(mapping.filter.entries)".utf8)
    }

    mutating func processAlarms(_ inputs: [AlarmBatchPlanner.Input]) throws {
        let ids = Set(inputs.map(\.findingID))
        let batch = AlarmBatchPlanner(
            inputs, known: ledger.filter { ids.contains($0.key) },
            dispositions: dispositions.filter { ids.contains($0.key) },
            mapping: mapping, now: now)
        try apply(batch.changes, recording: batch.newDispositions)
        for (id, verdict) in batch.updates(where: { _ in true }) {
            try step()
            guard hub[id] != nil else {
                // After a filter, Security Hub may lack an archived finding: the delivery is retried.
                if isSwitched { ledger[id] = ledger[id]?.unsent } else { faults.append("an update of no finding") }
                continue
            }
            if let status = verdict.verification.workflowStatus { hub[id]?.workflow = status }
            if !verdict.verification.isRecorded { hub[id]?.verification = verdict.verification.state }
            try step()
            dispositions[id] = verdict.applied.disposition
        }
    }

    mutating func apply(
        _ changes: [Change], recording dispositions: [Disposition] = [], reports: [LedgerEntry] = []
    ) throws {
        try step()
        for entry in changes.map(\.entry) + reports { ledger[entry.id] = entry }
        for disposition in dispositions { self.dispositions[disposition.subject] = disposition }
        for finding in changes.compactMap(\.finding) {
            try step()
            importFinding(finding)
        }
        try step()
        for change in changes { ledger[change.entry.id] = change.entry.sent }
    }

    private mutating func importFinding(_ finding: SecurityFinding) {
        guard let last = hub[finding.id] else {
            hub[finding.id] = HubFinding(finding: finding)
            return
        }
        if finding.updatedAt <= last.finding.updatedAt { faults.append("an import is ignored") }
        if finding.createdAt != last.finding.createdAt { faults.append("CreatedAt changes") }
        if !hasCrashed, !isSwitched, FindingContent(finding) == FindingContent(last.finding) {
            faults.append("an import changes nothing")
        }
        // Security Hub User Guide: this status is lost when a finding becomes active again.
        let resets = last.finding.recordState == .archived && finding.recordState == .active
        if resets, last.workflow == "NOTIFIED" { hub[finding.id]?.workflow = "NEW" }
        hub[finding.id]?.finding = finding
    }

    private mutating func resend() throws {
        try apply(
            ledger.values.filter { [.audit, .summary].contains($0.kind) && !$0.isSent }.sorted { $0.id < $1.id }
                .compactMap { Planner.refresh($0, mapping: mapping, now: now) })
    }

    private mutating func importAudit(_ audit: AuditEvent, _ generator: EventGenerator) throws {
        try resend()
        let checks = audit.found.indices.filter { check in
            audit.found[check] != nil && marks[check].map { ($0.start, $0.id) <= (audit.start, audit.id) } ?? true
        }
        try list(audit, checks)
        try summarize(audit, generator)
        for check in checks {
            let (start, seen) = (audit.start, checkpoints[audit.id]?.seen ?? [])
            let changes = ledger.values.sorted { $0.id < $1.id }
                .filter {
                    $0.kind == .audit && $0.group == EventGenerator.checks[check] && $0.eventTime < audit.start
                        && !seen.contains($0.id)
                }
                .compactMap { stored($0.id) }.compactMap { Planner.end($0, at: start, now: now) }
            try apply(changes)
        }
        try step()
        for check in checks { marks[check] = (audit.start, audit.id) }
        checkpoints[audit.id] = nil
    }

    private mutating func list(_ audit: AuditEvent, _ checks: [Int]) throws {
        if checkpoints[audit.id] == nil || listed != audit.id {
            try step()
            checkpoints[audit.id] = Checkpoint()
            listed = audit.id
        }
        let pages = audit.found.enumerated().flatMap { check, found in (found ?? []).map { (check, $0) } }
        for (number, (check, seen)) in pages.enumerated() where number >= checkpoints[audit.id]?.page ?? 0 {
            guard checks.contains(check) else { continue }
            let (id, digest, before) = (seen.finding.id, digest(of: seen), stored(seen.finding.id))
            if let before, before.isSent, before.digest == digest {
                unchanged += 1
            } else {
                var observation = seen
                observation.digest = digest
                let change = Planner.plan(
                    [observation], known: before, disposition: dispositions[seen.subject], mapping: mapping, now: now)
                try apply(change.map { [$0] } ?? [])
            }
            checkpoints[audit.id]?.page = number + 1
            if before != nil { checkpoints[audit.id]?.seen.insert(id) }
        }
    }

    private mutating func summarize(_ audit: AuditEvent, _ generator: EventGenerator) throws {
        let own = try Self.completions(of: audit)
        let known = completions.merging(own) { $0.merged(with: $1) }
        let time = audit.start
        for (check, name) in EventGenerator.checks.enumerated() {
            guard let status = audit.status(check),
                var seen = generator.summaries[check][audit.task][audit.schedule][status]
            else { continue }
            let schedule = EventGenerator.schedules[audit.schedule]
            if SummaryRules.isEnded(schedule: schedule, time: time, by: known[name]) { seen.condition = .over }
            let now = now
            try apply(
                Planner.plan([seen], known: ledger[seen.finding.id], disposition: nil, mapping: mapping, now: now)
                    .map { [$0] } ?? [])
            let onDemand = generator.summaries[check][audit.task][2][status]?.finding.id
            let others = ledger.values.sorted { $0.id < $1.id }.filter {
                guard $0.kind == .summary, $0.group == name, $0.eventTime < audit.start else { return false }
                switch SummaryRules.Ended(status) {
                case .all: return true
                case .onDemand: return $0.id == onDemand
                case .none: return false
                }
            }
            try apply(others.compactMap { Planner.end($0, at: time, now: self.now) })
        }
        try step()
        completions.merge(own) { $0.merged(with: $1) }
    }

    private static func completions(of audit: AuditEvent) throws -> [String: CheckCompletion] {
        var all: [String: CheckCompletion] = [:]
        for (check, name) in EventGenerator.checks.enumerated() {
            guard let status = audit.status(check), status.isComplete else { continue }
            all[name] = CheckCompletion(
                accountRegion: try accountRegion(), check: name, completedAt: audit.start,
                passedAt: status == .completedCompliant ? audit.start : nil)
        }
        return all
    }

    /// Reads AWS's list of all audits that began until a time, reported or not.
    mutating func listAudits(_ audits: [AuditEvent], until time: Timestamp) throws {
        try step()
        for audit in audits where audit.start <= time {
            completions.merge(try Self.completions(of: audit)) { $0.merged(with: $1) }
        }
        coverage = AuditCoverage(since: EventHistory.time(-1), until: max(time, coverage?.until ?? time))
    }

    /// Results of audits that began at this time or before are stale; nil if none are.
    var cutoff: Timestamp? {
        guard let coverage, coverage.until - Self.staleAfter >= coverage.since else { return nil }
        return coverage.until - Self.staleAfter
    }

    mutating func archiveStale() throws {
        try resend()
        var known: [String: AppliedAudit] = [:]
        for (check, mark) in marks {
            let name = EventGenerator.checks[check]
            known[name] = AppliedAudit(
                accountRegion: try accountRegion(), check: name, startTime: mark.start, taskID: mark.id)
        }
        guard
            let staleness = Staleness(
                staleAfter: .milliseconds(Self.staleAfter), coverage: coverage, completions: completions, marks: known)
        else { return }
        for kind in [LedgerEntry.Kind.audit, .summary] {
            for check in EventGenerator.checks {
                guard let limit = staleness.limit(kind, check: check) else { continue }
                let stale = ledger.values.sorted { $0.id < $1.id }.filter {
                    $0.kind == kind && $0.group == check && $0.condition != .over && $0.eventTime < limit
                }
                try step()
                listed = nil
                try apply(
                    stale.compactMap { stored($0.id) }.compactMap {
                        Planner.end($0, at: staleness.endedAt, now: now)
                    })
            }
        }
    }

    private mutating func suppress(_ disposition: SuppressionDisposition) throws {
        let known = dispositions[disposition.subject].flatMap { SuppressionDisposition($0) }
        if disposition.isNewer(than: known) {
            try step()
            record(disposition)
        }
        try updateFindings(about: disposition.subject)
    }

    /// Records a suppression: what an interrupted audit has seen was decided without it.
    private mutating func record(_ disposition: SuppressionDisposition) {
        dispositions[disposition.subject] = disposition.disposition
        listed = nil
        for (id, entry) in ledger where entry.subject == disposition.subject { ledger[id]?.digest = nil }
    }

    private mutating func updateFindings(about subject: String) throws {
        let concerned = ledger.values.filter { $0.subject == subject }.sorted { $0.id < $1.id }
        try apply(
            concerned.compactMap { stored($0.id) }.compactMap {
                Planner.plan(
                    [], known: $0, disposition: dispositions[subject], mapping: mapping, now: now)
            })
    }

    /// Processes expired suppressions, including those that expire meanwhile.
    mutating func expireSuppressions() throws {
        while let (stored, suppression) = nextExpired() {
            try updateFindings(about: stored.subject)
            try step()
            var settled = suppression
            settled.isSettled = true
            record(settled)
        }
    }

    private func nextExpired() -> (Disposition, SuppressionDisposition)? {
        let ended = dispositions.values.filter { $0.dueAt.map { $0 <= now } ?? false }
        return ended.min { $0.subject < $1.subject }.flatMap { disposition in
            SuppressionDisposition(disposition).map { (disposition, $0) }
        }
    }

    // MARK: Comparison

    /// Whether Security Hub has a finding that is active.
    func isActive(_ id: String) -> Bool { hub[id]?.finding.recordState == .active }

    /// The differences from the expected state.
    func differences(from expected: ExpectedState, _ generator: EventGenerator) -> [String] {
        var differences = faults
        for alarms in generator.alarms {
            let id = alarms[0].finding.id
            let hubFinding = hub[id]
            if (hubFinding?.finding.recordState == .active) != (expected.isActive(alarms) && !isHidden(id)) {
                differences.append("state of \(id)")
            }
            // Verifications of hidden findings wait.
            if isHidden(id) { continue }
            let verdict = hubFinding == nil ? nil : expected.disposition(of: id)?.verification
            let workflows = hubFinding == nil ? ["NEW"] : expected.workflows(of: alarms)
            if !workflows.contains(hubFinding?.workflow ?? "NEW") { differences.append("workflow of \(id)") }
            if hubFinding?.verification ?? .unknown != verdict?.state ?? .unknown {
                differences.append("verdict of \(id)")
            }
        }
        for (check, resources) in generator.found.enumerated() {
            for moments in resources {
                let (id, subject) = (moments[0][0].finding.id, moments[0][0].subject)
                if (hub[id]?.finding.recordState == .active)
                    != (expected.isActive(check: check, subject: subject) && !isHidden(id))
                {
                    differences.append("state of \(id)")
                }
            }
        }
        for (check, moments) in generator.summaries.enumerated() {
            for (schedule, summaries) in moments[0].enumerated() {
                guard let id = summaries[.failed]?.finding.id else { continue }
                let isActive = expected.isActive(summaryOf: check, schedule: schedule) && !isHidden(id)
                if (hub[id]?.finding.recordState == .active) != isActive { differences.append("state of \(id)") }
            }
        }
        for (id, hubFinding) in hub {
            let entry = ledger[id]
            if !isSwitched, isHidden(id) { differences.append("import of hidden \(id)") }
            if entry?.isSent != true || entry?.updatedAt != hubFinding.finding.updatedAt
                || (entry?.recordState == .active) != (hubFinding.finding.recordState == .active)
                || !isSwitched
                    && entry.flatMap({ FindingContent(stored: $0.finding) }) != FindingContent(hubFinding.finding)
            {
                differences.append("ledger of \(id)")
            }
        }
        return differences
    }
}

extension LedgerEntry {
    /// A copy that an audit has confirmed that started at a time.
    fileprivate func confirmed(at time: Timestamp) -> LedgerEntry {
        LedgerEntry(
            id: id, accountRegion: accountRegion, kind: kind, group: group, subject: subject, createdAt: createdAt,
            updatedAt: updatedAt, eventTime: max(eventTime, time), firstObservedAt: firstObservedAt,
            lastObservedAt: max(lastObservedAt, time), condition: condition, recordState: recordState,
            severity: severity, finding: finding, digest: digest, isSent: isSent)
    }
}

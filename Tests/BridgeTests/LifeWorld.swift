import DeviceDefender
import SecurityFindings
import Store
import TestSupport

@testable import Bridge

/// Security Hub and the ledger, with the steps between them that the lanes go, each of which may be the last before a
/// crash.
struct LifeWorld {
    struct Crash: Error {}

    private struct Shown {
        var finding: SecurityFinding
        var workflow = "NEW"
        var verification = VerificationState.unknown
    }

    private var hub: [String: Shown] = [:]
    private var ledger: [String: LedgerEntry] = [:]
    private var judgements: [String: Judgement] = [:]
    private var marks: [Int: (start: Int64, id: String)] = [:]
    /// How far interrupted audits came.
    private var bookmarks: [String: Int] = [:]
    private(set) var now = LifeHistory.end
    /// Imports that Security Hub ignores, moves of `CreatedAt`, and, as long as there was no crash, imports of what
    /// Security Hub has.
    private(set) var faults: [String] = []
    private var hasCrashed = false
    /// How many steps are left until the crash.
    private var stepsLeft: Int?

    mutating func letCrash(after steps: Int?) { stepsLeft = steps }
    mutating func advance(to time: Int64) { now = time }

    private mutating func step() throws {
        now += 1
        guard let left = stepsLeft else { return }
        guard left > 0 else {
            stepsLeft = nil
            hasCrashed = true
            throw Crash()
        }
        stepsLeft = left - 1
    }

    // MARK: Steps

    mutating func hear(_ sayings: [Saying]) throws {
        var alarms: [AlarmBatch.Said] = []
        for saying in sayings {
            switch saying {
            case .alarm(let alarm): alarms.append(.alarm(alarm))
            case .verified(let judged): alarms.append(.verification(judged))
            case .audit(let audit): try walk(audit)
            case .suppressed(let said): try suppress(said)
            }
        }
        if !alarms.isEmpty { try bringUpToDate(alarms) }
    }

    private mutating func bringUpToDate(_ said: [AlarmBatch.Said]) throws {
        let ids = Set(said.map(\.findingID))
        let batch = AlarmBatch(
            said, known: ledger.filter { ids.contains($0.key) }, judgements: judgements.filter { ids.contains($0.key) },
            now: Timestamp(milliseconds: now))
        try apply(batch.changes, keeping: batch.newJudgements)
        for (id, judged) in batch.updates(where: { _ in true }) {
            try step()
            if hub[id] == nil { faults.append("an update of a finding that is not there") }
            hub[id]?.workflow = judged.verification.workflowStatus
            hub[id]?.verification = judged.verification.state
            try step()
            judgements[id] = judged.applied.judgement
        }
    }

    private mutating func apply(_ changes: [Change], keeping judgements: [Judgement] = []) throws {
        try step()
        for change in changes { ledger[change.entry.id] = change.entry }
        for judgement in judgements { self.judgements[judgement.subject] = judgement }
        for finding in changes.compactMap(\.finding) {
            try step()
            importFinding(finding)
        }
        try step()
        for change in changes { ledger[change.entry.id] = change.entry.sent }
    }

    private mutating func importFinding(_ finding: SecurityFinding) {
        guard let last = hub[finding.id] else {
            hub[finding.id] = Shown(finding: finding)
            return
        }
        if finding.updatedAt <= last.finding.updatedAt { faults.append("an import is ignored") }
        if finding.createdAt != last.finding.createdAt { faults.append("CreatedAt moves") }
        if !hasCrashed, FindingContent(finding) == FindingContent(last.finding) {
            faults.append("an import changes nothing")
        }
        // Security Hub User Guide: this status is lost when a finding becomes active again.
        let resets = last.finding.recordState == .archived && finding.recordState == .active
        if resets, last.workflow == "NOTIFIED" { hub[finding.id]?.workflow = "NEW" }
        hub[finding.id]?.finding = finding
    }

    private mutating func walk(_ audit: SaidAudit) throws {
        try apply(
            ledger.values.filter { $0.kind == .audit && !$0.isSent }.sorted { $0.id < $1.id }
                .compactMap { Planner.refresh($0, now: Timestamp(milliseconds: now)) })
        let checks = audit.found.indices.filter { check in
            audit.found[check] != nil && marks[check].map { ($0.start, $0.id) <= (audit.start, audit.id) } ?? true
        }
        let pages = audit.found.enumerated().flatMap { check, found in (found ?? []).map { (check, $0) } }
        for (number, (check, seen)) in pages.enumerated() where number >= bookmarks[audit.id] ?? 0 {
            guard checks.contains(check) else { continue }
            let change = Planner.plan(
                [seen], known: ledger[seen.finding.id], judgement: judgements[seen.subject],
                now: Timestamp(milliseconds: now))
            try apply(change.map { [$0] } ?? [])
            bookmarks[audit.id] = number + 1
        }
        for check in checks {
            let start = Timestamp(milliseconds: audit.start)
            let changes = ledger.values.sorted { $0.id < $1.id }
                .filter { $0.kind == .audit && $0.group == Vocabulary.checks[check] && $0.eventTime < audit.start }
                .compactMap { Planner.end($0, at: start, now: Timestamp(milliseconds: now)) }
            try apply(changes)
        }
        try step()
        for check in checks { marks[check] = (audit.start, audit.id) }
        bookmarks[audit.id] = nil
    }

    private mutating func suppress(_ said: SuppressionJudgement) throws {
        let known = judgements[said.subject].flatMap { SuppressionJudgement($0) }
        if said.isNewer(than: known) {
            try step()
            judgements[said.subject] = said.judgement
        }
        try judge(said.subject)
    }

    private mutating func judge(_ subject: String) throws {
        let concerned = ledger.values.filter { $0.subject == subject }.sorted { $0.id < $1.id }
        try apply(
            concerned.compactMap {
                Planner.plan(
                    [], known: $0, judgement: judgements[subject], now: Timestamp(milliseconds: now))
            })
    }

    /// Acts on the suppressions that have ended by themselves, also on those that end meanwhile.
    mutating func settle() throws {
        while let (judgement, said) = nextEnded() {
            try judge(judgement.subject)
            try step()
            var settled = said
            settled.isSettled = true
            judgements[judgement.subject] = settled.judgement
        }
    }

    private func nextEnded() -> (Judgement, SuppressionJudgement)? {
        let ended = judgements.values.filter { $0.dueAt.map { $0 <= now } ?? false }
        return ended.min { $0.subject < $1.subject }.flatMap { judgement in
            SuppressionJudgement(judgement).map { (judgement, $0) }
        }
    }

    // MARK: Looking

    /// What is not as the model has it.
    func differences(from model: LifeModel, _ words: Vocabulary) -> [String] {
        var differences = faults
        for alarms in words.alarms {
            let id = alarms[0].finding.id
            let shown = hub[id]
            if (shown?.finding.recordState == .active) != model.isActive(alarms) {
                differences.append("state of \(id)")
            }
            let judged = shown == nil ? nil : model.judgement(of: id)?.verification
            if shown?.workflow ?? "NEW" != judged?.workflowStatus ?? "NEW" { differences.append("workflow of \(id)") }
            if shown?.verification ?? .unknown != judged?.state ?? .unknown { differences.append("verdict of \(id)") }
        }
        for (check, resources) in words.found.enumerated() {
            for moments in resources {
                let (id, subject) = (moments[0][0].finding.id, moments[0][0].subject)
                if (hub[id]?.finding.recordState == .active) != model.isActive(check: check, subject: subject) {
                    differences.append("state of \(id)")
                }
            }
        }
        for (id, shown) in hub {
            let entry = ledger[id]
            if entry?.isSent != true || entry?.updatedAt != shown.finding.updatedAt.milliseconds
                || (entry?.recordState == .active) != (shown.finding.recordState == .active)
                || entry.flatMap({ FindingContent(stored: $0.finding) }) != FindingContent(shown.finding)
            {
                differences.append("ledger of \(id)")
            }
        }
        return differences
    }
}

import JSON
import LocalAWS

/// What Security Hub must hold at the end of the demo. It follows from the scenario alone, not from the bridge's mapping.
struct DemoExpectation {
    private let auditFindings: Int
    private let suppressed: Int
    private let alarms: [String]
    /// The violations that were cleared or invalidated.
    private let ended: Set<String>
    private let checks: Int
    private let events: Int

    init(_ scenario: FleetScenario) {
        auditFindings = scenario.auditFindings.count
        suppressed = scenario.auditFindings.filter(\.isSuppressed).count
        alarms = scenario.alarms.compactMap { $0["violationId"]?.string }
        ended = Set([scenario.clearedAlarm, scenario.invalidatedAlarm].compactMap { $0["violationId"]?.string })
        checks = scenario.auditTask.checks.count
        events = scenario.events.count
    }

    /// Whether everything that was delivered is there, whatever it looks like.
    func isImported(_ findings: [JSON]) -> Bool {
        findings.count >= auditFindings + alarms.count + checks
            && findings.filter { ended.contains($0.violationID) }.allSatisfy { $0.isArchived }
    }

    /// Whether the false positive and the suppression have been applied.
    func isTriaged(_ findings: [JSON]) -> Bool { problems(findings).isEmpty }

    /// What is not as it must be, in words.
    func problems(_ findings: [JSON]) -> [String] {
        var problems: [String] = []
        func check(_ count: Int, _ expected: Int, _ what: String) {
            if count != expected { problems.append("there are \(count) \(what) instead of \(expected)") }
        }
        let audit = findings.filter { $0.id.contains(":audits/finding/") }
        let summaries = findings.filter { $0.id.contains(":audits/summary/") }
        let violations = findings.filter { $0.id.contains(":detect/violation/") }
        check(Set(findings.map(\.id)).count, findings.count, "different ids")
        check(audit.count, auditFindings, "audit findings")
        // One more was suppressed by an event.
        check(audit.filter(\.isArchived).count, suppressed + 1, "archived audit findings")
        check(summaries.count, checks, "check summaries")
        check(Set(violations.map(\.violationID)).intersection(alarms).count, alarms.count, "alarms")
        check(violations.count, alarms.count, "violations")
        // Those that ended, and the false positive.
        check(violations.filter(\.isArchived).count, ended.count + 1, "archived violations")
        let falsePositives = violations.filter { $0["Workflow"]?["Status"] == "SUPPRESSED" }
        check(falsePositives.count, 1, "suppressed violations")
        return problems
    }
}

extension JSON {
    fileprivate var id: String { self["Id"]?.string ?? "" }
    fileprivate var violationID: String { id.split(separator: "/").last.map(String.init) ?? "" }
    fileprivate var isArchived: Bool { self["RecordState"] == "ARCHIVED" }
}

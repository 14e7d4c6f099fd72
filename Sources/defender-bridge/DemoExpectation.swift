import JSON
import LocalAWS

/// The expected findings at the end of the demo, derived from the scenario alone and not from the bridge's mapping.
struct DemoExpectation {
    private let auditFindings: Int
    private let suppressed: Int
    private let alarms: [String]
    /// The violations that were cleared or invalidated.
    private let ended: Set<String>
    private let checks: Int
    private let events: Int
    /// The findings of mapped sources, each of which is active first and archived at the end.
    private static let mapped = [
        (name: "alerts of Alertmanager", isIt: DemoAlert.isFinding),
        (name: "CloudWatch alarms", isIt: DemoDeviceAlarm.isFinding),
    ]

    init(_ scenario: FleetScenario) {
        auditFindings = scenario.auditFindings.count
        suppressed = scenario.auditFindings.filter(\.isSuppressed).count
        alarms = scenario.alarms.compactMap { $0["violationId"]?.string }
        ended = Set([scenario.clearedAlarm, scenario.invalidatedAlarm].compactMap { $0["violationId"]?.string })
        checks = scenario.auditTask.checks.count
        events = scenario.events.count
    }

    /// Whether all published findings are in Security Hub, in any state.
    func isImported(_ findings: [JSON]) -> Bool {
        findings.count >= auditFindings + alarms.count + checks + Self.mapped.count
            && Self.mapped.allSatisfy { mapped in findings.contains { mapped.isIt($0.id) && !$0.isArchived } }
            && findings.filter { ended.contains($0.violationID) }.allSatisfy { $0.isArchived }
    }

    /// Whether the false positive, the suppression and the ends of the alerts have been applied.
    func isTriaged(_ findings: [JSON]) -> Bool { problems(findings).isEmpty }

    /// The differences between the expected and the actual findings, for the operator.
    func problems(_ findings: [JSON]) -> [String] {
        var problems: [String] = []
        func check(_ count: Int, _ expected: Int, _ name: String) {
            if count != expected { problems.append("\(name): \(count), expected \(expected)") }
        }
        let audit = findings.filter { $0.id.contains(":audits/finding/") }
        let summaries = findings.filter { $0.id.contains(":audits/summary/") }
        let violations = findings.filter { $0.id.contains(":detect/violation/") }
        check(Set(findings.map(\.id)).count, findings.count, "distinct ids")
        check(audit.count, auditFindings, "audit findings")
        // An event suppressed one more.
        check(audit.filter(\.isArchived).count, suppressed + 1, "archived audit findings")
        check(summaries.count, checks, "check summaries")
        check(Set(violations.map(\.violationID)).intersection(alarms).count, alarms.count, "alarms in Security Hub")
        check(violations.count, alarms.count, "violations")
        // The alarms that ended, and the false positive.
        check(violations.filter(\.isArchived).count, ended.count + 1, "archived violations")
        let falsePositives = violations.filter { $0["Workflow"]?["Status"] == "SUPPRESSED" }
        check(falsePositives.count, 1, "suppressed violations")
        for (name, isIt) in Self.mapped {
            check(findings.filter { isIt($0.id) && $0.isArchived }.count, 1, "archived \(name)")
        }
        check(findings.count, auditFindings + checks + alarms.count + Self.mapped.count, "findings")
        return problems
    }
}

extension JSON {
    fileprivate var id: String { self["Id"]?.string ?? "" }
    fileprivate var violationID: String { id.split(separator: "/").last.map(String.init) ?? "" }
    fileprivate var isArchived: Bool { self["RecordState"] == "ARCHIVED" }
}

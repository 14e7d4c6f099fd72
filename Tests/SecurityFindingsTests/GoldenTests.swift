import AWSCore
import DeviceDefender
import Foundation
import JSON
import SecurityFindings
import Testing

/// Findings compared with files in `Goldens`. `validate_goldens.py` holds those against Security Hub's own model.
///
/// To write them anew, run the tests with `WRITE_GOLDENS` set to the folder's path, and look at the difference.
@Suite("Golden findings")
struct GoldenTests {
    @Test(
        "alarms of every kind of criteria, value and event make the known findings",
        arguments: [
            ("count", "less-than", ["value": ["count": 10]], ["count": 54]),
            ("count-equals", "less-than-equals", ["value": ["count": 10]], ["count": 54]),
            ("number", "greater-than", ["value": ["number": .number("0.5")]], ["number": .number("0.25")]),
            ("number-equals", "greater-than-equals", ["value": ["number": 7]], ["number": .number("-7.5")]),
            ("cidrs", "in-cidr-set", ["value": ["cidrs": ["10.0.0.0/8", "fe80::/10"]]], ["cidrs": ["203.0.113.9/32"]]),
            ("not-cidrs", "not-in-cidr-set", ["value": ["cidrs": ["203.0.113.0/24"]]], ["cidrs": ["203.0.113.9/32"]]),
            ("ports", "in-port-set", ["value": ["ports": [443, 8883]]], ["ports": [22, 23]]),
            ("not-ports", "not-in-port-set", ["value": ["ports": [22, 23]]], ["ports": []]),
            ("strings", "in-set", ["value": ["strings": ["a", "b"]]], ["strings": ["c"]]),
            ("numbers", "not-in-set", ["value": ["numbers": [1, .number("2.5")]]], ["numbers": [1]]),
            ("statistical", "less-than-equals", ["statisticalThreshold": ["statistic": "p99.9"]], ["count": 1]),
            ("machine-learning", nil, ["mlDetectionConfig": ["confidenceLevel": "HIGH"]], ["count": 1000]),
            ("unknown-comparison", "about", ["value": ["count": 10]], ["count": 54]),
            ("no-criteria", nil, nil, nil),
        ] as [(String, String?, JSON, JSON)])
    func alarms(name: String, comparison: String?, criteria: JSON, value: JSON) throws {
        var members = criteria.object
        members?["comparisonOperator"] = comparison.map { .string($0) }
        members?["durationSeconds"] = 300
        members?["consecutiveDatapointsToAlarm"] = 3
        let json = Samples.alarmJSON(criteria: members.map { .object($0) } ?? nil, value: value)
        try compare("alarm-\(name)", SecurityFinding(alarm: Alarm(json), origin: Samples.origin()))
    }

    @Test("alarms of every kind of event make the known findings", arguments: Alarm.EventType.allCases)
    func events(event: Alarm.EventType) throws {
        let alarm = try Alarm(Samples.alarmJSON(event: event.rawValue))
        try compare("event-\(event.rawValue)", SecurityFinding(alarm: alarm, origin: Samples.origin()))
    }

    @Test("an alarm of a device with an odd name makes the known finding")
    func oddDevice() throws {
        let alarm = try Alarm(Samples.alarmJSON(name: "a/b", thing: "пампа/17\u{0}\u{202E}\n", metric: "my/metric"))
        try compare("device-odd-name", SecurityFinding(alarm: alarm, origin: Samples.origin("cn-north-1")))
    }

    @Test("a failure of each check makes the known finding", arguments: AuditCheck.known)
    func checks(check: AuditCheck) throws {
        let json = Samples.findingJSON(
            check: check.name, type: "DEVICE_CERTIFICATE",
            identifier: ["deviceCertificateId": .string(Samples.certificateID)], reasonCode: "A_REASON",
            additionalInfo: ["EXPIRATION_TIME": "1524740767000"],
            related: [["resourceType": "CLIENT_ID", "resourceIdentifier": ["clientId": "pump-17"]]])
        try compare(
            "check-\(check.name)",
            SecurityFinding(auditFinding: AuditFinding(json), task: Samples.task(), origin: Samples.origin()))
    }

    @Test("every kind of resource makes the known finding", arguments: Samples.identifiers.indices)
    func resources(index: Int) throws {
        let sample = Samples.identifiers[index]
        let json = Samples.findingJSON(
            check: sample.check, type: sample.type, identifier: sample.identifier, reasonCode: "A_REASON")
        try compare(
            "resource-\(sample.name)",
            SecurityFinding(
                auditFinding: AuditFinding(json), task: Samples.task(scheduledAuditName: nil),
                origin: Samples.origin()))
    }

    @Test("a suppressed audit finding makes the known finding")
    func suppressed() throws {
        let json = Samples.findingJSON(
            check: "LOGGING_DISABLED_CHECK", type: "ACCOUNT_SETTINGS", identifier: ["account": "111122223333"],
            isSuppressed: true)
        try compare(
            "suppressed",
            SecurityFinding(
                auditFinding: AuditFinding(json), task: Samples.task(), origin: Samples.origin("us-gov-west-1")))
    }

    @Test("each outcome of a check makes the known summary")
    func summaries() throws {
        let task = try Samples.task()
        for check in task.checks {
            try compare(
                "summary-\(check.status.word)",
                SecurityFinding(summaryOf: check, task: task, origin: Samples.origin()))
        }
    }

    @Test("the summary of a check of a canceled audit is the known one, archived though resources failed")
    func canceledSummary() throws {
        let task = try Samples.task(status: "CANCELED")
        let check = try #require(task.checks.first { $0.status == .completedNonCompliant })
        try compare(
            "summary-of-canceled-audit", SecurityFinding(summaryOf: check, task: task, origin: Samples.origin()))
    }

    private func compare(_ name: String, _ finding: SecurityFinding) throws {
        let text = finding.json.prettyPrinted() + "\n"
        if let folder = ProcessInfo.processInfo.environment["WRITE_GOLDENS"] {
            try Data(text.utf8).write(to: URL(filePath: folder).appending(path: "\(name).json"))
            Issue.record("\(name) was written anew and compared with nothing")
            return
        }
        let golden = try #require(Bundle.module.url(forResource: "Goldens/\(name)", withExtension: "json"))
        #expect(text == String(decoding: try Data(contentsOf: golden), as: UTF8.self), "\(name)")
        #expect(SecurityFinding(finding.json) == finding, "\(name) is read back")
        #expect(FormatRules.violations(of: finding.json) == [])
    }
}

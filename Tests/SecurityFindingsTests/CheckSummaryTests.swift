import DeviceDefender
import JSON
import Testing

@testable import SecurityFindings

@Suite("Check summaries")
struct CheckSummaryTests {
    private func summary(
        _ status: String, failed: JSON = nil, suppressed: JSON = nil, total: JSON = nil,
        code: JSON = nil, check: String = "LOGGING_DISABLED_CHECK", task taskStatus: String = "COMPLETED"
    ) throws -> SecurityFinding {
        let task = try AuditTask(
            id: "t",
            description: [
                "taskStatus": .string(taskStatus), "taskType": "ON_DEMAND_AUDIT_TASK", "taskStartTime": 5,
                "auditDetails": [
                    check: [
                        "checkRunStatus": .string(status), "nonCompliantResourcesCount": failed,
                        "suppressedNonCompliantResourcesCount": suppressed, "totalResourcesCount": total,
                        "errorCode": code,
                    ]
                ],
            ])
        return SecurityFinding(
            summaryOf: try #require(task.checks.first), task: task, accountRegion: try Samples.accountRegion())
    }

    @Test(
        "title and description have the number of failed resources and their percentage",
        arguments: [
            ("COMPLETED_NON_COMPLIANT", 12, nil, 1000, "12 of 1,000 resources failed (1.2%)"),
            ("COMPLETED_NON_COMPLIANT", 12, 3, 1000, "12 of 1,000 resources failed (1.2%), 3 suppressed"),
            ("COMPLETED_NON_COMPLIANT", 12, 0, 1_234_567, "12 of 1,234,567 resources failed (less than 0.1%)"),
            ("COMPLETED_NON_COMPLIANT", 1, nil, 1, "1 of 1 resource failed (100%)"),
            ("COMPLETED_NON_COMPLIANT", 1, nil, nil, "1 resource failed"),
            ("COMPLETED_NON_COMPLIANT", 1200, 1200, nil, "1,200 resources failed, 1,200 suppressed"),
            ("COMPLETED_NON_COMPLIANT", 5, nil, 0, "5 resources failed"),
            ("COMPLETED_NON_COMPLIANT", 5, nil, 4, "5 resources failed"),
            ("COMPLETED_NON_COMPLIANT", nil, nil, 10, "some resources failed"),
            ("IN_PROGRESS", 0, 0, 0, "not finished"),
            ("WAITING_FOR_DATA_COLLECTION", nil, nil, nil, "not finished"),
            ("SOMETHING_NEW", 1, 0, 2, "not finished"),
        ] as [(String, JSON, JSON, JSON, String)])
    func words(status: String, failed: JSON, suppressed: JSON, total: JSON, outcome: String) throws {
        let finding = try summary(status, failed: failed, suppressed: suppressed, total: total)
        #expect(finding.title == "LOGGING_DISABLED_CHECK of audit OnDemand: \(outcome)")
        #expect(finding.description == "AWS IoT logging is disabled: \(outcome).")
    }

    @Test(
        "a passed check states what holds, and a check that did not run states that findings are unchanged",
        arguments: [
            (
                "COMPLETED_COMPLIANT", 0, nil, 1, nil, "passed (1 resource checked)",
                "Check passed: {passed} (1 resource checked)."
            ),
            (
                "COMPLETED_COMPLIANT", 2, 2, 1000, nil, "passed (1,000 resources checked, 2 suppressed)",
                "Check passed: {passed} (1,000 resources checked, 2 suppressed)."
            ),
            ("COMPLETED_COMPLIANT", nil, nil, nil, nil, "passed", "Check passed: {passed}."),
            (
                "COMPLETED_COMPLIANT", 0, nil, 0, nil, "passed (no resources checked)",
                "Check passed: {passed} (no resources checked)."
            ),
            (
                "FAILED", 0, 0, 0, "INSUFFICIENT_PERMISSIONS", "could not run",
                "Check could not run (INSUFFICIENT_PERMISSIONS). Findings of its last complete run are unchanged."
            ),
            (
                "FAILED", 0, 0, 0, nil, "could not run",
                "Check could not run. Findings of its last complete run are unchanged."
            ),
            (
                "CANCELED", 0, 0, 0, nil, "canceled",
                "Check was canceled. Findings of its last complete run are unchanged."
            ),
        ] as [(String, JSON, JSON, JSON, JSON, String, String)])
    func passedOrNotRun(
        status: String, failed: JSON, suppressed: JSON, total: JSON, code: JSON, outcome: String, text: String
    ) throws {
        let finding = try summary(status, failed: failed, suppressed: suppressed, total: total, code: code)
        #expect(finding.title == "LOGGING_DISABLED_CHECK of audit OnDemand: \(outcome)")
        #expect(finding.description == text.replacing("{passed}", with: "AWS IoT logging is enabled"))
        // An unknown check has no text of its own.
        let other = try summary(
            status, failed: failed, suppressed: suppressed, total: total, code: code, check: "NEW_CHECK")
        #expect(other.description == text.replacing("{passed}", with: "NEW_CHECK"))
    }

    @Test(
        "a percentage is 0% only for none, and 100% only for all",
        arguments: [
            (0, 5, "0%"), (5, 5, "100%"), (1, 2, "50%"), (1, 3, "33.3%"), (2, 3, "66.7%"), (1, 8, "12.5%"),
            (1, 1000, "0.1%"), (1, 2000, "0.1%"), (1, 2001, "less than 0.1%"), (999, 1000, "99.9%"),
            (99_999, 100_000, "more than 99.9%"), (1, .max, "less than 0.1%"), (.max, .max, "100%"),
            (.max - 1, .max, "more than 99.9%"),
        ] as [(Int64, Int64, String)])
    func percentages(part: Int64, whole: Int64, text: String) {
        #expect(CheckSummaryText.percentage(part, of: whole) == text)
    }

    @Test(
        "numbers have thousands separators",
        arguments: [
            (0, "0"), (999, "999"), (1000, "1,000"), (-1000, "-1,000"), (100_000, "100,000"), (1_000_000, "1,000,000"),
            (.min, "-9,223,372,036,854,775,808"),
        ] as [(Int64, String)])
    func groups(count: Int64, text: String) {
        #expect(RuleText.grouped(count) == text)
    }

    @Test("a summary is active only if resources failed or the check could not run")
    func states() throws {
        let active = try CheckResult.Status.documented.filter {
            try summary($0.word).recordState == .active
        }
        #expect(active == [.completedNonCompliant, .failed])
    }

    @Test("all summaries of a canceled audit are archived, with the reason")
    func canceled() throws {
        for status in CheckResult.Status.documented {
            let finding = try summary(status.word, task: "CANCELED")
            #expect(finding.recordState == .archived)
            #expect(finding.description.contains("canceled"))
        }
        #expect(try summary("FAILED", task: "FAILED").recordState == .active)
    }
}

import AWSCore
import Encoding
import JSON
import Testing

@testable import DeviceDefender

@Suite("Audits")
struct AuditTests {
    @Test("a documented notification is parsed completely")
    func documented() throws {
        guard case .audit(let notification) = try DeviceDefenderMessage(Payloads.audit) else {
            Issue.record("not an audit notification")
            return
        }
        #expect(notification.account?.digits == "111122223333")
        let task = notification.task
        #expect(task.id == "4e2bcd1ccbc2a5dd15292a82ab80c380")
        #expect(task.status == .completed)
        #expect(task.kind == .scheduled)
        #expect(task.scheduledAuditName == "DailyAudit")
        #expect(task.startTime.milliseconds == 1_524_740_766_191)
        try #require(task.checks.count == 2)
        #expect(task.checks[0].check.name == "DEVICE_CERTIFICATE_EXPIRING_CHECK")
        #expect(task.checks[0].status == .completedNonCompliant)
        #expect(task.checks[0].nonCompliantResources == 1)
        #expect(task.checks[0].suppressedNonCompliantResources == 0)
        #expect(task.checks[0].totalResources == 1000)
        #expect(task.checks[1].status == .failed)
        #expect(task.checks[1].errorCode == "INSUFFICIENT_PERMISSIONS")
        #expect(task.checks[1].message == "The role may not be assumed.")
    }

    @Test("a described task is parsed, with its time in seconds and its checks by name")
    func described() throws {
        let task = try AuditTask(id: "t", description: Payloads.task)
        #expect(task.id == "t")
        #expect(task.kind == .onDemand)
        #expect(task.scheduledAuditName == nil)
        #expect(task.startTime.milliseconds == 1_524_740_766_191)
        #expect(task.checks.map(\.check.name) == ["CA_CERTIFICATE_EXPIRING_CHECK", "LOGGING_DISABLED_CHECK"])
        #expect(task.checks.map(\.status) == [.waitingForDataCollection, .completedCompliant])
        #expect(task.checks.map(\.nonCompliantResources) == [nil, 0])
    }

    @Test("a malformed task ID is rejected", arguments: ["", "a/b", "a b", String(repeating: "x", count: 41)])
    func malformedIDs(id: String) {
        #expect(throws: UnrecognizedMessageError.self) { try AuditTask(id: id, description: Payloads.task) }
    }

    @Test("only a completed check has evaluated all resources")
    func completeness() {
        #expect(CheckResult.Status.documented.filter(\.isComplete) == [.completedCompliant, .completedNonCompliant])
        #expect(!CheckResult.Status("COMPLETED_SOMEHOW").isComplete)
    }

    @Test("a check that runs, waits or has an unknown status has not ended")
    func ending() {
        #expect(
            CheckResult.Status.documented.filter(\.isEnded) == [
                .canceled, .completedCompliant, .completedNonCompliant, .failed,
            ])
        #expect(!CheckResult.Status("COMPLETED_SOMEHOW").isEnded)
    }

    @Test("an unknown check status keeps its value")
    func unknownStatus() throws {
        let json = Payloads.audit.setting(
            "auditDetails", to: [["checkName": "NEW_CHECK", "checkRunStatus": "ON_HOLD"]])
        #expect(try AuditNotification(json).task.checks.map(\.status) == [.other("ON_HOLD")])
    }

    @Test(
        "an audit without a required field is unrecognized",
        arguments: ["taskId", "taskStatus", "taskType", "taskStartTime"])
    func missing(name: String) {
        for value in Payloads.unusable {
            #expect(throws: UnrecognizedMessageError.self) {
                try AuditNotification(Payloads.audit.setting(name, to: value))
            }
        }
    }

    @Test(
        "a malformed account, name or list of checks is unrecognized",
        arguments: [
            ("accountId", "11112222333"), ("accountId", 111_122_223_333), ("scheduledAuditName", 5),
            ("scheduledAuditName", .string(String(repeating: "x", count: 129))), ("auditDetails", [:]),
            ("auditDetails", [1]), ("auditDetails", [["checkName": "X"]]),
            ("auditDetails", [["checkRunStatus": "FAILED"]]),
            ("auditDetails", [["checkName": "A B", "checkRunStatus": "FAILED"]]),
            ("auditDetails", .array(Array(repeating: ["checkName": "X", "checkRunStatus": "FAILED"], count: 2))),
            ("auditDetails", .array(Array(repeating: 1, count: 257))), ("taskStatus", "DONE"), ("taskType", "NONE"),
        ] as [(String, JSON)])
    func malformed(name: String, value: JSON) {
        #expect(throws: UnrecognizedMessageError.self) {
            try AuditNotification(Payloads.audit.setting(name, to: value))
        }
    }

    @Test("invalid counts are dropped", arguments: ["x", -1, .number("1e99"), [], true] as [JSON])
    func counts(count: JSON) throws {
        let json = Payloads.audit.setting(
            "auditDetails", to: [["checkName": "X", "checkRunStatus": "FAILED", "totalResourcesCount": count]])
        #expect(try AuditNotification(json).task.checks.first?.totalResources == nil)
    }

    @Test("a message that is neither an alarm nor an audit, or both, is unrecognized")
    func neither() {
        let both = Payloads.alarm.setting("taskStatus", to: "COMPLETED")
        for json in [[:], [], nil, "x", ["taskId": "x"], both] as [JSON] {
            #expect(throws: UnrecognizedMessageError.self) { try DeviceDefenderMessage(json) }
        }
    }
}

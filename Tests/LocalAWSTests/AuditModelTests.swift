import AWSCore
import Encoding
import JSON
import Testing

@testable import LocalAWS

@Suite("The model of Device Defender's audits")
struct AuditModelTests {
    private static func model(findings: Int = 60) throws -> (AuditModel, FleetScenario) {
        let scenario = FleetScenario(accountRegion: try .test(), findings: findings, startTime: testTime)
        var model = AuditModel()
        model.add(scenario.auditTask, findings: scenario.auditFindings)
        return (model, scenario)
    }

    private static func ids(_ response: JSON) -> [String] {
        response["findings"]?.array?.compactMap { $0["findingId"]?.string } ?? []
    }

    @Test("an audit is described with the result of each check")
    func describe() throws {
        let (model, scenario) = try Self.model()
        let response = try model.describeTask(id: scenario.auditTask.id)
        #expect(response["taskStatus"] == "COMPLETED")
        #expect(response["taskStartTime"] == .number("1795341600.123"))
        #expect(response["scheduledAuditName"] == "DailyAudit")
        #expect(response["taskStatistics"]?["nonCompliantChecks"] == 17)
        #expect(response["auditDetails"]?["LOGGING_DISABLED_CHECK"]?["checkRunStatus"] == "COMPLETED_NON_COMPLIANT")
    }

    @Test("an unknown audit is not found")
    func missing() throws {
        let error = #expect(throws: ServiceError.self) { try AuditModel().describeTask(id: "none") }
        #expect(error?.code == "ResourceNotFoundException")
        #expect(error?.status == 404)
    }

    @Test("an audit's findings are listed page by page, each once", arguments: [1, 7, 25, 60, 250])
    func paging(size: Int) throws {
        let (model, scenario) = try Self.model()
        var seen: [String] = []
        var request: JSON.Members = ["taskId": .string(scenario.auditTask.id), "maxResults": .integer(size)]
        repeat {
            let response = try model.listFindings(.object(request))
            #expect(Self.ids(response).count <= size)
            seen += Self.ids(response)
            request["nextToken"] = response["nextToken"]
        } while request["nextToken"] != nil && seen.count <= 60
        #expect(seen == scenario.auditFindings.map(\.id))
    }

    @Test("a page has 25 findings by default")
    func defaultPage() throws {
        let (model, scenario) = try Self.model()
        #expect(Self.ids(try model.listFindings(["taskId": .string(scenario.auditTask.id)])).count == 25)
    }

    @Test("suppressed findings are listed alone, not at all, or with the others", arguments: [true, false, nil])
    func suppressed(listed: Bool?) throws {
        let (model, scenario) = try Self.model()
        var request: JSON.Members = ["taskId": .string(scenario.auditTask.id), "maxResults": 250]
        request["listSuppressedFindings"] = listed.map(JSON.bool)
        let expected = scenario.auditFindings.filter { listed == nil || $0.isSuppressed == listed }
        #expect(!expected.isEmpty)
        #expect(Self.ids(try model.listFindings(.object(request))) == expected.map(\.id))
    }

    @Test("findings are listed by check, by resource and by time")
    func filters() throws {
        let (model, scenario) = try Self.model()
        let policies = scenario.auditFindings.filter { $0.checkName == "IOT_POLICY_OVERLY_PERMISSIVE_CHECK" }
        let task = JSON.string(scenario.auditTask.id)
        #expect(
            Self.ids(
                try model.listFindings(["taskId": task, "checkName": "IOT_POLICY_OVERLY_PERMISSIVE_CHECK"]))
                == policies.map(\.id))
        let first = try #require(policies.first)
        let same = policies.filter { $0.resource == first.resource }
        #expect(same.count == 2)
        #expect(
            Self.ids(
                try model.listFindings([
                    "taskId": task, "resourceIdentifier": first.resource.identifier,
                    "checkName": "IOT_POLICY_OVERLY_PERMISSIVE_CHECK",
                ])) == same.map(\.id))
        let second = Timestamp(milliseconds: scenario.auditFindings[1].time).epochSeconds
        #expect(
            Self.ids(try model.listFindings(["startTime": .number(second), "endTime": .number(second)]))
                == [scenario.auditFindings[1].id])
    }

    @Test(
        "a request that AWS rejects is rejected",
        arguments: [
            [:], ["taskId": "a", "startTime": 1, "endTime": 2], ["startTime": 1], ["startTime": 2, "endTime": 1],
            ["startTime": .number("1e300"), "endTime": .number("1e301")], ["taskId": "a", "maxResults": 0],
            ["taskId": "a", "maxResults": 251], ["taskId": "a", "maxResults": "5"], ["taskId": "a", "nextToken": "x"],
            ["taskId": "a", "whatever": 1], ["taskId": 5],
        ] as [JSON])
    func rejected(request: JSON) throws {
        let (model, _) = try Self.model()
        let error = #expect(throws: ServiceError.self) { try model.listFindings(request) }
        #expect(error?.code == "InvalidRequestException")
    }

    @Test("a token is valid only for the same query")
    func foreignToken() throws {
        let (model, scenario) = try Self.model()
        let task = JSON.string(scenario.auditTask.id)
        let token = try #require(try model.listFindings(["taskId": task])["nextToken"])
        #expect(throws: ServiceError.self) {
            try model.listFindings(["taskId": task, "listSuppressedFindings": true, "nextToken": token])
        }
    }

    @Test("audits are listed by time, type and status")
    func tasks() throws {
        let (model, scenario) = try Self.model()
        let day = ["startTime": "2026-11-22T00:00:00Z", "endTime": "2026-11-23T00:00:00Z"]
        func ids(_ more: [String: String]) throws -> [JSON] {
            try #require(try model.listTasks(day.merging(more) { $1 })["tasks"]?.array).compactMap { $0["taskId"] }
        }
        let known = [JSON.string(scenario.auditTask.id)]
        #expect(try ids([:]) == known)
        #expect(try ids(["taskType": "SCHEDULED_AUDIT_TASK", "taskStatus": "COMPLETED"]) == known)
        #expect(try ids(["taskType": "ON_DEMAND_AUDIT_TASK"]) == [])
        #expect(try ids(["taskStatus": "FAILED"]) == [])
        #expect(try ids(["endTime": "2026-11-22T01:00:00Z"]) == [])
        for wrong in [["maxResults": "0"], ["maxResults": "x"], ["nextToken": "x"], ["startTime": "now"]] {
            let error = #expect(throws: ServiceError.self) { try ids(wrong) }
            #expect(error?.code == "InvalidRequestException")
        }
        #expect(throws: ServiceError.self) { try model.listTasks([:]) }
    }

    @Test("each of several audits has its own findings, also by check and after another was replaced")
    func several() throws {
        let accountRegion = try AccountRegion.test()
        let scenarios = [0, 1, 2].map {
            FleetScenario(accountRegion: accountRegion, findings: 60, startTime: testTime + $0)
        }
        var model = AuditModel()
        for scenario in scenarios { model.add(scenario.auditTask, findings: scenario.auditFindings) }
        model.add(scenarios[0].auditTask, findings: scenarios[0].auditFindings)
        for scenario in scenarios {
            let task = JSON.string(scenario.auditTask.id)
            #expect(
                Self.ids(try model.listFindings(["taskId": task, "maxResults": 250]))
                    == scenario.auditFindings.map(\.id))
            let check = "IOT_POLICY_OVERLY_PERMISSIVE_CHECK"
            #expect(
                Self.ids(try model.listFindings(["taskId": task, "checkName": .string(check), "maxResults": 250]))
                    == scenario.auditFindings.filter { $0.checkName == check }.map(\.id))
            #expect(Self.ids(try model.listFindings(["taskId": task, "checkName": "OTHER_CHECK"])) == [])
        }
        #expect(Self.ids(try model.listFindings(["taskId": "none"])) == [])
        let times: JSON = ["startTime": 0, "endTime": 7_000_000_000, "maxResults": 250]
        #expect(Self.ids(try model.listFindings(times)).count == 180)
    }

    @Test("an audit with the same ID replaces the previous one")
    func replaced() throws {
        var (model, scenario) = try Self.model()
        model.add(scenario.auditTask, findings: [])
        #expect(model.tasks.count == 1)
        #expect(model.findings.isEmpty)
    }
}

import JSON
import Testing

@testable import LocalAWS

@Suite("Fleet scenario")
struct FleetScenarioTests {
    private static func scenario(_ findings: Int) throws -> FleetScenario {
        FleetScenario(accountRegion: try .test(), findings: findings, startTime: testTime)
    }

    @Test("the same parameters give the same scenario")
    func deterministic() throws {
        let first = try Self.scenario(40)
        let second = try Self.scenario(40)
        #expect(first.auditFindings == second.auditFindings)
        #expect(first.auditTask == second.auditTask)
        #expect(first.alarms == second.alarms)
        #expect(first.events == second.events)
    }

    @Test("the scenario has the requested number of findings, with distinct IDs", arguments: [0, 1, 22, 23, 1000])
    func count(findings: Int) throws {
        let scenario = try Self.scenario(findings)
        #expect(scenario.auditFindings.count == findings)
        #expect(Set(scenario.auditFindings.map(\.id)).count == findings)
        struct Key: Hashable {
            let check: String
            let resource: JSON
            let reason: String
        }
        let keys = scenario.auditFindings.map {
            Key(check: $0.checkName, resource: $0.resource.identifier, reason: $0.reasonCode)
        }
        #expect(Set(keys).count == findings)
    }

    @Test("23 findings include every check and resource type")
    func coverage() throws {
        let findings = try Self.scenario(23).auditFindings
        #expect(Set(findings.map(\.checkName)).count == 17)
        let kinds = Set(findings.flatMap { $0.resource.identifier.object.map { Array($0.keys) } ?? [] })
        #expect(
            kinds == [
                "deviceCertificateId", "caCertificateId", "cognitoIdentityPoolId", "clientId",
                "policyVersionIdentifier", "account", "iamRoleArn", "roleAliasArn", "issuerCertificateIdentifier",
                "deviceCertificateArn",
            ])
        #expect(findings.contains { $0.isSuppressed })
    }

    @Test("one policy fails for several reasons")
    func severalReasons() throws {
        let findings = try Self.scenario(23).auditFindings.filter {
            $0.checkName == "IOT_POLICY_OVERLY_PERMISSIVE_CHECK"
        }
        let byResource = Dictionary(grouping: findings, by: \.resource.identifier)
        #expect(byResource.values.contains { Set($0.map(\.reasonCode)).count == 2 })
    }

    @Test("the notification's counts match the findings")
    func notification() throws {
        let scenario = try Self.scenario(200)
        let notification = scenario.auditNotification
        #expect(notification["taskId"] == .string(scenario.auditTask.id))
        #expect(notification["taskStartTime"] == .integer(testTime))
        #expect(notification["totalChecksCount"] == 17)
        let details = try #require(notification["auditDetails"]?.array)
        for detail in details {
            let open = scenario.auditFindings.filter {
                .string($0.checkName) == detail["checkName"] && !$0.isSuppressed
            }
            #expect(detail["nonCompliantResourcesCount"] == .integer(Set(open.map(\.resource.identifier)).count))
            #expect(
                detail["checkRunStatus"]
                    == (open.isEmpty ? "COMPLETED_COMPLIANT" : "COMPLETED_NON_COMPLIANT"))
        }
    }

    @Test("there is an alarm for each type of criteria and value, and each severity in a name")
    func alarms() throws {
        let alarms = try Self.scenario(1).alarms
        let values = Set(alarms.flatMap { $0["behavior"]?["criteria"]?["value"]?.object.map { Array($0.keys) } ?? [] })
        #expect(values == ["count", "cidrs", "ports", "number", "numbers", "strings"])
        #expect(alarms.contains { $0["behavior"]?["criteria"]?["statisticalThreshold"] != nil })
        #expect(alarms.contains { $0["behavior"]?["criteria"]?["mlDetectionConfig"] != nil })
        let names = alarms.compactMap { $0["behavior"]?["name"]?.string }
        for severity in ["Critical", "High", "Medium", "Low", "Informational"] {
            #expect(names.contains { $0.hasSuffix(severity) })
        }
        #expect(Set(alarms.compactMap { $0["violationId"] }).count == alarms.count)
    }

    @Test("a cleared, invalidated or verified alarm was raised before")
    func laterAlarms() throws {
        let scenario = try Self.scenario(30)
        for (later, raised) in [(scenario.clearedAlarm, 0), (scenario.invalidatedAlarm, 1)] {
            #expect(later["violationId"] == scenario.alarms[raised]["violationId"])
            #expect(later["violationEventType"] != "in-alarm")
            let time = try #require(later["violationEventTime"]?.integer)
            #expect(time > scenario.alarms[raised]["violationEventTime"]?.integer ?? .max)
        }
        let events = scenario.events.compactMap { $0["detail"] }
        #expect(events.map { $0["eventName"] } == ["PutVerificationStateOnViolation", "CreateAuditSuppression"])
        #expect(events[0]["requestParameters"]?["violationId"] == scenario.alarms[2]["violationId"])
        #expect(
            events[1]["requestParameters"]?["resourceIdentifier"] == scenario.auditFindings[0].resource.identifier)
    }
}

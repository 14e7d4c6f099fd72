import AWSCore
import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Status", .timeLimit(.minutes(15)))
    struct Status {
        private func told(by bridge: BridgeProcess) async throws -> JSON {
            try await Client.exchange(.get("/status.json"), with: bridge.admin).json
        }

        /// Active findings in Security Hub, by severity.
        private func severities(in world: IntegrationEnvironment) -> JSON.Members {
            var counts = ["CRITICAL": 0, "HIGH": 0, "MEDIUM": 0, "LOW": 0, "INFORMATIONAL": 0]
            for finding in world.aws.findings(in: world.accountRegion) where finding["RecordState"] == "ACTIVE" {
                counts[finding["Severity"]?["Label"]?.string ?? "", default: 0] += 1
            }
            return JSON.Members(counts.mapValues { .integer($0) })
        }

        private func time(_ json: JSON?) throws -> TimeInterval {
            let text = try #require(json?.string)
            let seconds = try Date(text, strategy: .iso8601).timeIntervalSince1970
            return seconds - Date().timeIntervalSince1970
        }

        @Test(
            "status.json has an audit, an alarm, a dead letter and a denial, and after a restart what the store keeps")
        func everything() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                let quiet = try await told(by: bridge)
                #expect(quiet["health"] == ["state": "working", "problems": []])
                #expect(quiet["accountRegions"]?.array?.count == 1 && quiet["events"] == [])
                let scenario = world.scenario()
                try await world.deliverAuditAndAlarm(of: scenario, to: bridge)
                try await world.publish([["what": "is this"]], to: world.topics.detect)
                try await bridge.waitForCompletion(of: 2, dead: 1)
                try await checkFindings(bridge, scenario, in: world)
                try await checkDenial(bridge, scenario, in: world)
                try await bridge.stop()
                try await checkRestart(scenario, in: world)
            }
        }

        private func checkFindings(_ bridge: BridgeProcess, _ scenario: FleetScenario, in world: IntegrationEnvironment)
            async throws
        {
            // The counts may be cached for half a minute.
            let status = try await eventually("the findings to be counted", within: .seconds(60)) {
                try await told(by: bridge)
            } is: {
                $0["accountRegions"]?.array?.first?["openFindings"] == .object(severities(in: world))
            }
            let here = try #require(status["accountRegions"]?.array?.first)
            #expect(here["region"]?.string == world.accountRegion.region.name)
            #expect(here["account"]?.string == world.accountRegion.account.digits)
            #expect(here["pending"] == 0 && here["dead"] == 1 && here["denied"] == .null && here["paused"] == false)
            #expect(abs(try time(here["lastDeliveryAt"])) < 120)
            let audit = try #require(here["audits"]?.array?.first)
            #expect(audit["taskId"]?.string == scenario.auditTask.id)
            #expect(audit["schedule"]?.string == scenario.auditTask.scheduledAuditName)
            #expect(abs(try time(audit["finishedAt"])) < 120)

            #expect(status["health"]?["state"] == "attention")
            let problems = status["health"]?["problems"]?.array ?? []
            func problem(_ beginning: String) -> JSON? {
                problems.first { $0["summary"]?.string?.hasPrefix(beginning) == true }
            }
            let affected = problem("1 dead letter of account")?["affected"]?.array?.first
            #expect(affected?["account"]?.string == world.accountRegion.account.digits)
            // The dead letter does not come from Device Defender, which is a problem of the topic.
            #expect(
                problem("Topic \(world.topics.detect) carries messages that do not come from Device Defender") != nil)
            #expect(problems.count == 2)
            let letter = try #require(status["deadLetters"]?["newest"]?.array?.first)
            #expect(status["deadLetters"]?["total"] == 1 && letter["channel"] == "sns")
            #expect(letter["payloadBytes"]?.integer == Int64(#"{"what":"is this"}"#.utf8.count))

            let events = status["events"]?.array ?? []
            func event(_ kind: String) throws -> JSON { try #require(events.first { $0["kind"]?.string == kind }) }
            #expect(events.count == 3)
            #expect(try event("other")["outcome"] == "dead" && event("other")["id"] == letter["id"])
            let findings = scenario.auditFindings.count + scenario.auditTask.checks.count
            #expect(try event("audit")["findings"]?.integer == Int64(findings))
            #expect(try event("audit")["outcome"] == "imported" && event("audit")["findingId"] == .null)
            let alarm = try event("alarm")
            let id = Alarms.findingID(0, in: world.accountRegion)
            #expect(alarm["findingId"]?.string == id && alarm["outcome"] == "imported" && alarm["findings"] == 1)
            let page = try #require(alarm["consoleURL"]?.string)
            #expect(
                page.hasPrefix("https://console.aws.amazon.com/securityhub/home?region=\(world.accountRegion.region)#"))
            #expect(page.removingPercentEncoding?.removingPercentEncoding?.hasSuffix(id) == true)
            func sum(_ name: String) -> Int64 {
                (status["lastHour"]?[name]?.array ?? []).reduce(0) { $0 + ($1.integer ?? 0) }
            }
            #expect(sum("deliveries") == 3 && sum("imports") == Int64(findings + 1))
        }

        private func checkDenial(_ bridge: BridgeProcess, _ scenario: FleetScenario, in world: IntegrationEnvironment)
            async throws
        {
            world.aws.fail(.batchImportFindings, count: 1000, status: 403, code: "AccessDeniedException")
            try await world.publish(try Alarms.make(1..<2, from: scenario), to: world.topics.detect)
            let status = try await eventually("the denial") {
                try await told(by: bridge)
            } is: {
                $0["health"]?["state"] == "failing"
            }
            let here = try #require(status["accountRegions"]?.array?.first)
            #expect(here["denied"]?["reason"]?.string?.contains("AccessDenied") == true)
            let problem = try #require(status["health"]?["problems"]?.array?.first)
            #expect(problem["severity"] == "critical" && problem["cause"] == "aws_denied")
            #expect(problem["affected"]?.array?.first?["region"]?.string == world.accountRegion.region.name)
            #expect(problem["summary"]?.string?.hasPrefix("AWS denies access in ") == true)
        }

        private func checkRestart(_ scenario: FleetScenario, in world: IntegrationEnvironment) async throws {
            let bridge = try await world.start()
            let status = try await told(by: bridge)
            let here = try #require(status["accountRegions"]?.array?.first)
            func total(_ counts: JSON.Members?) -> Int64 {
                (counts ?? [:]).values.reduce(0) { $0 + ($1.integer ?? 0) }
            }
            // One is open, and Security Hub rejected it.
            #expect(total(here["openFindings"]?.object) == total(severities(in: world)))
            #expect(here["unsentFindings"] == 1 && status["ledger"]?["unsent"] == 1)
            #expect(here["audits"]?.array?.first?["taskId"]?.string == scenario.auditTask.id)
            #expect(abs(try time(here["lastDeliveryAt"])) < 120)
            #expect(status["deadLetters"]?["total"] == 1)
            try await bridge.stop()
        }
    }
}

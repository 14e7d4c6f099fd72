import AWSCore
import Bridge
import Foundation
import JSON
import LocalAWS
import Telemetry
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Finding lifecycle", .timeLimit(.minutes(15)))
    struct FindingLifecycle {
        /// Without Security Hub's rate limit, which the stand-in does not enforce here.
        private static let settings = [
            "securityHub.requestsPerSecond": "1000", "securityHub.burst": "1000", "mapping.checkSummaries": "false",
        ]

        /// A later run of the same audit, without some unsuppressed findings and with new ones.
        private func next(
            _ scenario: FleetScenario, number: Int64, dropping count: Int = 0, adding new: [FleetAuditFinding] = []
        ) -> (task: FleetAuditTask, findings: [FleetAuditFinding]) {
            var task = scenario.auditTask
            task.id = "audit-\(number)"
            task.startTime += number * 60_000
            let dropped = Set(scenario.auditFindings.filter { !$0.isSuppressed }.prefix(count).map(\.id))
            let rest = scenario.auditFindings.filter { !dropped.contains($0.id) }
            let findings = (rest + new).enumerated().map { index, finding in
                var finding = finding
                finding.id = "finding-\(number)-\(index)"
                (finding.taskID, finding.taskStartTime) = (task.id, task.startTime)
                finding.time = task.startTime + 1000
                return finding
            }
            return (task, findings)
        }

        /// Publishes a finished audit, and waits for a number of completed deliveries.
        private func finish(
            _ task: FleetAuditTask, _ findings: [FleetAuditFinding], in world: IntegrationEnvironment,
            _ bridge: BridgeProcess,
            completed: Int
        ) async throws {
            world.aws.add(task, findings: findings, in: world.accountRegion)
            try await world.publish([task.notification(account: world.accountRegion.account)], to: world.topics.audit)
            try await bridge.waitForCompletion(of: completed, within: .seconds(240))
        }

        private func count(_ outcome: String, of bridge: BridgeProcess) async throws -> Int {
            Int(
                try await bridge.total(
                    "defender_bridge_findings_total", #"kind="audit""#, #"outcome="\#(outcome)""#))
        }

        @Test("A repeated audit of 10,000 findings imports nothing, one with 10 fixed and 5 new findings imports 15")
        func again() async throws {
            try await IntegrationEnvironment.run { world in
                let scenario = world.scenario(findings: 10_000)
                let bridge = try await world.start(Self.settings)
                try await world.subscribe(bridge, to: world.topics.audit)
                try await finish(scenario.auditTask, scenario.auditFindings, in: world, bridge, completed: 1)
                #expect(world.aws.findings(in: world.accountRegion).count == 10_000)
                let calls = world.aws.calls(of: .batchImportFindings)
                let imported = try await count("imported", of: bridge)
                let archived = try await count("archived", of: bridge)

                let second = next(scenario, number: 1)
                try await finish(second.task, second.findings, in: world, bridge, completed: 2)
                #expect(world.aws.calls(of: .batchImportFindings) == calls)
                #expect(try await count("unchanged", of: bridge) == 10_000)

                let new = (0..<5).map { number in
                    var finding = scenario.auditFindings[0]
                    finding.isSuppressed = false
                    finding.checkName = "CONFLICTING_CLIENT_IDS_CHECK"
                    finding.resource = FleetAuditFinding.Resource(
                        type: "CLIENT_ID", identifier: ["clientId": .string("a new client \(number)")])
                    return finding
                }
                let third = next(scenario, number: 2, dropping: 10, adding: new)
                try await finish(third.task, third.findings, in: world, bridge, completed: 3)
                #expect(try await count("imported", of: bridge) == imported + 5)
                #expect(try await count("archived", of: bridge) == archived + 10)
                #expect(world.aws.findings(in: world.accountRegion).count == 10_005)
                try await bridge.stop()
            }
        }

        @Test("An audit continues at its checkpoint after a kill, and ends as without one")
        func killed() async throws {
            try await IntegrationEnvironment.run { world in
                let scenario = world.scenario(findings: 3000)
                world.aws.add(scenario.auditTask, findings: scenario.auditFindings, in: world.accountRegion)
                var bridge = try await world.start(Self.settings)
                try await world.subscribe(bridge, to: world.topics.audit)
                try await world.publish([scenario.auditNotification], to: world.topics.audit)
                for share in [1, 2] {
                    try await eventually("a part of the audit to be imported", within: .seconds(60)) {
                        world.aws.findings(in: world.accountRegion).count
                    } is: {
                        $0 >= share * 1000
                    }
                    try await bridge.kill()
                    bridge = try await world.start(Self.settings)
                }
                try await bridge.waitForCompletion(of: 1, within: .seconds(120))
                #expect(world.aws.findings(in: world.accountRegion).count == 3000)
                // Twelve pages. Each kill repeats the pages of three chunks: the one that was sent, the one that was
                // recorded and the one that was fetched.
                let listed = world.aws.calls(of: .listAuditFindings)
                #expect((12...24).contains(listed), "\(listed) pages were listed")
                let active = world.aws.findings(in: world.accountRegion).count { $0["RecordState"] == "ACTIVE" }
                #expect(active == scenario.auditFindings.count { !$0.isSuppressed })
                try await bridge.stop()
            }
        }

        @Test(
            "After the loss of its store and after rebuild-ledger, a bridge sends nothing again and archives findings that are gone"
        )
        func rebuilt() async throws {
            try await IntegrationEnvironment.run { world in
                let scenario = world.scenario(findings: 250)
                let settings = Self.settings.merging(["listen.address": try Client.freeAddress()]) { $1 }
                var bridge = try await world.start(settings)
                try await world.subscribe(bridge, to: world.topics.audit)
                try await finish(scenario.auditTask, scenario.auditFindings, in: world, bridge, completed: 1)
                let rebuild = ["rebuild-ledger"] + world.flags
                let rejected = try await RunningProgram.run(
                    [Paths.program] + rebuild, environment: world.environment)
                #expect(rejected.exit == .init(status: 75, wasKilled: false))
                #expect(rejected.errorLines.first?.hasPrefix("defender-bridge: store.url: ") == true)
                try await bridge.stop()
                let calls = world.aws.calls(of: .batchImportFindings)

                for file in try FileManager.default.contentsOfDirectory(atPath: world.folder.path)
                where file.hasPrefix("store.db") {
                    try FileManager.default.removeItem(atPath: world.folder.path + "/" + file)
                }
                bridge = try await world.start(settings)
                let second = next(scenario, number: 1)
                try await finish(second.task, second.findings, in: world, bridge, completed: 1)
                #expect(world.aws.calls(of: .batchImportFindings) == calls)
                try await bridge.stop()
                #expect(bridge.log(.ledgerRebuilt).count == 1)

                let rebuilt = try await RunningProgram.run([Paths.program] + rebuild, environment: world.environment)
                #expect(rebuilt.exit == .init(status: 0, wasKilled: false), "\(rebuilt.errorLines)")
                #expect(rebuilt.outputLines.first == "\(world.accountRegion): findings read: 100")
                #expect(rebuilt.outputLines.last == "\(world.accountRegion): complete, findings in the ledger: 250")
                let again = try await RunningProgram.run(
                    [Paths.program] + rebuild + ["--json"], environment: world.environment)
                let accountRegion: JSON = [
                    "account": .string(world.accountRegion.account.digits),
                    "region": .string(world.accountRegion.region.name),
                    "restored": 250, "unread": 0,
                ]
                #expect(try JSON(parsing: again.outputLines.joined()) == [accountRegion])
                bridge = try await world.start(settings)
                let third = next(scenario, number: 2, dropping: 3)
                try await finish(third.task, third.findings, in: world, bridge, completed: 2)
                #expect(try await count("archived", of: bridge) == 3)
                #expect(try await count("imported", of: bridge) == 0)
                try await bridge.stop()
            }
        }

        @Test("rebuild-ledger ends immediately when it is interrupted, and reports it", arguments: [SIGINT, SIGTERM])
        func interrupted(signal: Int32) async throws {
            try await IntegrationEnvironment.run { world in
                let silence = try await world.serveSilence()
                let rebuild = try RunningProgram(
                    [Paths.program, "rebuild-ledger"] + world.flags,
                    environment: world.environment.merging(["AWS_ENDPOINT_URL_SECURITYHUB": silence.url]) { $1 })
                world.keep(rebuild)
                try await eventually("a request to Security Hub", { silence.requests.value }, is: { $0 > 0 })
                rebuild.signal(signal)
                let (exit, time) = try await rebuild.waitForExit()
                #expect(exit == .init(status: 1, wasKilled: false) && time < .seconds(10))
                #expect(
                    rebuild.errorLines == [
                        "defender-bridge: rebuild-ledger interrupted by a signal. Run it again, or start a bridge, which completes it."
                    ])
            }
        }

        @Test("A suppression and its deletion through EventBridge take effect immediately")
        func suppressed() async throws {
            try await IntegrationEnvironment.run { world in
                let scenario = world.scenario(findings: 50)
                let bridge = try await world.start(Self.settings)
                try await world.subscribe(bridge, to: world.topics.audit)
                try await finish(scenario.auditTask, scenario.auditFindings, in: world, bridge, completed: 1)
                let finding = try #require(scenario.auditFindings.first { !$0.isSuppressed })
                func archived() -> Int {
                    world.aws.findings(in: world.accountRegion).count { $0["RecordState"] == "ARCHIVED" }
                }
                let before = archived()
                for (number, (call, expected)) in [
                    ("CreateAuditSuppression", before + 1), ("DeleteAuditSuppression", before),
                ].enumerated() {
                    let event = event(
                        call, number: number, of: finding, at: scenario.startTime + Int64(number + 1) * 60_000,
                        in: world)
                    let response = try await Client.exchange(
                        Request(
                            "POST", "/eventbridge",
                            ["x-api-key": IntegrationEnvironment.apiKey, "Content-Type": "application/json"],
                            body: event.serialized()), with: bridge.listen)
                    #expect(try response.json == ["result": "stored"])
                    try await bridge.waitForCompletion(of: number + 2)
                    #expect(archived() == expected)
                }
                try await bridge.stop()
            }
        }

        private func event(
            _ call: String, number: Int, of finding: FleetAuditFinding, at time: Int64, in world: IntegrationEnvironment
        ) -> JSON {
            var parameters: JSON.Members = [
                "checkName": .string(finding.checkName), "resourceIdentifier": finding.resource.identifier,
            ]
            if call == "CreateAuditSuppression" { parameters["suppressIndefinitely"] = true }
            let date = Date(timeIntervalSince1970: Double(time) / 1000).formatted(.iso8601)
            return [
                "version": "0", "id": .string("event-\(number)"), "detail-type": "AWS API Call via CloudTrail",
                "source": "aws.iot", "account": .string(world.accountRegion.account.digits), "time": .string(date),
                "region": .string(world.accountRegion.region.name), "resources": [],
                "detail": [
                    "eventSource": "iot.amazonaws.com", "eventName": .string(call),
                    "requestParameters": .object(parameters),
                ],
            ]
        }
    }
}

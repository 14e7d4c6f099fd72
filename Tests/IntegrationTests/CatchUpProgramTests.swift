import AWSCore
import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Catch-up on missed deliveries", .timeLimit(.minutes(15)))
    struct CatchUp {
        private static let settings = ["securityHub.requestsPerSecond": "1000", "securityHub.burst": "1000"]

        /// The state of a finding in Security Hub.
        private struct State: Hashable {
            let record: String?
            let workflow: String?
            let verification: String?
            let note: String?

            init(_ finding: JSON) {
                record = finding["RecordState"]?.string
                workflow = finding["Workflow"]?["Status"]?.string
                verification = finding["VerificationState"]?.string
                note = finding["Note"]?["Text"]?.string
            }
        }

        private func states(_ world: IntegrationEnvironment) -> [String: State] {
            Dictionary(
                world.aws.findings(in: world.accountRegion).map { ($0["Id"]?.string ?? "", State($0)) },
                uniquingKeysWith: { first, _ in first })
        }

        /// A history that happens equally in several environments.
        private struct History {
            let first: FleetScenario
            let alarms: [JSON]
            let task: FleetAuditTask
            let findings: [FleetAuditFinding]
            let suppression: FleetAuditSuppression

            init(_ world: IntegrationEnvironment) throws {
                let start = Int64(Date().timeIntervalSince1970 * 1000) - 8 * 3_600_000
                first = FleetScenario(accountRegion: world.accountRegion, findings: 60, startTime: start)
                let later = FleetScenario(
                    accountRegion: world.accountRegion, findings: 60, startTime: start + 3_600_000)
                alarms = [first.clearedAlarm, first.invalidatedAlarm] + (try Alarms.make(100..<103, from: later))
                var task = first.auditTask
                (task.id, task.startTime) = ("the-next-audit", start + 6 * 3_600_000)
                self.task = task
                findings = later.auditFindings.dropFirst(20).enumerated().map { index, finding in
                    var finding = finding
                    finding.id = "finding-next-\(index)"
                    (finding.taskID, finding.taskStartTime) = (task.id, task.startTime)
                    finding.time = task.startTime + 1000
                    return finding
                }
                let suppressed = try #require(first.auditFindings.first { !$0.isSuppressed })
                suppression = FleetAuditSuppression(
                    checkName: suppressed.checkName, resourceIdentifier: suppressed.resource.identifier)
            }

            /// Adds the first part of the history to Device Defender.
            func begin(in world: IntegrationEnvironment) {
                world.aws.add(first.auditTask, findings: first.auditFindings, in: world.accountRegion)
                world.aws.add(alarms: first.alarms, in: world.accountRegion)
            }

            /// Adds the second part of the history to Device Defender.
            func continueHistory(in world: IntegrationEnvironment) throws {
                world.aws.add(task, findings: findings, in: world.accountRegion)
                world.aws.add(alarms: alarms, in: world.accountRegion)
                world.aws.verify(
                    violation: try #require(first.alarms[2]["violationId"]?.string), state: "FALSE_POSITIVE",
                    description: "Lab device", in: world.accountRegion)
                world.aws.setSuppressions([suppression], in: world.accountRegion)
            }
        }

        private func deliver(
            _ alarms: [JSON], _ task: FleetAuditTask, in world: IntegrationEnvironment
        ) async throws {
            try await world.publish([task.notification(account: world.accountRegion.account)], to: world.topics.audit)
            try await world.publish(alarms, to: world.topics.detect)
        }

        /// Delivers the whole history, and returns the states in Security Hub.
        private func delivered() async throws -> [String: State] {
            var states: [String: State] = [:]
            try await IntegrationEnvironment.run { world in
                let history = try History(world)
                history.begin(in: world)
                let bridge = try await world.start(Self.settings)
                for topic in [world.topics.audit, world.topics.detect] {
                    try await world.subscribe(bridge, to: topic)
                }
                try await deliver(history.first.alarms, history.first.auditTask, in: world)
                try await bridge.waitForCompletion(of: 10)
                try history.continueHistory(in: world)
                for event in history.first.events {
                    let request = Request(
                        "POST", "/eventbridge", ["x-api-key": IntegrationEnvironment.apiKey], body: event.serialized())
                    #expect(try await Client.exchange(request, with: bridge.listen).status == 200)
                }
                try await deliver(history.alarms, history.task, in: world)
                try await bridge.waitForCompletion(of: 18)
                states = self.states(world)
                try await bridge.stop()
            }
            return states
        }

        @Test("Events that are missed while the bridge is down are in Security Hub after its start")
        func missed() async throws {
            let expected = try await delivered()
            #expect(Set(expected.values.map(\.record)) == ["ACTIVE", "ARCHIVED"])
            #expect(expected.values.contains { $0.verification == "FALSE_POSITIVE" })
            try await IntegrationEnvironment.run { world in
                let history = try History(world)
                history.begin(in: world)
                let address = try Client.freeAddress()
                let settings = Self.settings.merging(["listen.address": address]) { $1 }
                let first = try await world.start(settings)
                for topic in [world.topics.audit, world.topics.detect] {
                    try await world.subscribe(first, to: topic)
                }
                try await deliver(history.first.alarms, history.first.auditTask, in: world)
                try await first.waitForCompletion(of: 10)
                try await first.kill()
                // No bridge runs to receive these events.
                try history.continueHistory(in: world)
                let second = try await world.start(settings.merging(["catchUp.interval": "1h"]) { $1 })
                try await eventually("the same states in Security Hub", within: .seconds(60)) {
                    states(world)
                } is: {
                    $0 == expected
                }
                let queue = try await eventually("the queue to be empty", second.queue) {
                    $0.pending + $0.leased == 0
                }
                #expect(queue.dead == 0)
                try await second.stop()
            }
        }

        private func backfill(_ world: IntegrationEnvironment, _ arguments: [String] = []) async throws
            -> RunningProgram
        {
            let flags = Self.settings.sorted { $0.key < $1.key }.flatMap { ["--set", "\($0.key)=\($0.value)"] }
            return try await RunningProgram.run(
                [Paths.program, "backfill"] + arguments + world.flags + flags, environment: world.environment)
        }

        @Test("backfill imports past events with and without a running bridge, and reports progress")
        func backfill() async throws {
            let expected = try await delivered()
            try await IntegrationEnvironment.run { world in
                let history = try History(world)
                history.begin(in: world)
                try history.continueHistory(in: world)
                let rejected = try await backfill(world, ["--since", "91d"])
                #expect(rejected.exit == .init(status: 64, wasKilled: false))
                // Older events are not imported, except raised alarms.
                let near = try await backfill(world, ["--since", "5h"])
                #expect(near.exit == .init(status: 0, wasKilled: false), "\(near.errorLines)")
                let states = self.states(world)
                #expect(states.count < expected.count && states.values.contains { $0.record == "ACTIVE" })

                let bridge = try await world.start(Self.settings)
                let far = try await backfill(world, ["--since", "30d", "--account", "\(world.accountRegion.account)"])
                #expect(far.exit == .init(status: 0, wasKilled: false), "\(far.errorLines)")
                #expect(far.outputLines.first?.hasPrefix("account-Regions queried: ") == true)
                #expect(
                    far.outputLines.last
                        == "Backfill complete: all findings are in Security Hub (account-Regions: 1).")
                // Findings that ended before the newer audit are not imported from the outdated one.
                let active = { (states: [String: State]) in states.filter { $0.value.record == "ACTIVE" } }
                #expect(active(self.states(world)) == active(expected))
                try await bridge.stop()
                let unknown = try await backfill(world, ["--region", "eu-west-3"])
                #expect(unknown.exit == .init(status: 78, wasKilled: false))
            }
        }
    }
}

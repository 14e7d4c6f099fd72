import AWSCore
import Encoding
import Foundation
import JSON
import LocalAWS
import Synchronization
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Kills at random times", .timeLimit(.minutes(15)))
    struct RandomKills {
        /// Concurrent environments, and kills in each.
        private static let (environments, kills) = (3, 70)
        /// Without Security Hub's rate limit, which the stand-in does not enforce here.
        private static let settings = [
            "securityHub.requestsPerSecond": "1000", "securityHub.burst": "1000", "mapping.checkSummaries": "false",
        ]

        @Test("After 210 kills under load, every delivery acknowledged with 200 is one finding in the expected state")
        func manyKills() async throws {
            let seed = UInt64.random(in: 0...UInt64.max / 2)
            print("The times of the kills follow from seed \(seed).")
            try await withThrowingTaskGroup { group in
                for world in 0..<Self.environments {
                    group.addTask {
                        try await IntegrationEnvironment.run {
                            try await Self.killOften(in: $0, seed: seed + UInt64(world))
                        }
                    }
                }
                try await group.waitForAll()
            }
        }

        private static func killOften(in world: IntegrationEnvironment, seed: UInt64) async throws {
            var random = SeededGenerator(seed: seed)
            let address = try Client.freeAddress()
            let load = try await Load(
                in: world, alarms: kills * 3, audits: 3, items: kills, address: address, seed: seed)
            let arguments = try MappedLoad.arguments(world)
            let posting = Task { try await load.post(concurrency: 4) }
            var counts = Counts()
            for number in 0..<kills {
                load.release(kills: number, of: kills)
                try await kill(number, at: address, in: world, arguments, load, &random, &counts)
            }
            load.release(kills: kills, of: kills)
            let bridge = try await world.start(
                settings.merging(["listen.address": address]) { $1 }, arguments: arguments)
            try await posting.value
            try await eventually("all deliveries to be completed", within: .seconds(90), bridge.queue) {
                $0.pending + $0.leased == 0
            }
            #expect(try await bridge.queue() == .init(completed: load.count), "seed \(seed)")
            try load.expectAll(seed: seed)
            try await bridge.stop()
            let verified = try await RunningProgram.run([Paths.program, "queue", "verify"] + bridge.storeFlags)
            #expect(verified.outputLines == ["Store verified: no problems found."], "seed \(seed)")
            print("Seed \(seed): \(counts); \(world.aws.calls(of: .batchImportFindings)) imports.")
            // Whether there is an import in time depends on the deliveries before.
            #expect(
                counts.starting >= kills / 8 && counts.responding >= kills / 8 && counts.importing >= 3, "\(counts)")
        }

        /// The number of kills by time.
        private struct Counts {
            var starting = 0
            var responding = 0
            var importing = 0
            var anytime = 0
        }

        /// Starts a bridge and kills it: during its start, right after a response, right after an import, or at a
        /// random time.
        private static func kill(
            _ number: Int, at address: String, in world: IntegrationEnvironment, _ arguments: [String], _ load: Load,
            _ random: inout SeededGenerator,
            _ counts: inout Counts
        ) async throws {
            let imports = world.aws.calls(of: .batchImportFindings)
            let acknowledged = load.acknowledged
            var all = world.settings.merging(settings) { $1 }
            all.merge(["listen.address": address, "admin.address": "127.0.0.1:0", "log.format": "json"]) { $1 }
            let program = try RunningProgram(
                [Paths.program, "serve"] + arguments + all.flatMap { ["--set", "\($0.key)=\($0.value)"] },
                environment: world.environment)
            world.keep(program)
            switch number % 4 {
            case 0:
                try await pause(upTo: 150_000, &random)
                counts.starting += 1
            case 1:
                if try await soon({ load.acknowledged > acknowledged }) { counts.responding += 1 }
                try await pause(upTo: 8000, &random)
            case 2:
                if try await soon({ world.aws.calls(of: .batchImportFindings) > imports }) { counts.importing += 1 }
                try await pause(upTo: 12_000, &random)
            default:
                try await pause(upTo: 600_000, &random)
                counts.anytime += 1
            }
            program.signal(SIGKILL)
            let (exit, _) = try await program.waitForExit()
            try #require(
                exit == .init(status: SIGKILL, wasKilled: true), "it exited by itself: \(program.errorLines.suffix(3))")
        }

        private static func pause(upTo microseconds: Int, _ random: inout SeededGenerator) async throws {
            try await Task.sleep(for: .microseconds(Int.random(in: 0...microseconds, using: &random)))
        }

        /// Waits for a condition that may never hold, and returns whether it does.
        private static func soon(_ condition: () -> Bool) async throws -> Bool {
            let end = ContinuousClock.now + .seconds(4)
            while !condition() {
                if ContinuousClock.now > end { return false }
                try await Task.sleep(for: .milliseconds(1))
            }
            return true
        }
    }
}

/// Deliveries that are repeated until they are acknowledged with 200, and never after that.
private final class Load: Sendable {
    private struct State {
        /// The requests to send, the next one last.
        var waiting: [Request]
        var released = 0
        var sent = 0
        var acknowledged = 0
    }

    private let world: IntegrationEnvironment
    private let address: String
    private let state: Mutex<State>
    private let alarms: Int
    private let items: Int
    private let audited: Set<String>
    /// How many deliveries there are.
    let count: Int

    init(
        in world: IntegrationEnvironment, alarms: Int, audits: Int, items: Int, address: String, seed: UInt64
    ) async throws {
        (self.world, self.address, self.alarms, self.items) = (world, address, alarms, items)
        let scenario = world.scenario(findings: 400)
        let mailbox = try await Mailbox(of: world.topics.detect, signer: world.aws, in: world)
        let raised = try Alarms.make(0..<alarms, from: scenario)
        let cleared = try raised.indices.filter(Self.isCleared).map { try Alarms.cleared(raised[$0]) }
        var requests = try await mailbox.bodies(of: raised + cleared).map { Request.sns($0) }
        requests += raised.indices.filter(Self.isFalsePositive).map { number in
            Request(
                "POST", "/eventbridge",
                ["x-api-key": IntegrationEnvironment.apiKey, "Content-Type": "application/json"],
                body: Self.event(number, scenario).serialized())
        }
        requests += MappedLoad.requests(0..<items)
        var random = SeededGenerator(seed: seed)
        requests.shuffle(using: &random)
        // All audits have the same findings: from the second on, nothing is imported.
        let auditMailbox = try await Mailbox(of: world.topics.audit, signer: world.aws, in: world)
        for number in 0..<audits {
            var task = scenario.auditTask
            task.id = "audit-\(number)"
            task.startTime += Int64(number) * 60_000
            let findings = scenario.auditFindings.map { finding in
                var finding = finding
                (finding.taskID, finding.taskStartTime) = (task.id, task.startTime)
                finding.time = task.startTime + 1000
                return finding
            }
            world.aws.add(task, findings: findings, in: world.accountRegion)
            let body = try await auditMailbox.bodies(of: [task.notification(account: world.accountRegion.account)])[0]
            requests.insert(.sns(body), at: requests.count * (number + 1) / (audits + 1))
        }
        audited = Set(scenario.auditFindings.map(\.id))
        count = requests.count
        state = Mutex(State(waiting: requests))
    }

    private static func isCleared(_ number: Int) -> Bool { number % 3 == 0 }
    private static func isFalsePositive(_ number: Int) -> Bool { number % 5 == 1 }

    private static func event(_ number: Int, _ scenario: FleetScenario) -> JSON {
        let time = Date(timeIntervalSince1970: Double(scenario.startTime) / 1000 + 9000).formatted(.iso8601)
        return [
            "version": "0", "id": .string("event-\(number)"), "detail-type": "AWS API Call via CloudTrail",
            "source": "aws.iot", "account": .string(scenario.accountRegion.account.digits), "time": .string(time),
            "region": .string(scenario.accountRegion.region.name), "resources": [],
            "detail": [
                "eventSource": "iot.amazonaws.com", "eventName": "PutVerificationStateOnViolation",
                "requestParameters": [
                    "violationId": .string(Alarms.id(number)), "verificationState": "FALSE_POSITIVE",
                ],
            ],
        ]
    }

    /// The number of deliveries acknowledged with 200.
    var acknowledged: Int { state.withLock(\.acknowledged) }

    /// Allows a share of the deliveries, in proportion to the kills so far.
    func release(kills: Int, of all: Int) {
        state.withLock { $0.released = kills == all ? count : count * (kills + 1) / all }
    }

    /// Sends all deliveries, several concurrently, until each is acknowledged with 200.
    func post(concurrency senders: Int) async throws {
        try await withThrowingTaskGroup { group in
            for _ in 0..<senders { group.addTask { try await self.postAll() } }
            try await group.waitForAll()
        }
    }

    private func postAll() async throws {
        while acknowledged < count {
            let request: Request? = state.withLock { state in
                guard state.sent < state.released else { return nil }
                state.sent += 1
                return state.waiting.popLast()
            }
            guard let request else {
                try await Task.sleep(for: .milliseconds(5))
                continue
            }
            let status = try? await Client.exchange(request, with: address).status
            state.withLock { state in
                if status == 200 {
                    state.acknowledged += 1
                } else {
                    state.sent -= 1
                    state.waiting.append(request)
                }
            }
            if status != 200 { try await Task.sleep(for: .milliseconds(10)) }
        }
    }

    /// Checks that Security Hub has each finding once, in the expected state.
    func expectAll(seed: UInt64) throws {
        let findings = world.aws.findings(in: world.accountRegion)
        let ids = findings.compactMap { $0["Id"]?.string }
        #expect(
            Set(ids).count == ids.count && ids.count == findings.count, "seed \(seed): duplicate findings")
        #expect(ids.count == alarms + audited.count + items, "seed \(seed)")
        try MappedLoad.expectAll(0..<items, in: world)
        let byID = Dictionary(zip(ids, findings)) { first, _ in first }
        for number in 0..<alarms {
            let id = Alarms.findingID(number, in: world.accountRegion)
            let finding = try #require(byID[id], "seed \(seed): lost: \(id)")
            let isOver = Self.isCleared(number) || Self.isFalsePositive(number)
            #expect(finding["RecordState"]?.string == (isOver ? "ARCHIVED" : "ACTIVE"), "seed \(seed): \(id)")
            let workflow = finding["Workflow"]?["Status"]?.string ?? "NEW"
            #expect(workflow == (Self.isFalsePositive(number) ? "SUPPRESSED" : "NEW"), "seed \(seed): \(id)")
        }
    }
}

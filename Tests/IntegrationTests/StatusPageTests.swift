import AWSCore
import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

/// Checks the status page in Chromium, in the states that an operator meets, by `status_page.py`.
@Suite("The status page", .serialized, .timeLimit(.minutes(15)))
struct StatusPageTests {
    /// Checks made in every state, by words of their descriptions.
    private static let basicChecks = ["banner", "summary facts", "contrast", "scenario", "console has no errors"]

    /// Checks the page of a bridge.
    ///
    /// - Parameters:
    ///   - bridge: the bridge.
    ///   - expected: the expectations, see `status_page.py`.
    ///   - only: words of the checks to run; empty for all.
    private func check(
        at bridge: BridgeProcess, of world: IntegrationEnvironment, for expected: JSON.Members, only: [String] = []
    ) async throws {
        let expectations = expected.merging(["url": .string("http://\(bridge.admin)/")]) { first, _ in first }
        let file = try world.folder.write(JSON.object(expectations).serialized(), as: "expectations.json")
        let program = try await RunningProgram.run(
            ["python3", Paths.inPackage("Tests/BrowserTests/status_page.py")] + only.flatMap { ["--only", $0] },
            input: file, within: .seconds(600))
        let passed = program.outputLines.filter { $0.hasPrefix("ok ") }
        let others = program.outputLines.filter { !$0.hasPrefix("ok ") } + program.errorLines
        #expect(program.exit?.status == 0, "\(others.joined(separator: "\n"))")
        #expect(passed.count >= Self.basicChecks.count)
    }

    @Test("the page of a working bridge, and then of a paused one")
    func working() async throws {
        try await IntegrationEnvironment.run { world in
            // Its account-Region is silent, which is a problem.
            let quiet = "arn:aws:sns:ap-south-1:\(world.accountRegion.account.digits):device-defender-detect"
            let bridge = try await world.start(["sns.topics": "\(world.topics.audit),\(world.topics.detect),\(quiet)"])
            let scenario = world.scenario()
            try await world.deliverAuditAndAlarm(of: scenario, to: bridge)
            try await bridge.waitForCompletion(of: 2)
            let pause: [JSON] =
                ([Paths.program, "pause", "--account", world.accountRegion.account.digits, "--reason", "a new role"]
                + bridge.storeFlags).map(JSON.string)
            try await check(
                at: bridge, of: world,
                for: [
                    "state": "working",
                    "says": [
                        ["in": "#events", "text": "imported"], ["in": "#subscriptions-table", "text": "confirmed"],
                        ["in": "#account-regions-table", "text": "working"],
                    ],
                    "filter": ["text": .string(world.accountRegion.region.name), "rows": 1, "withProblems": 1],
                    "change": ["command": .array(pause), "in": "#pauses", "text": "a new role"],
                ])
            try await bridge.stop()
        }
    }

    @Test("dead letters: a payload is shown, one is replayed, one is dropped")
    func deadLetters() async throws {
        try await IntegrationEnvironment.run { world in
            let bridge = try await world.start([
                "admin.allowActions": "true", "admin.token": IntegrationEnvironment.adminToken,
            ])
            try await world.subscribe(bridge, to: world.topics.detect)
            try await world.deadLetter(3, by: bridge)
            let status = try await Client.exchange(.get("/status.json"), with: bridge.admin).json
            let ids = (status["deadLetters"]?["newest"]?.array ?? []).compactMap { $0["id"] }
            try #require(ids.count == 3)
            try await check(
                at: bridge, of: world,
                for: [
                    "state": "attention",
                    "deadLetters": [
                        "token": .string(IntegrationEnvironment.adminToken),
                        "payload": ["id": ids[0], "text": "violationEventType"],
                        "replay": ids[1], "drop": ids[2], "replayAll": true,
                    ],
                    "pause": [
                        "account": .string(world.accountRegion.account.digits),
                        "region": .string(world.accountRegion.region.name),
                    ],
                ],
                only: Self.basicChecks + ["payload", "action", "dead letter", "paused"])
            // The actions took effect: one was dropped, the others were replayed.
            try await bridge.waitForCompletion(of: 2)
            try await bridge.stop()
        }
    }

    @Test("the page with an account that AWS denies")
    func denied() async throws {
        try await IntegrationEnvironment.run { world in
            world.aws.fail(.batchImportFindings, count: 1000, status: 403, code: "AccessDeniedException")
            let bridge = try await world.start()
            try await world.subscribe(bridge, to: world.topics.detect)
            try await world.publish(try Alarms.make(0..<1, from: world.scenario()), to: world.topics.detect)
            try await eventually("the denial") {
                try await Client.exchange(.get("/status.json"), with: bridge.admin).json["health"]?["state"]
                    == "failing"
            }
            try await check(
                at: bridge, of: world,
                for: [
                    "state": "failing",
                    "says": [
                        ["in": "#problems", "text": "defender-bridge check"],
                        ["in": "#account-regions-table", "text": "denied"],
                    ],
                ], only: Self.basicChecks)
            try await bridge.stop()
        }
    }

    @Test(
        "the page with an unavailable database: no value is shown as fine or as zero",
        .enabled(if: PostgreSQLCluster.isInstalled, "install the package postgresql"))
    func outage() async throws {
        let cluster = try await PostgreSQLCluster()
        try await IntegrationEnvironment.run { world in
            let database = try await cluster.makeDatabase()
            let bridge = try await world.start(["store.url": cluster.url(database)])
            try await cluster.crash()
            try await eventually("the outage") {
                try await Client.exchange(.get("/status.json"), with: bridge.admin).json["health"]?["state"]
                    == "unknown"
            }
            try await check(
                at: bridge, of: world,
                for: [
                    "state": "unknown", "says": [["in": "#facts", "text": "unknown"]],
                    "doesNotSay": [["in": "#health", "text": "Findings reach"]],
                ], only: Self.basicChecks)
            bridge.program.signal(SIGKILL)
        }
    }
}

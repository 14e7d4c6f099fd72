import AWSCore
import Foundation
import JSON
import LocalAWS
import Telemetry
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Actions on the admin address", .timeLimit(.minutes(15)))
    struct AdminActions {
        private static let actions = [
            "admin.allowActions": "true",
            "admin.tokens": "alice=token-of-alice-16,bob=\(IntegrationEnvironment.adminToken)",
        ]

        private func post(
            _ target: String, _ body: JSON, at bridge: BridgeProcess, token: String = IntegrationEnvironment.adminToken
        ) async throws -> ClientResponse {
            let fields = ["Authorization": "Bearer \(token)", "Content-Type": "application/json"]
            return try await Client.exchange(
                Request("POST", target, fields, body: body.serialized()), with: bridge.admin)
        }

        private func get(_ target: String, from bridge: BridgeProcess) async throws -> ClientResponse {
            try await Client.exchange(.get(target), with: bridge.admin)
        }

        @Test(
            "a group of dead letters is replayed and dropped, at most as many as the operator saw, under the token's name"
        )
        func deadLetters() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start(Self.actions)
                try await world.subscribe(bridge, to: world.topics.detect)
                try await world.deadLetter(5, by: bridge)
                let status = try await get("/status.json", from: bridge).json
                let groups = try #require(status["deadLetters"]?["groups"]?.array)
                #expect(groups.count == 1 && groups[0]["count"] == 5, "\(groups)")
                let reason = try #require(groups[0]["reason"])

                for (body, status, code) in [
                    (["reason": reason] as JSON, 400, "invalid_action"), (["count": 1, "x": 1], 400, "invalid_action"),
                ] {
                    let answer = try await post("/dead-letters/drop", body, at: bridge)
                    #expect(try answer.status == status && answer.json["error"]?.string == code)
                }
                let wrong = try await post("/dead-letters/drop", ["count": 5], at: bridge, token: "wrong")
                #expect(wrong.status == 401)
                let other = try await post("/dead-letters/drop", ["reason": "another", "count": 9], at: bridge)
                #expect(try other.json == ["done": 0, "remaining": 0])
                #expect(try await bridge.queue() == .init(dead: 5))

                let dropped = try await post(
                    "/dead-letters/drop", ["reason": reason, "count": 2], at: bridge, token: "token-of-alice-16")
                #expect(try dropped.json == ["done": 2, "remaining": 3])
                let account = JSON.string(world.accountRegion.account.digits)
                let replayed = try await post("/dead-letters/replay", ["account": account, "count": 9], at: bridge)
                #expect(try replayed.json == ["done": 3, "remaining": 0])
                try await bridge.waitForCompletion(of: 3)
                #expect(try await get("/status.json", from: bridge).json["deadLetters"]?["groups"] == [])
                try await bridge.stop()
                let lines = bridge.log(.deadLettersActionCompleted)
                #expect(lines.map { $0["who"]?.string } == ["bob", "alice", "bob"])
                #expect(lines.map { $0["count"] } == [0, 2, 3] && lines.last?["account"] == account)
                #expect(!bridge.program.errorLines.contains { $0.contains("token-of-alice-16") })
            }
        }

        @Test("an account is paused and resumed, and the log and the pause have the token's name")
        func pauses() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start(Self.actions)
                let account = JSON.string(world.accountRegion.account.digits)
                let paused = try await post("/pauses", ["account": account, "reason": "why"], at: bridge)
                #expect(try paused.json == ["done": true])
                let pauses = try await get("/status.json", from: bridge).json["pauses"]?.array
                #expect(pauses?.first?["account"] == account && pauses?.first?["by"] == "bob")
                let row = try await get("/account-regions/\(world.accountRegion)", from: bridge).json
                #expect(row["state"] == "paused" && row["pauses"]?.array?.count == 1)
                #expect(try await post("/pauses", ["region": "us-east-1"], at: bridge).status == 400)
                #expect(try await post("/pauses", [:], at: bridge, token: "wrong").status == 401)
                #expect(try await post("/pauses/resume", ["account": account], at: bridge).json == ["done": true])
                #expect(try await post("/pauses/resume", ["account": account], at: bridge).json == ["done": false])
                try await bridge.stop()
                #expect(bridge.log(.pauseActionCompleted).map { $0["action"] } == ["pause", "resume", "resume"])
                #expect(bridge.log(.pauseActionCompleted).allSatisfy { $0["who"] == "bob" })
            }
        }

        @Test("a delivery is followed by its id, on the page's route and by trace; an unknown one is 404")
        func trace() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                try await world.subscribe(bridge, to: world.topics.detect)
                try await world.publish(try Alarms.make(0..<1, from: world.scenario()), to: world.topics.detect)
                try await bridge.waitForCompletion(of: 1)
                let event = try #require(try await get("/status.json", from: bridge).json["events"]?.array?.first)
                #expect(event["source"] == "detect" && event["severity"]?.string != nil)
                let id = try #require(event["id"]?.string)
                let trace = try await get("/deliveries/\(id)", from: bridge).json
                #expect(trace["state"] == "completed" && trace["channel"] == "sns" && trace["attempts"] == 1)
                let steps = trace["steps"]?.array?.compactMap { $0["step"]?.string } ?? []
                // The first lease may wait for the ledger, which is rebuilt at first.
                #expect(steps.first == "received" && steps.suffix(3) == ["leased", "sent", "completed"], "\(steps)")
                let request = try #require(
                    trace["requests"]?.array?.first { $0["operation"] == "BatchImportFindings" })
                #expect(request["status"] == 200 && request["error"] == .null)
                let finding = try #require(trace["findings"]?.array?.first)
                #expect(finding["state"] == "active" && finding["severity"] == event["severity"])
                #expect(finding["consoleUrl"] == event["consoleURL"])

                let arguments = [Paths.program, "trace", "--set", "admin.address=\(bridge.admin)"]
                let text = try await RunningProgram.run(arguments + [id])
                #expect(text.exit?.status == 0 && text.outputLines.contains { $0.hasPrefix("state") })
                let json = try await RunningProgram.run(arguments + [id, "--json"])
                #expect(try JSON(parsing: json.outputLines.joined())["id"]?.string == id)
                let unknown = try await RunningProgram.run(arguments + ["sns:none"])
                #expect(unknown.exit?.status == 1 && unknown.errorLines.count == 1)
                #expect(try await get("/deliveries/sns:none", from: bridge).json["error"] == "no_such_delivery")
                try await bridge.stop()
            }
        }

        @Test(
            "the history has a point soon after the start, and keeps it over a restart; health is on the admin address")
        func history() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                func point(_ range: String) async throws -> JSON {
                    try await eventually("the first point of \(range)") {
                        try await get("/history.json?range=\(range)", from: bridge).json
                    } is: {
                        $0["points"]?.array?.isEmpty == false
                    }
                }
                let first = try await point("24h")
                #expect(first["stepSeconds"] == 900 && first["points"]?.array?.first?["open"]?["CRITICAL"] == 0)
                #expect(try await point("30d")["stepSeconds"] == 14_400)
                #expect(try await get("/history.json", from: bridge).json["error"] == "invalid_query")
                #expect(try await get("/healthz", from: bridge).status == 200)
                #expect(try await get("/readyz", from: bridge).status == 200)
                try await bridge.stop()
                let next = try await world.start()
                let again = try await get("/history.json?range=24h", from: next)
                #expect(try again.json["points"]?.array?.first == first["points"]?.array?.first)
                try await next.stop()
            }
        }
    }
}

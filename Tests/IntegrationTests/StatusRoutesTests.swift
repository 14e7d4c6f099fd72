import AWSCore
import Bridge
import Foundation
import JSON
import LocalAWS
import Telemetry
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("The status page's routes", .timeLimit(.minutes(15)))
    struct StatusRoutes {
        private static let actions = ["admin.allowActions": "true", "admin.token": IntegrationEnvironment.adminToken]

        private func act(
            _ action: String, on id: String, at bridge: BridgeProcess,
            token: String? = IntegrationEnvironment.adminToken,
            _ fields: [String: String] = [:]
        ) async throws -> ClientResponse {
            var fields = fields
            fields["Authorization"] = token.map { "Bearer \($0)" }
            let request = Request("POST", "/dead-letters/\(id)/\(action)", fields, body: [])
            return try await Client.exchange(request, with: bridge.admin)
        }

        /// Sends a request with another `Host` than the address.
        private func get(_ target: String, host: String, at bridge: BridgeProcess) async throws -> ClientResponse {
            var request = Request("GET", target)
            let text = String(decoding: request.bytes, as: UTF8.self)
            request.bytes = Array(text.replacing("Host: localhost", with: "Host: \(host)").utf8)
            return try await Client.exchange(request, with: bridge.admin)
        }

        private func ids(_ world: IntegrationEnvironment, _ bridge: BridgeProcess) async throws -> [String] {
            let list = try await RunningProgram.run(
                [Paths.program, "dead-letters", "list", "--json"] + bridge.storeFlags, environment: world.environment)
            let json = try JSON(parsing: list.outputLines.joined(separator: "\n"))
            return try #require(json["deadLetters"]?.array).compactMap { $0["id"]?.string }
        }

        // MARK: Events

        @Test("a client receives the status, and then the changes by a delivery")
        func change() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                let client = try await EventReader(bridge.admin)
                defer { client.close() }
                #expect(client.answer.status == 200)
                #expect(client.answer.fields["content-type"] == "text/event-stream")
                #expect(client.answer.fields["cache-control"] == "no-store")
                let first = try #require(try await client.next())
                #expect(first.name == "status" && first.data["queue"]?["completed"] == 0, "\(first)")
                #expect(first.data["version"] != nil && first.data["topics"]?.array?.count == 2)
                try await world.subscribe(bridge, to: world.topics.detect)
                try await world.publish(try Alarms.make(0..<1, from: world.scenario()), to: world.topics.detect)
                var change = try #require(try await client.next())
                while change.data["queue"]?["completed"] != 1 { change = try #require(try await client.next()) }
                #expect(change.name == "change")
                #expect(change.data["version"] == nil && change.data["topics"] == nil, "only changed members are sent")
                #expect(change.data["at"] != nil || first.data["at"] == nil)
                try await bridge.stop()
            }
        }

        @Test("the 33rd client is rejected until one leaves, and a bridge with clients stops in time")
        func clients() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                var clients: [EventReader] = []
                defer { for client in clients { client.close() } }
                for _ in 0..<32 { clients.append(try await EventReader(bridge.admin)) }
                for client in clients { #expect(try await client.next()?.name == "status") }
                let rejected = try await Client.exchange(.get("/status/events"), with: bridge.admin)
                #expect(rejected.status == 503)
                #expect(rejected.fields["retry-after"] == "10")
                #expect(try rejected.json["error"] == "too_many_viewers")
                #expect(try await Client.exchange(.get("/status.json"), with: bridge.admin).status == 200)
                clients.removeLast().close()
                try await eventually("a place to become free") {
                    let client = try await EventReader(bridge.admin)
                    if client.answer.status == 200 { clients.append(client) } else { client.close() }
                    return client.answer.status == 200
                }
                #expect(clients.count == 32)
                bridge.program.signal(SIGTERM)
                let (exit, time) = try await bridge.program.waitForExit()
                #expect(exit == RunningProgram.Exit(status: 0, wasKilled: false), "\(bridge.program.errorLines)")
                #expect(time < .seconds(10), "\(bridge.program.errorLines.suffix(10))")
                // Each stream ended properly.
                for client in clients { while try await client.next() != nil {} }
            }
        }

        // MARK: Host names

        @Test("a Host that is not allowed is rejected, except for metrics")
        func host() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start(["admin.hosts": "bridge.example.com"])
                let targets = ["/", "/status.json", "/status/events", "/dead-letters/1", "/nothing"]
                for target in targets {
                    let answer = try await get(target, host: "evil.example", at: bridge)
                    #expect(answer.status == 421, "\(target)")
                    #expect(try answer.json["error"] == "host_not_allowed")
                }
                #expect(try await get("/metrics", host: "evil.example", at: bridge).status == 200)
                for host in ["bridge.example.com", "Bridge.example.com:9090", bridge.admin, "[::1]:1", "localhost:1"] {
                    #expect(try await get("/status.json", host: host, at: bridge).status == 200, "\(host)")
                }
                try await bridge.stop()
            }
        }

        @Test("the page has a policy that allows only its inline style and script")
        func page() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                let answer = try await Client.exchange(.get("/"), with: bridge.admin)
                #expect(answer.status == 200)
                #expect(answer.fields["content-type"] == "text/html; charset=utf-8")
                let policy = try #require(answer.fields["content-security-policy"])
                #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-"), "\(policy)")
                #expect(answer.fields["x-content-type-options"] == "nosniff")
                #expect(answer.fields["referrer-policy"] == "no-referrer")
                #expect(answer.fields["cache-control"] == "no-store")
                #expect(answer.text.contains("\"status/events\"") && !answer.text.contains("/*script*/"))
                let head = try await Client.exchange(Request("HEAD", "/"), with: bridge.admin)
                #expect(head.fields["content-length"] == String(answer.body.count))
                try await bridge.stop()
            }
        }

        // MARK: Dead letters

        @Test("a client with the token replays and drops dead letters, and the log has its address")
        func deadLetters() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start(Self.actions)
                try await world.subscribe(bridge, to: world.topics.detect)
                try await world.deadLetter(3, by: bridge)
                let ids = try await ids(world, bridge)
                try #require(ids.count == 3)

                let shown = try await Client.exchange(.get("/dead-letters/\(ids[0])"), with: bridge.admin)
                #expect(try shown.json["id"]?.string == ids[0])
                #expect(try shown.json["payload"]?.string?.contains("violationId") == true, "\(shown.text)")
                #expect(shown.fields["cache-control"] == "no-store")

                for (answer, status, code) in [
                    (try await act("replay", on: ids[0], at: bridge, token: "wrong"), 401, "unauthorized"),
                    (try await act("drop", on: ids[0], at: bridge, token: nil), 401, "unauthorized"),
                    (
                        try await act("drop", on: ids[0], at: bridge, ["Origin": "http://evil.example"]), 403,
                        "foreign_origin"
                    ),
                    (try await act("replay", on: "sns:none", at: bridge), 404, "no_such_dead_letter"),
                ] {
                    #expect(answer.status == status, "\(answer.text)")
                    #expect(try answer.json["error"]?.string == code)
                }
                #expect(try await bridge.queue() == .init(dead: 3))

                let replayed = try await act("replay", on: ids[0], at: bridge, ["Origin": "http://localhost"])
                #expect(try replayed.json == ["id": .string(ids[0]), "done": "replayed"])
                try await bridge.waitForCompletion(of: 1, dead: 2)
                #expect(world.aws.findings(in: world.accountRegion).count == 1)
                // A colon may be encoded or not.
                let encoded = ids[1].replacing(":", with: "%3A")
                let dropped = try await act("drop", on: encoded, at: bridge)
                #expect(try dropped.json == ["id": .string(ids[1]), "done": "dropped"])
                #expect(try await bridge.queue() == .init(completed: 1, dead: 1))
                #expect(try await act("drop", on: ids[1], at: bridge).status == 404)
                let gone = try await Client.exchange(.get("/dead-letters/\(ids[1])"), with: bridge.admin)
                #expect(gone.status == 404)

                try await bridge.stop()
                let decisions = bridge.log(.deadLetterActionCompleted)
                #expect(decisions.map { $0["action"] } == ["replay", "drop"])
                #expect(decisions.map { $0["delivery"]?.string } == [ids[0], ids[1]])
                #expect(decisions.allSatisfy { $0["who"] == "admin.token" })
                #expect(decisions.allSatisfy { $0["peer"]?.string?.hasPrefix("127.0.0.1:") == true })
                #expect(decisions.allSatisfy { $0["account"]?.string == world.accountRegion.account.digits })
                let rejections = bridge.log(.adminActionRejected)
                #expect(rejections.map { $0["code"] } == ["refused", "refused", "foreign"])
                #expect(!bridge.program.errorLines.contains { $0.contains(IntegrationEnvironment.adminToken) })
            }
        }

        @Test("an address that sent ten wrong tokens is throttled, even with the right one")
        func failures() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start(Self.actions)
                for _ in 0..<10 { #expect(try await act("drop", on: "1", at: bridge, token: "wrong").status == 401) }
                let answer = try await act("drop", on: "1", at: bridge)
                #expect(answer.status == 429)
                #expect(answer.fields["retry-after"] == "6")
                try await bridge.stop()
            }
        }

        @Test("actions are disabled by default, and SIGHUP enables them")
        func reload() async throws {
            try await IntegrationEnvironment.run { world in
                let file = try world.folder.write(Array("log: {level: info}\n".utf8), as: "bridge.yaml")
                let bridge = try await world.start(arguments: ["--config", file])
                let off = try await act("drop", on: "1", at: bridge)
                #expect(off.status == 404)
                #expect(try off.json["error"] == "actions_off")
                let text = """
                    admin: {allowActions: true, token: "\(IntegrationEnvironment.adminToken)", hosts: [bridge.example.com]}
                    log: {level: info}

                    """
                try world.folder.write(Array(text.utf8), as: "bridge.yaml")
                bridge.program.signal(SIGHUP)
                let line = try await eventually("the settings to change") {
                    bridge.log(.configurationReloaded).last
                } is: {
                    $0 != nil
                }
                #expect(line?["keys"] == "admin.hosts,admin.allowActions,admin.token")
                #expect(try await act("drop", on: "1", at: bridge, token: "wrong").status == 401)
                #expect(try await act("drop", on: "1", at: bridge).json["error"] == "no_such_dead_letter")
                #expect(try await get("/status.json", host: "bridge.example.com", at: bridge).status == 200)
                try await bridge.stop()
            }
        }
    }
}

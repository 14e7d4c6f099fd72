import AWSCore
import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("The API description", .timeLimit(.minutes(15)))
    struct APIDescription {
        @Test("every response is described in openapi.yaml, and every described response occurs")
        func openAPI() async throws {
            let (near, far) = (try #require(Region("us-east-1")), try #require(Region("eu-west-1")))
            try await IntegrationEnvironment.run {
                $0.regions = [near, far]
            } _: { world in
                let distant = AccountRegion(account: world.accountRegion.account, region: far)
                let unreachable = ARN(service: "sns", accountRegion: distant, resource: "unreachable")
                let closed = try Client.freeAddress()
                let connectTo = world.aws.connectTo.filter { $0.hasPrefix("sns.us-east-1.") }
                let bridge = try await world.start(
                    [
                        "sns.topics": "\(world.topics.audit),\(world.topics.detect),\(unreachable)",
                        "network.connectTo": (connectTo + ["sns.eu-west-1.amazonaws.com:443:\(closed)"]).joined(
                            separator: ","),
                        "admin.allowActions": "true", "admin.token": IntegrationEnvironment.adminToken,
                    ], arguments: try Webhooks.arguments(world))
                let dead = try await deadLetters(world, bridge)
                let plan: JSON = [
                    "servers": ["listen": .string(bridge.listen), "admin": .string(bridge.admin)],
                    "requests": .array(
                        try await requests(world, unreachable: unreachable) + reading(world, dead)
                            + operating(on: dead) + acting(large: [UInt8](repeating: 0x20, count: 1_048_577))),
                    // These need an unavailable store, many viewers or many failed authentications, and have tests of their own.
                    "unseen": .array(Self.unseen.map(JSON.string)),
                ]
                let file = try world.folder.write(
                    String(decoding: plan.serialized(), as: UTF8.self), as: "requests.json")
                let output = try await RunningProgram.python([
                    Paths.inPackage("Tests/IntegrationTests/Support/api_check.py"), Paths.inPackage("openapi.yaml"),
                    file,
                ])
                #expect(output.last?.hasSuffix(" responses are as described") == true, "\(output)")
                try await bridge.stop()
            }
        }

        private func request(
            _ method: String, _ path: String, _ status: Int, body: [UInt8]? = nil, isValid: Bool? = nil,
            headers: [String: String] = [:], server: String = "listen"
        ) -> JSON {
            var members: JSON.Members = [
                "server": .string(server), "method": .string(method), "path": .string(path),
                "status": .integer(status), "headers": JSON(texts: headers),
            ]
            members["body"] = body.map { .string(Data($0).base64EncodedString()) }
            members["valid"] = isValid.map(JSON.bool)
            return .object(members)
        }

        private func requests(_ world: IntegrationEnvironment, unreachable: ARN) async throws -> [JSON] {
            let mailbox = try await Mailbox(of: world.topics.detect, signer: world.aws, in: world)
            let notification = try await mailbox.body(of: "{}", subject: "Subject")
            let far = try await world.signedBody(of: "{}", topic: unreachable)
            var forged = try #require(try JSON(parsing: notification).object)
            forged["Message"] = "{} "
            var incomplete = forged
            incomplete["Signature"] = nil
            let large = [UInt8](repeating: UInt8(ascii: " "), count: 1_048_577)
            let type = ["Content-Type": "text/plain; charset=UTF-8"]
            func sns(_ status: Int, _ body: [UInt8], _ isValid: Bool, target: String = "/sns") -> JSON {
                request("POST", target, status, body: body, isValid: isValid, headers: type)
            }
            return [
                sns(200, notification, true), sns(200, notification, true, target: "/sns?again"),
                sns(200, mailbox.confirmation, true), sns(403, JSON.object(forged).serialized(), true),
                sns(400, JSON.object(incomplete).serialized(), false), sns(400, Array("{".utf8), false),
                sns(413, large, false), sns(503, far, true),
                request("GET", "/healthz", 200), request("HEAD", "/healthz", 200), request("GET", "/readyz", 200),
                request("GET", "/metrics", 200, server: "admin"), request("GET", "/status.json", 200, server: "admin"),
                request("GET", "/", 404), request("GET", "/nothing", 404, server: "admin"),
                request("BREW", "/sns", 501), request("CONNECT", "/healthz", 501),
                request("GET", "/healthz", 431, headers: ["a": String(repeating: "a", count: 20_000)]),
                request("GET", "/" + String(repeating: "a", count: 9000), 414),
                request("POST", "/sns", 417, body: [], headers: ["Expect": "more"]),
            ] + (try events(world, large: large)) + webhooks(large: large)
        }

        /// Creates two dead letters; returns their ids.
        private func deadLetters(_ world: IntegrationEnvironment, _ bridge: BridgeProcess) async throws -> [String] {
            let mailbox = try await Mailbox(of: world.topics.detect, signer: world.aws, in: world)
            let bodies = try await mailbox.bodies(of: [[:], [:]])
            for body in bodies { _ = try await Client.exchange(.sns(body), with: bridge.listen) }
            try await bridge.waitForCompletion(of: 0, dead: bodies.count)
            return try bodies.map { "sns:" + (try #require(try JSON(parsing: $0)["MessageId"]?.string)) }
        }

        /// Requests of an operator.
        private func operating(on dead: [String]) -> [JSON] {
            let paths = ["/", "/status.json", "/status/events", "/dead-letters/1"]
            func get(_ path: String, _ status: Int, host: String? = nil) -> JSON {
                request("GET", path, status, headers: host.map { ["Host": $0] } ?? [:], server: "admin")
            }
            func act(_ id: String, _ action: String, _ status: Int, _ headers: [String: String] = [:]) -> JSON {
                let token = ["Authorization": "Bearer \(IntegrationEnvironment.adminToken)"]
                return request(
                    "POST", "/dead-letters/\(id)/\(action)", status, body: [],
                    headers: token.merging(headers) { _, last in last }, server: "admin")
            }
            var requests = paths.map { get($0, 421, host: "bridge.example.com") }
            requests += [get("/", 200), get("/status/events", 200), get("/dead-letters/\(dead[0])", 200)]
            requests += [get("/dead-letters/none", 404), get("/metrics", 200, host: "bridge.example.com")]
            for (id, action) in zip(dead, ["replay", "drop"]) {
                requests += [
                    act(id, action, 421, ["Host": "bridge.example.com"]),
                    act(id, action, 401, ["Authorization": "Bearer wrong"]),
                    act(id, action, 403, ["Origin": "http://bridge.example.com"]), act("none", action, 404),
                    act(id, action, 200),
                ]
            }
            return requests
        }

        /// The described responses that the requests of this test do not lead to.
        private static let unseen =
            [
                "get /readyz 503", "post /eventbridge 503", "post /webhooks/{source} 503", "get /status/events 503",
                "get /dead-letters/{id} 503", "post /dead-letters/{id}/replay 503", "post /dead-letters/{id}/drop 503",
                "post /dead-letters/{id}/replay 429", "post /dead-letters/{id}/drop 429", "get /history.json 503",
                "get /deliveries/{id} 503",
            ] + bodyActions.flatMap { path in ["404", "429", "503"].map { "post \(path) \($0)" } }

        /// The actions whose scope is in the body.
        private static let bodyActions = ["/dead-letters/replay", "/dead-letters/drop", "/pauses", "/pauses/resume"]

        private func acting(large: [UInt8]) -> [JSON] {
            Self.bodyActions.flatMap { path in
                func act(_ status: Int, _ body: [UInt8], _ isValid: Bool, _ headers: [String: String] = [:]) -> JSON {
                    let usual = [
                        "Authorization": "Bearer \(IntegrationEnvironment.adminToken)",
                        "Content-Type": "application/json",
                    ]
                    return request(
                        "POST", path, status, body: body, isValid: isValid,
                        headers: usual.merging(headers) { _, last in last }, server: "admin")
                }
                let body = Array((path.hasPrefix("/dead") ? #"{"count": 1, "reason": "none"}"# : "{}").utf8)
                return [
                    act(421, body, true, ["Host": "bridge.example.com"]),
                    act(401, body, true, ["Authorization": "Bearer wrong"]),
                    act(403, body, true, ["Origin": "http://bridge.example.com"]), act(400, Array("[]".utf8), false),
                    act(413, large, false), act(200, body, true),
                ]
            }
        }

        private func reading(_ world: IntegrationEnvironment, _ dead: [String]) -> [JSON] {
            let known = "/account-regions/\(world.accountRegion)"
            let paths = [known, "/deliveries/\(dead[0])", "/history.json?range=30d"]
            func get(_ path: String, _ status: Int, _ headers: [String: String] = [:]) -> JSON {
                request("GET", path, status, headers: headers, server: "admin")
            }
            return paths.flatMap { [get($0, 200), get($0, 421, ["Host": "bridge.example.com"])] } + [
                get("/history.json", 400), get("/account-regions/000000000000/us-east-1", 404),
                get("/deliveries/none", 404),
            ]
        }

        private func webhooks(large: [UInt8]) -> [JSON] {
            func post(
                _ status: Int, _ body: [UInt8], isValid: Bool, _ headers: [String: String] = [:], source: String = "key"
            ) -> JSON {
                let all = ["Content-Type": "application/json", "x-source-key": Webhooks.secret]
                return request(
                    "POST", "/webhooks/\(source)", status, body: body, isValid: isValid,
                    headers: all.merging(headers) { _, last in last })
            }
            let body = Array(#"{"alerts": []}"#.utf8)
            return [
                post(200, body, isValid: true),
                post(400, Array("[".utf8), isValid: false),
                post(401, body, isValid: true, ["x-source-key": "wrong"]),
                post(401, body, isValid: true, source: "none"),
                post(413, large, isValid: false), post(415, body, isValid: true, ["Content-Encoding": "gzip"]),
            ]
        }

        private func events(_ world: IntegrationEnvironment, large: [UInt8]) throws -> [JSON] {
            let event = world.scenario().events[0]
            func changed(_ name: String, _ value: JSON?) throws -> [UInt8] {
                var members = try #require(event.object)
                members[name] = value
                return JSON.object(members).serialized()
            }
            func post(_ status: Int, _ body: [UInt8], _ isValid: Bool, key: String = IntegrationEnvironment.apiKey)
                -> JSON
            {
                request(
                    "POST", "/eventbridge", status, body: body, isValid: isValid,
                    headers: ["Content-Type": "application/json", "x-api-key": key])
            }
            return [
                post(200, event.serialized(), true), post(200, event.serialized(), true),
                post(200, try changed("source", "aws.s3"), true),
                post(400, try changed("detail", nil as JSON?), false), post(400, Array("[".utf8), false),
                post(401, event.serialized(), true, key: "wrong"),
                post(403, try changed("account", "444455556666"), true), post(413, large, false),
            ]
        }
    }
}

import AWSCore
import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("The API description", .timeLimit(.minutes(1)))
    struct APIDescription {
        @Test("every answer is described in openapi.yaml, and everything described is answered")
        func openAPI() async throws {
            let (near, far) = (try #require(Region("us-east-1")), try #require(Region("eu-west-1")))
            try await World.run {
                $0.regions = [near, far]
            } _: { world in
                let distant = Origin(account: world.origin.account, region: far)
                let unreachable = ARN(service: "sns", origin: distant, resource: "unreachable")
                let closed = try Client.freeAddress()
                let connectTo = world.aws.connectTo.filter { $0.hasPrefix("sns.us-east-1.") }
                let bridge = try await world.start([
                    "sns.topics": "\(world.topics.audit),\(world.topics.detect),\(unreachable)",
                    "network.connectTo": (connectTo + ["sns.eu-west-1.amazonaws.com:443:\(closed)"]).joined(
                        separator: ","),
                ])
                let plan: JSON = [
                    "servers": ["listen": .string(bridge.listen), "admin": .string(bridge.admin)],
                    "requests": .array(try await requests(world, unreachable: unreachable)),
                    // These need a store that takes no writes, which other tests have.
                    "unseen": ["get /readyz 503", "post /eventbridge 503"],
                ]
                let file = try world.folder.write(
                    String(decoding: plan.serialized(), as: UTF8.self), as: "requests.json")
                let output = try await RunningProgram.python([
                    Paths.inPackage("Tests/IntegrationTests/api_check.py"), Paths.inPackage("openapi.yaml"), file,
                ])
                #expect(output.last?.hasSuffix(" answers are as described") == true, "\(output)")
                try await bridge.stop()
            }
        }

        private func request(
            _ method: String, _ path: String, _ status: Int, body: [UInt8]? = nil, isValid: Bool? = nil,
            headers: [String: String] = [:], server: String = "listen"
        ) -> JSON {
            var members: [String: JSON] = [
                "server": .string(server), "method": .string(method), "path": .string(path),
                "status": .integer(status), "headers": .object(headers.mapValues(JSON.string)),
            ]
            members["body"] = body.map { .string(Data($0).base64EncodedString()) }
            members["valid"] = isValid.map(JSON.bool)
            return .object(members)
        }

        private func requests(_ world: World, unreachable: ARN) async throws -> [JSON] {
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
                request("GET", "/", 404), request("GET", "/", 404, server: "admin"),
                request("BREW", "/sns", 501), request("CONNECT", "/healthz", 501),
                request("GET", "/healthz", 431, headers: ["a": String(repeating: "a", count: 20_000)]),
                request("GET", "/" + String(repeating: "a", count: 9000), 414),
                request("POST", "/sns", 417, body: [], headers: ["Expect": "more"]),
            ] + (try events(world, large: large))
        }

        private func events(_ world: World, large: [UInt8]) throws -> [JSON] {
            let event = world.scenario().events[0]
            func changed(_ name: String, _ value: JSON?) throws -> [UInt8] {
                var members = try #require(event.object)
                members[name] = value
                return JSON.object(members).serialized()
            }
            func post(_ status: Int, _ body: [UInt8], _ isValid: Bool, key: String = World.apiKey) -> JSON {
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

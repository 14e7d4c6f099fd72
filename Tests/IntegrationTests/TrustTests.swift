import AWSCore
import Bridge
import Cryptography
import Foundation
import HTTPServer
import HTTPTypes
import JSON
import LocalAWS
import Telemetry
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Trust", .timeLimit(.minutes(15)))
    struct Trust {
        /// The state of a topic's subscription in status.json.
        private func state(of topic: ARN, at bridge: BridgeProcess) async throws -> String? {
            let answer = try await Client.exchange(.get("/status.json"), with: bridge.admin)
            let subscriptions = try #require(try answer.json["subscriptions"]?.array, "\(answer.text)")
            return subscriptions.first { $0["topic"]?.string == topic.description }?["state"]?.string
        }

        private func send(_ text: String, to topic: ARN, in world: IntegrationEnvironment) async throws
            -> [DeliveryReport]
        {
            try await world.aws.publish(topic: topic, message: text, signatureVersion: .two)
        }

        @Test(
            "a subscription is confirmed when SNS recovers, its end is stored, and it is renewed if sns.resubscribe is on"
        )
        func subscriptions() async throws {
            try await IntegrationEnvironment.run { world in
                let topic = world.topics.detect
                let listen = try Client.freeAddress()
                let first = try await world.start(["listen.address": listen])
                world.aws.fail(.confirmSubscription, status: 500, code: "InternalFailure")
                let report = try await world.aws.subscribe(
                    topic: topic, endpoint: first.endpoint, signatureVersion: .two)
                #expect(report.attempts == [.responded(503), .responded(200)])
                #expect(world.aws.calls(of: .confirmSubscription) == 2)
                #expect(world.aws.isConfirmed(topic: topic, endpoint: first.endpoint))
                #expect(try await state(of: topic, at: first) == "confirmed")

                let end = try #require(try await world.aws.unsubscribe(topic: topic, endpoint: first.endpoint))
                #expect(end.attempts == [.responded(200)])
                #expect(!world.aws.isConfirmed(topic: topic, endpoint: first.endpoint))
                let outcome = #"defender_bridge_deliveries_total{outcome="unsubscribed",route="/sns"}"#
                #expect(try await first.metric(outcome) == 1)
                #expect(first.log(.subscriptionEnded).count == 1)
                try await first.stop()

                let second = try await world.start(["listen.address": listen, "sns.resubscribe": "true"])
                #expect(try await state(of: topic, at: second) == "ended")
                try await world.subscribe(second, to: topic)
                #expect(try await state(of: topic, at: second) == "confirmed")
                let again = try #require(try await world.aws.unsubscribe(topic: topic, endpoint: second.endpoint))
                #expect(again.attempts == [.responded(200)])
                #expect(world.aws.isConfirmed(topic: topic, endpoint: second.endpoint))
                #expect(try await state(of: topic, at: second) == "confirmed")
                try await second.stop()
            }
        }

        @Test("with sns.confirm off the log has the AWS CLI command, which confirms")
        func confirmedByOperator() async throws {
            try await IntegrationEnvironment.run { world in
                let topic = world.topics.audit
                let bridge = try await world.start(["sns.confirm": "off"])
                _ = try await world.aws.subscribe(topic: topic, endpoint: bridge.endpoint, signatureVersion: .two)
                #expect(!world.aws.isConfirmed(topic: topic, endpoint: bridge.endpoint))
                #expect(try await state(of: topic, at: bridge) == "pending")
                let line = try await eventually("the log's line") {
                    bridge.log(.subscriptionPending).first
                } is: {
                    $0 != nil
                }
                let command = try #require(line?["command"]?.string)
                let run = try await RunningProgram.run(
                    ["sh", "-c", command],
                    environment: world.aws.endpointEnvironment.merging([
                        "PATH": ProcessInfo.processInfo.environment["PATH"] ?? ""
                    ]) { first, _ in first })
                #expect(run.exit?.status == 0, "\(command): \(run.errorLines)")
                #expect(world.aws.isConfirmed(topic: topic, endpoint: bridge.endpoint))
                #expect(try await send("{}", to: topic, in: world).map(\.attempts) == [[.responded(200)]])
                #expect(try await state(of: topic, at: bridge) == "confirmed")
                try await bridge.stop()
            }
        }

        @Test("a topic entry may have an asterisk and carry another account's findings")
        func topics() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start([
                    "sns.topics":
                        "\(world.topics.detect)=444455556666,arn:aws:sns:\(world.accountRegion.region):*:*",
                    "sns.accounts": "\(world.accountRegion.account)",
                ])
                try await world.subscribe(bridge, to: world.topics.detect)
                try await world.subscribe(bridge, to: world.topics.audit)
                #expect(
                    try await send("{\"a\": 1}", to: world.topics.detect, in: world).map(\.attempts) == [
                        [.responded(200)]
                    ])
                let other = ARN(
                    service: "sns",
                    accountRegion: AccountRegion(
                        account: try #require(AccountID("777788889999")), region: world.accountRegion.region),
                    resource: "x")
                let foreign = try await world.signedBody(of: "{}", topic: other)
                #expect(try await Client.exchange(.sns(foreign), with: bridge.listen).status == 403)
                try await bridge.stop()
                #expect(
                    try await world.count(
                        "SELECT COUNT(*) FROM delivery WHERE origin = '444455556666/\(world.accountRegion.region)'")
                        == 1)
            }
        }

        @Test("an issuer's token is accepted, and an unknown issuer's is not", arguments: ["RS256", "ES256"])
        func tokens(algorithm: String) async throws {
            try await IntegrationEnvironment.run { world in
                let seconds = Int64(Date().timeIntervalSince1970)
                let claims: JSON = [
                    "iss": "https://issuer.example/", "aud": ["bridge"], "exp": .integer(seconds + 600),
                    "nbf": .integer(seconds - 1),
                ]
                let file = try world.folder.write(claims.serialized(), as: "claims.json")
                let script = Paths.inPackage("Tests/IntegrationTests/Support/issue_token.py")
                let issued = try await RunningProgram.python([script, algorithm, file])
                let foreign = try await RunningProgram.python([script, algorithm, file])
                try #require(issued.count == 2 && foreign.count == 2)

                let fetches = Counter()
                let issuer = try await serveIssuer(world) { request in
                    fetches.increment()
                    guard request.path == "/keys" else { return ServerResponse(status: .notFound) }
                    return ServerResponse(status: .ok, body: Array(issued[0].utf8))
                }
                let bridge = try await world.start(
                    [
                        "eventBridge.oauth.issuer": "https://issuer.example/", "eventBridge.oauth.audience": "bridge",
                        "eventBridge.oauth.jwksURL": "https://issuer.example/keys",
                        "network.connectTo": (world.aws.connectTo + ["issuer.example:443:\(issuer.address)"]).joined(
                            separator: ","),
                    ], environment: ["AWS_CA_BUNDLE": issuer.authorities])
                let event = world.scenario().events[0].serialized()
                func status(_ token: String) async throws -> Int {
                    let fields = ["Authorization": "Bearer \(token)"]
                    return try await Client.exchange(
                        Request("POST", "/eventbridge", fields, body: event), with: bridge.listen
                    ).status
                }
                for _ in 0..<3 { #expect(try await status(issued[1]) == 200) }
                #expect(fetches.value == 1)
                #expect(try await status(foreign[1]) == 401)
                #expect(try await status("x") == 401)
                #expect(fetches.value == 1)
                try await bridge.stop()
            }
        }

        /// A TLS server, and a file with its authority and the stand-in's.
        private func serveIssuer(
            _ world: IntegrationEnvironment, _ handler: @escaping Router.Handler
        ) async throws -> (address: String, authorities: String) {
            let now = Int64(Date().timeIntervalSince1970)
            let validity = (now - 3600)...(now + 3600)
            let authority = try CertificateAuthority(
                commonName: "Issuer", validity: validity, key: PrivateKey(generating: .p256))
            let key = try PrivateKey(generating: .p256)
            let certificate = try authority.issue(
                commonName: "issuer.example", dnsNames: ["issuer.example"], validity: validity, key: key)
            let tls = try TLSServerContext(certificateChainPEM: certificate.pem(), privateKeyPEM: key.pem())
            let authorities = Array(world.aws.certificateAuthorityPEM.utf8) + (try authority.certificate.pem())
            return (
                try await world.serve(tls: tls, handler), try world.folder.write(authorities, as: "authorities.pem")
            )
        }

        @Test("a client that guesses credentials is throttled, and others are not")
        func guesses() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                let event = world.scenario().events[0].serialized()
                func status(_ key: String) async throws -> Int {
                    try await Client.exchange(
                        Request("POST", "/eventbridge", ["x-api-key": key], body: event), with: bridge.listen
                    ).status
                }
                // With a burst of 20 and one per three seconds, the limit is reached on any machine.
                var last = 401
                for index in 0..<1000 where last == 401 { last = try await status("guess \(index)") }
                #expect(last == 503)
                #expect(try await Client.exchange(.get("/readyz"), with: bridge.listen).status == 200)
                try await bridge.stop()
            }
        }
    }
}

import Bridge
import Foundation
import JSON
import LocalAWS
import Telemetry
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Temporary outages", .timeLimit(.minutes(15)))
    struct Outages {
        private func expectUnavailable(_ answer: ClientResponse, _ code: String) throws {
            #expect(answer.status == 503, "\(answer.text)")
            #expect(answer.fields["retry-after"].flatMap { Int($0) }.map { $0 > 0 } == true, "\(answer.fields)")
            #expect(try answer.json["error"]?.string == code, "\(answer.text)")
        }

        @Test(
            "a full store gets 503 for deliveries, events and readiness, and SNS's retry succeeds after a restart"
        )
        func fullStore() async throws {
            try await IntegrationEnvironment.run {
                // Three retries, four seconds apart.
                $0.retryDelayScale = 0.2
            } _: { world in
                let address = try Client.freeAddress()
                let settings = ["listen.address": address]
                // With SIGXFSZ ignored, a write beyond the limit fails. The limit is in units of 1024 bytes.
                let limit = ["bash", "-c", #"trap "" XFSZ; ulimit -f 900; exec "$@""#, "bash"]
                let first = try await world.start(settings.merging(["log.level": "debug"]) { $1 }, wrapper: limit)
                #expect(try await Client.exchange(.get("/readyz"), with: address).status == 200)
                let alarms = try Alarms.make(0..<500, from: world.scenario())
                let mailbox = try await Mailbox(of: world.topics.detect, signer: world.aws, in: world)
                var stored = 0
                var rejected: ClientResponse?
                while rejected == nil, stored < 499 {
                    let text = String(decoding: alarms[stored].serialized(), as: UTF8.self)
                    let body = try await mailbox.body(of: text)
                    let answer = try await Client.exchange(.sns(body), with: address)
                    if answer.status == 200 { stored += 1 } else { rejected = answer }
                }
                try expectUnavailable(try #require(rejected, "the store did not become full"), "store_unavailable")
                // A probe needs less space than a delivery; each successful one uses some.
                let readiness = try await eventually("the store not to be ready") {
                    try await Client.exchange(.get("/readyz"), with: address)
                } is: {
                    $0.status != 200
                }
                try expectUnavailable(readiness, "store_unavailable")
                let event = Request(
                    "POST", "/eventbridge", ["x-api-key": IntegrationEnvironment.apiKey],
                    body: world.scenario().events[0].serialized())
                try expectUnavailable(try await Client.exchange(event, with: address), "store_unavailable")
                #expect(try await Client.exchange(.get("/healthz"), with: address).status == 200)

                // From now on SNS sends to the bridge, too. The subscription is confirmed although its state cannot be stored, so
                // the confirmation gets 503.
                let subscription = try await world.aws.subscribe(
                    topic: world.topics.detect, endpoint: first.endpoint, signatureVersion: .two)
                #expect(Set(subscription.attempts) == [.responded(503)])
                try #require(world.aws.isConfirmed(topic: world.topics.detect, endpoint: first.endpoint))
                let rejections = first.log(.deliveryRejected).count
                let text = String(decoding: alarms[stored].serialized(), as: UTF8.self)
                async let publishing = world.aws.publish(topic: world.topics.detect, message: text)
                try await eventually("SNS to get 503, too") {
                    first.log(.deliveryRejected).count
                } is: {
                    $0 > rejections
                }
                try await first.stop()
                let second = try await world.start(settings)
                #expect(try await Client.exchange(.get("/readyz"), with: address).status == 200)
                let report = try #require(try await publishing.first { $0.endpoint == second.endpoint })
                #expect(report.outcome == .delivered)
                #expect(report.attempts.first == .responded(503))
                #expect(report.attempts.last == .responded(200))
                try await world.waitForFindings((0...stored).map { Alarms.findingID($0, in: world.accountRegion) })
                try await second.waitForCompletion(of: stored + 1)
                try await second.stop()
            }
        }

        @Test("an unavailable signing certificate gets 503 and nothing is stored; 200 once it is available")
        func certificate() async throws {
            try await IntegrationEnvironment.run { world in
                let closed = try Client.freeAddress()
                let broken = try await world.start(["network.connectTo": "sns.us-east-1.amazonaws.com:443:\(closed)"])
                let alarm = try Alarms.make(0..<1, from: world.scenario())[0]
                let body = try await world.signedBody(of: String(decoding: alarm.serialized(), as: UTF8.self))
                for _ in 0..<2 {
                    try expectUnavailable(
                        try await Client.exchange(.sns(body), with: broken.listen), "signing_certificate_unavailable")
                }
                #expect(try await broken.queue() == BridgeProcess.Queue())
                try await broken.stop()
                let working = try await world.start()
                #expect(try await Client.exchange(.sns(body), with: working.listen).json == ["result": "stored"])
                try await working.stop()
            }
        }

        @Test("an SNS host with an untrusted TLS certificate gets 503 and nothing is stored")
        func untrustedHost() async throws {
            try await IntegrationEnvironment.run { world in
                // Without the stand-in's authority, the system's authorities apply.
                let bridge = try await world.start(environment: ["AWS_CA_BUNDLE": ""])
                let body = try await world.signedBody(of: "{}")
                try expectUnavailable(
                    try await Client.exchange(.sns(body), with: bridge.listen), "signing_certificate_unavailable")
                #expect(try await bridge.queue() == BridgeProcess.Queue())
                try await bridge.stop()
            }
        }

        @Test("a failed confirmation gets 503 and succeeds when SNS retries")
        func confirmation() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                world.aws.fail(.confirmSubscription, status: 500, code: "InternalError")
                let report = try await world.aws.subscribe(topic: world.topics.audit, endpoint: bridge.endpoint)
                #expect(report.attempts == [.responded(503), .responded(200)])
                #expect(world.aws.isConfirmed(topic: world.topics.audit, endpoint: bridge.endpoint))
                // The log is complete after the exit.
                try await bridge.stop()
                #expect(bridge.log(.deliveryRejected).map { $0["code"] } == ["confirmation_failed"])
                #expect(bridge.log(.subscriptionConfirmed).count == 1)
            }
        }
    }
}

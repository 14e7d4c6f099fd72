import Bridge
import ErrorCodes
import EventLoop
import Foundation
import HTTPServer
import HTTPTypes
import JSON
import LocalAWS
import Synchronization
import TestSupport
import Testing

@testable import Telemetry

extension IntegrationTests {
    @Suite("Rejections", .timeLimit(.minutes(15)))
    struct Rejections {
        @Test("every kind of bad request gets its status and a reason, is logged once, and stores nothing")
        func table() async throws {
            try await IntegrationEnvironment.run {
                $0.clock = Rejection.clock
            } _: { world in
                // All hosts resolve to this server.
                let connections = Counter()
                let sink = try await world.serve(
                    { _ in
                        connections.increment()
                        return .rejection(.notFound, code: .notFound, message: "Nothing is here.")
                    }, report: { _ in connections.increment() })
                let allowed = world.aws.connectTo + [world.aws.apiURL.dropFirst("http://".count)].map { "\($0):\($0)" }
                let rejections = try await Rejection.all(in: world)
                let bridge = try await world.start([
                    "network.connectTo": (allowed + ["::\(sink)"]).joined(separator: ","),
                    "sns.topics": "\(world.topics.audit),\(world.topics.detect),\(Self.distantTopic)",
                    "sns.minimumSignatureVersion": "2", "eventBridge.oauth.issuer": "https://issuer.example/",
                    "eventBridge.oauth.audience": "bridge", "eventBridge.oauth.jwksURL": "https://issuer.example/keys",
                ])
                let confirmations = world.aws.calls(of: .confirmSubscription)
                for rejected in rejections {
                    let before = bridge.log.count
                    let answer = try await Client.exchange(rejected.request, with: bridge.listen)
                    check(answer, rejected)
                    let lines = try await eventually("the log line of \(rejected.name)") {
                        bridge.log.dropFirst(before).filter {
                            $0["message"]?.string != LogEvent.requestCompleted.message
                        }
                    } is: {
                        !rejected.isLogged || !$0.isEmpty
                    }
                    #expect(lines.count == (rejected.isLogged ? 1 : 0), "\(rejected.name): \(lines)")
                    if let line = lines.first { check(line, answer, rejected) }
                }
                let rejected = bridge.log.filter { $0["level"] == "warning" }
                #expect(rejected.count == rejections.count(where: \.isLogged))
                #expect(try await bridge.queue() == BridgeProcess.Queue())
                #expect(connections.value == 0, "a host was asked that must not be")
                #expect(world.aws.calls(of: .confirmSubscription) == confirmations)
                // Control: a request would be detected.
                let answer = try await Client.exchange(.sns(try await distantDelivery(world)), with: bridge.listen)
                #expect(answer.status == 503)
                #expect(connections.value == 1)
                try await bridge.stop()
                #expect(try await world.count("SELECT COUNT(*) FROM delivery") == 0)
            }
        }

        @Test(
            "a flood of invented certificates causes a few fetches only, and genuine messages are accepted meanwhile"
        )
        func flood() async throws {
            try await IntegrationEnvironment.run { world in
                let connections = Peers()
                let sink = try await world.serve(
                    {
                        connections.insert($0.peer?.description)
                        return ServerResponse(status: .notFound)
                    }, report: { connections.insert($0.peer?.description) })
                let bridge = try await world.start([
                    "network.connectTo": (world.aws.connectTo + ["::\(sink)"]).joined(separator: ","),
                    "sns.topics": "\(world.topics.audit),\(world.topics.detect),\(Self.distantTopic)",
                ])
                let mailbox = try await Mailbox(of: world.topics.detect, signer: world.aws, in: world)
                let start = ContinuousClock.now
                for index in 0..<100 {
                    if index.isMultiple(of: 10) {
                        let genuine = try await mailbox.body(of: "{\"number\": \(index)}")
                        #expect(try await Client.exchange(.sns(genuine), with: bridge.listen).status == 200)
                    }
                    let invented = try await distantDelivery(world, certificate: "invented\(index)")
                    #expect(try await Client.exchange(.sns(invented), with: bridge.listen).status == 503)
                }
                // The burst, and one more per ten seconds.
                let most = 7 + Int((ContinuousClock.now - start) / .seconds(10))
                #expect(
                    (6...most).contains(connections.count), "\(connections.count) in \(ContinuousClock.now - start)")
                try await bridge.stop()
            }
        }

        private static let distantTopic = "arn:aws:sns:eu-west-1:111122223333:distant"

        /// A delivery whose certificate is on the host of another allowed Region.
        private func distantDelivery(_ world: IntegrationEnvironment, certificate: String = "1") async throws -> [UInt8]
        {
            var members = try #require(try JSON(parsing: await world.signedBody(of: "{}")).object)
            members["TopicArn"] = .string(Self.distantTopic)
            members["SigningCertURL"] = .string(
                "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-\(certificate).pem")
            return JSON.object(members).serialized()
        }

        private func check(_ answer: ClientResponse, _ rejected: Rejection) {
            #expect(answer.status == rejected.status, "\(rejected.name): \(answer.text)")
            #expect(answer.fields["content-type"] == "application/json", "\(rejected.name)")
            let json = try? answer.json
            #expect(json?["error"]?.string == rejected.code, "\(rejected.name): \(answer.text)")
            #expect(json?["message"]?.string?.isEmpty == false, "\(rejected.name): \(answer.text)")
            #expect(json?.object?.count == 2, "\(rejected.name): \(answer.text)")
            if let field = rejected.field {
                #expect(answer.fields[field.name] == field.value, "\(rejected.name): \(answer.fields)")
            }
        }

        /// Checks a log line.
        private func check(_ line: JSON, _ answer: ClientResponse, _ rejected: Rejection) {
            #expect(line["level"] == "warning", "\(rejected.name)")
            #expect(line["code"]?.string == rejected.code, "\(rejected.name): \(line)")
            #expect(line["status"]?.integer == Int64(rejected.status), "\(rejected.name): \(line)")
            #expect(line["peer"]?.string?.hasPrefix("127.0.0.1:") == true, "\(rejected.name): \(line)")
            // For requests without a route, the log's reason is the server's own.
            if line["route"] != nil {
                #expect(line["reason"] == (try? answer.json)?["message"], "\(rejected.name): \(line)")
            }
        }
    }
}

/// The peers that have connected.
private final class Peers: Sendable {
    private let addresses = Mutex<Set<String?>>([])

    var count: Int { addresses.withLock { $0.count } }
    func insert(_ address: String?) { addresses.withLock { _ = $0.insert(address) } }
}

extension HTTPServerEvent {
    fileprivate var peer: SocketAddress? {
        switch self {
        case .completed(let request): request.peer
        case .rejected(_, _, let peer), .tlsFailed(_, let peer), .proxyHeaderRejected(_, let peer),
            .timedOut(_, let peer):
            peer
        case .connectionLimitReached: nil
        }
    }
}

import AWSCore
import Encoding
import EventLoop
import Foundation
import HTTPServer
import HTTPTypes
import JSON
import Synchronization
import TestSupport
import Testing

@testable import LocalAWS

@Suite("SNS", .timeLimit(.minutes(15)))
struct TopicTests {
    // MARK: TLS, certificates, confirmation

    /// Fetches with curl, independent of this code; returns status and body.
    private static func curl(
        _ local: LocalAWS, _ url: String, _ arguments: [String] = []
    ) async throws -> (status: Int, body: String) {
        let directory = try TemporaryFolder()
        let authority = try directory.write(Array(local.certificateAuthorityPEM.utf8), as: "ca.pem")
        let connect = local.connectTo.flatMap { ["--connect-to", $0] }
        let program = try await Program.run(
            ["curl", "-sS", "--noproxy", "*", "--cacert", authority, "-w", "\\n%{http_code}"] + connect + arguments + [
                url
            ],
            environment: ["CURL_CA_BUNDLE": nil, "SSL_CERT_FILE": nil])
        try #require(program.status == 0, "\(program.errors)")
        let lines = program.text.split(separator: "\n", omittingEmptySubsequences: false)
        return (try #require(Int(lines[lines.count - 1])), lines.dropLast().joined(separator: "\n"))
    }

    /// Subscribes an endpoint and confirms it with its token.
    private static func subscribe(_ endpoint: TestEndpoint, to topic: ARN, at local: LocalAWS) async throws -> JSON {
        let report = try await local.subscribe(topic: topic, endpoint: endpoint.url)
        try #require(report.outcome == .delivered)
        let body = try JSON(parsing: try #require(endpoint.requests.last).body)
        let url = try #require(body["SubscribeURL"]?.string)
        try #require(try await curl(local, url + "&Version=2010-03-31").status == 200)
        return body
    }

    @Test("signed messages equal delivered ones, each with its own ID")
    func signing() async throws {
        try await withLocalAWS { local, _ in
            let bodies = try local.sign(
                ["one", "two"], of: ARN.topic(), endpoint: "https://bridge.example/sns", signatureVersion: .two)
            let messages = try bodies.map { try JSON(parsing: $0) }
            #expect(messages.map { $0["Message"] } == ["one", "two"])
            #expect(messages.allSatisfy { $0["Type"] == "Notification" && $0["SignatureVersion"] == "2" })
            #expect(messages[0]["MessageId"] != messages[1]["MessageId"])
            #expect(messages[0]["Signature"] != messages[1]["Signature"])
        }
    }

    @Test("a subscription is confirmed with its own token at SNS's host only")
    func confirmation() async throws {
        try await withLocalAWS { local, loop in
            let endpoint = try await TestEndpoint(on: loop)
            let topic = try ARN.topic()
            let report = try await local.subscribe(topic: topic, endpoint: endpoint.url)
            #expect(report.outcome == .delivered)
            #expect(!local.isConfirmed(topic: topic, endpoint: endpoint.url))
            let request = try #require(endpoint.requests.first)
            let body = try JSON(parsing: request.body)
            #expect(body["Type"] == "SubscriptionConfirmation")
            #expect(body["UnsubscribeURL"] == nil)
            let token = try #require(body["Token"]?.string)
            let base = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=\(topic)"
            #expect(body["SubscribeURL"] == .string("\(base)&Token=\(token)"))
            #expect(try await local.publish(topic: topic, message: "undeliverable").isEmpty)

            let wrong = try await Self.curl(local, "\(base)&Token=wrong&Version=2010-03-31")
            #expect(wrong.status == 400)
            #expect(wrong.body.contains("<Code>InvalidParameter</Code>"))
            #expect(wrong.body.contains("<Message>Invalid parameter: Token</Message>"))
            let other = try await Self.curl(local, "\(base)2&Token=\(token)&Version=2010-03-31")
            #expect(other.status == 400)
            #expect(try await Self.curl(local, "\(base)&Token=\(token)&Version=2000-01-01").status == 400)
            #expect(!local.isConfirmed(topic: topic, endpoint: endpoint.url))

            for arguments in [[], ["--get"], ["--data", ""]] {
                let form = arguments == ["--data", ""]
                let query = "Action=ConfirmSubscription&TopicArn=\(topic)&Token=\(token)&Version=2010-03-31"
                let response = try await Self.curl(
                    local, "https://sns.us-east-1.amazonaws.com/" + (form ? "" : "?\(query)"),
                    form ? ["--data", query] : arguments)
                #expect(response.status == 200)
                #expect(response.body.contains("<SubscriptionArn>\(topic):"))
            }
            #expect(local.isConfirmed(topic: topic, endpoint: endpoint.url))
            #expect(local.calls(of: .confirmSubscription) == 5)
            await endpoint.stop()
        }
    }

    @Test("an unsigned confirmation cannot make a subscription that only its owner can end")
    func authenticated() async throws {
        var model = TopicModel()
        let subscription = model.subscribe("https://example.com/sns", to: try .topic())
        let parameters = [
            "TopicArn": subscription.topic.description, "Token": subscription.token,
            "AuthenticateOnUnsubscribe": "true",
        ]
        let error = #expect(throws: ServiceError.self) { try model.confirm(parameters, isSigned: false) }
        #expect(error?.status == 403)
        #expect(try model.confirm(parameters, isSigned: true).count == 1)
    }

    @Test(
        "a message's signature matches the certificate at its URL",
        arguments: TopicSignatureVersion.allCases, [nil, "", "A subject with ü"])
    func signature(version: TopicSignatureVersion, subject: String?) async throws {
        try await withLocalAWS { local, loop in
            let endpoint = try await TestEndpoint(on: loop)
            let topic = try ARN.topic()
            _ = try await Self.subscribe(endpoint, to: topic, at: local)
            let message = "{\"text\": \"ünusual\\n\"}\nsecond line"
            let reports = try await local.publish(
                topic: topic, message: message, subject: subject, signatureVersion: version)
            #expect(reports.map(\.outcome) == [.delivered])
            let body = try JSON(parsing: try #require(endpoint.requests.last).body)
            #expect(body["Message"] == .string(message))
            #expect(body["SignatureVersion"] == .string(version.rawValue))
            #expect(body["Subject"] == subject.map(JSON.string))
            try await Self.verify(body, local)
            await endpoint.stop()
        }
    }

    @Test("the confirmation request is signed, too")
    func signedConfirmation() async throws {
        try await withLocalAWS { local, loop in
            let endpoint = try await TestEndpoint(on: loop)
            try await Self.verify(try await Self.subscribe(endpoint, to: try .topic(), at: local), local)
            await endpoint.stop()
        }
    }

    /// Verifies a message by the Developer Guide, with OpenSSL's command line.
    private static func verify(_ body: JSON, _ local: LocalAWS) async throws {
        let isNotification = body["Type"] == "Notification"
        let names =
            isNotification
            ? ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
            : ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        let signed = names.compactMap { name in body[name]?.string.map { "\(name)\n\($0)\n" } }.joined()
        let url = try #require(body["SigningCertURL"]?.string)
        #expect(url.hasPrefix("https://sns.us-east-1.amazonaws.com/SimpleNotificationService-"))
        let certificate = try await curl(local, url)
        try #require(certificate.status == 200)
        let base64 = try #require(body["Signature"]?.string)
        let signature = Array(try #require(Data(base64Encoded: base64)))
        let directory = try TemporaryFolder()
        let files = try [
            directory.write(Array(certificate.body.utf8), as: "certificate.pem"),
            directory.write(
                signature, as: "signature"),
            directory.write(Array(signed.utf8), as: "message"),
        ]
        let key = try await Program.openssl(["x509", "-in", files[0], "-noout", "-pubkey"])
        let keyFile = try directory.write(key, as: "key.pem")
        let digest = body["SignatureVersion"] == "1" ? "-sha1" : "-sha256"
        let result = try await Program.openssl(["dgst", digest, "-verify", keyFile, "-signature", files[1], files[2]])
        #expect(result == "Verified OK\n")
        let text = try await Program.openssl(["x509", "-in", files[0], "-noout", "-subject", "-text"])
        #expect(text.contains("subject=CN = sns.amazonaws.com\n"))
        #expect(text.contains("Public-Key: (2048 bit)"))
    }

    @Test(
        "signing certificates have the Region's common name",
        arguments: [
            ("us-east-1", "sns.amazonaws.com"), ("eu-central-1", "sns.amazonaws.com"),
            ("af-south-1", "sns-signing.af-south-1.amazonaws.com"), ("cn-north-1", "sns-cn-north-1.amazonaws.com.cn"),
            ("us-gov-east-1", "sns-us-gov-west-1.amazonaws.com"),
        ])
    func commonName(region: String, name: String) throws {
        #expect(TopicSigner.commonName(try #require(Region(region))) == name)
    }

    @Test("each configured Region has its own host and certificate, and no other resources")
    func hosts() async throws {
        try await withLocalAWS {
            $0.regions = try ["us-east-1", "cn-north-1"].map { try #require(Region($0)) }
        } _: { local, loop in
            #expect(
                local.connectTo.map { $0.prefix { $0 != ":" } } == [
                    "sns.us-east-1.amazonaws.com", "sns.cn-north-1.amazonaws.com.cn",
                ])
            let endpoint = try await TestEndpoint(on: loop)
            _ = try await local.subscribe(topic: try .topic(region: "cn-north-1"), endpoint: endpoint.url)
            let body = try JSON(parsing: try #require(endpoint.requests.last).body)
            let url = try #require(body["SigningCertURL"]?.string)
            #expect(url.hasPrefix("https://sns.cn-north-1.amazonaws.com.cn/"))
            #expect(try await Self.curl(local, url).status == 200)
            let elsewhere = url.replacing("sns.cn-north-1.amazonaws.com.cn", with: "sns.us-east-1.amazonaws.com")
            #expect(try await Self.curl(local, elsewhere).status == 404)
            #expect(try await Self.curl(local, "https://sns.us-east-1.amazonaws.com/other").status == 404)
            #expect(try await Self.curl(local, "https://sns.us-east-1.amazonaws.com/").status == 400)
            await #expect(throws: LocalAWSError.self) {
                try await local.subscribe(topic: try .topic(region: "eu-west-1"), endpoint: endpoint.url)
            }
            await endpoint.stop()
        }
    }

    // MARK: Deliveries

    @Test("a delivery has SNS's header fields")
    func headers() async throws {
        try await withLocalAWS { local, loop in
            let endpoint = try await TestEndpoint(on: loop)
            let topic = try ARN.topic()
            _ = try await Self.subscribe(endpoint, to: topic, at: local)
            let report = try #require(try await local.publish(topic: topic, message: "text").first)
            func field(_ request: ServerRequest, _ name: String) -> String? {
                HTTPField.Name(name).flatMap { request.head.headerFields[$0] }
            }
            for (request, type) in zip(endpoint.requests, ["SubscriptionConfirmation", "Notification"]) {
                #expect(request.head.method == .post)
                #expect(request.path == "/sns")
                #expect(field(request, "content-type") == "text/plain; charset=UTF-8")
                #expect(field(request, "user-agent") == "Amazon Simple Notification Service Agent")
                #expect(field(request, "x-amz-sns-message-type") == type)
                #expect(field(request, "x-amz-sns-topic-arn") == topic.description)
            }
            let notification = endpoint.requests[1]
            #expect(field(endpoint.requests[0], "x-amz-sns-subscription-arn") == "PendingConfirmation")
            #expect(field(notification, "x-amz-sns-subscription-arn") == report.subscription.description)
            #expect(field(notification, "x-amz-sns-message-id") == report.messageID)
            let body = try JSON(parsing: notification.body)
            #expect(body["MessageId"] == .string(report.messageID))
            #expect(body["TopicArn"] == .string(topic.description))
            let timestamp = try #require(body["Timestamp"]?.string)
            #expect(Timestamp(iso8601: timestamp) != nil)
            await endpoint.stop()
        }
    }

    @Test(
        "a failed delivery is retried three times with the same message; a rejected one is not",
        arguments: [
            ([503, 500, 200], DeliveryReport.Outcome.delivered), ([503, 503, 503, 503], .exhausted), ([400], .rejected),
            ([429], .rejected), ([302], .rejected), ([204], .delivered),
        ])
    func retries(statuses: [Int], outcome: DeliveryReport.Outcome) async throws {
        try await withLocalAWS { local, loop in
            let endpoint = try await TestEndpoint(on: loop) { count, _ in
                count == 0 ? 200 : statuses[min(count - 1, statuses.count - 1)]
            }
            let topic = try ARN.topic()
            _ = try await Self.subscribe(endpoint, to: topic, at: local)
            let reports = try await local.publish(topic: topic, message: "text")
            #expect(reports.map(\.outcome) == [outcome])
            #expect(reports.first?.attempts == statuses.map { .responded($0) })
            let bodies = endpoint.requests.dropFirst().map(\.body)
            #expect(bodies.count == statuses.count)
            #expect(Set(bodies).count == 1)
            await endpoint.stop()
        }
    }

    @Test("SNS waits 20 seconds before each of three retries")
    func policy() {
        #expect(DeliveryPolicy.retryDelays == [.seconds(20), .seconds(20), .seconds(20)])
    }

    @Test("an unreachable or malformed endpoint is retried as often")
    func unreachable() async throws {
        try await withLocalAWS { local, loop in
            let endpoint = try await TestEndpoint(on: loop)
            await endpoint.stop()
            for address in [endpoint.url, "ftp://127.0.0.1/", "http:127.0.0.1", "", "http://"] {
                let report = try await local.subscribe(topic: try .topic(), endpoint: address)
                #expect(report.outcome == .exhausted)
                #expect(report.attempts.count == 4)
            }
        }
    }

    @Test("many messages reach all endpoints within the concurrency limit")
    func parallel() async throws {
        try await withLocalAWS { local, loop in
            let running = Mutex((now: 0, most: 0))
            let endpoints = try await [
                TestEndpoint(on: loop) { _, _ in
                    running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                    await Task.yield()
                    running.withLock { $0.now -= 1 }
                    return 200
                }, TestEndpoint(on: loop),
            ]
            let topic = try ARN.topic()
            for endpoint in endpoints { _ = try await Self.subscribe(endpoint, to: topic, at: local) }
            let messages = (0..<100).map { "message \($0)" }
            let reports = try await local.publish(topic: topic, messages: messages, concurrency: 4)
            #expect(reports.count == 200)
            #expect(reports.allSatisfy { $0.outcome == .delivered && $0.attempts == [.responded(200)] })
            for endpoint in endpoints {
                let texts = endpoint.requests.dropFirst().map { try? JSON(parsing: $0.body)["Message"]?.string }
                #expect(Set(texts) == Set(messages))
            }
            #expect((1...4).contains(running.withLock { $0.most }))
            for endpoint in endpoints { await endpoint.stop() }
        }
    }

    @Test("stopping cancels a delivery that waits for its retry")
    func stopped() async throws {
        let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
        try await withEventLoop { loop in
            let local = try await LocalAWS(loop: loop)
            let endpoint = try await TestEndpoint(on: loop) { _, _ in
                arrived.yield()
                return 503
            }
            let report = Task { try await local.subscribe(topic: try .topic(), endpoint: endpoint.url) }
            for await _ in arrivals { break }
            await local.stop()
            #expect(try await report.value.outcome == .canceled)
            #expect(try await local.subscribe(topic: try .topic(), endpoint: endpoint.url).outcome == .canceled)
            await endpoint.stop()
        }
    }

    @Test("a configuration without credentials or Regions is rejected")
    func incomplete() async throws {
        var configuration = LocalAWS.Configuration()
        configuration.regions = []
        try await withEventLoop { loop in
            await #expect(throws: LocalAWSError.incompleteConfiguration) {
                try await LocalAWS(loop: loop, configuration: configuration)
            }
        }
    }

    @Test("an address in use makes the start fail without leaving anything open")
    func addressInUse() async throws {
        try await withLocalAWS { local, _ in
            var configuration = LocalAWS.Configuration()
            configuration.topicAddress = try #require(SocketAddress(String(local.apiURL.dropFirst("http://".count))))
            try await withEventLoop { second in
                await #expect(throws: EventLoopError.self) {
                    try await LocalAWS(loop: second, configuration: configuration)
                }
            }
        }
    }
}

import AWSCore
import Cryptography
import FoundationEssentials
import HTTPServer
import HTTPTypes
import JSON
import Logging
import SNS
import SQLiteStore
import Store
import Synchronization
import Testing

@testable import Bridge
@testable import Intake
@testable import Planning

@Suite struct IntakeTests {
    /// Both handlers with a store and a scripted SNS host.
    private final class IntakeHarness: Sendable {
        let store: SQLiteStore
        let certificate: Mutex<Result<[UInt8], SigningCertificateCache.FetchError>>
        let confirmation = Mutex<Result<Int, UnexpectedError>>(.success(200))
        let confirmed = Mutex<[String]>([])

        init(_ store: SQLiteStore) throws {
            self.store = store
            certificate = Mutex(.success(try Envelope.certificate()))
        }

        func sns(
            _ body: [UInt8], fields: HTTPFields = [:], policy: SubscriptionManager.Policy = .init(),
            topics: TopicPolicy? = nil
        ) async throws -> IntakeResult {
            let intake = SNSHandler(
                verifier: SNSVerifier(
                    topics: try topics ?? TopicPolicy(topics: [Envelope.topic]),
                    certificates: SigningCertificateCache(authorities: try TrustStore(authorities: [])) {
                        [self] _ throws(SigningCertificateCache.FetchError) in
                        try certificate.withLock { $0 }.get()
                    }, maximumAge: 3_600_000),
                store: store,
                subscriptions: SubscriptionManager(
                    policy: policy, store: store,
                    confirm: { [self] url in
                        confirmed.withLock { $0.append(url) }
                        return try confirmation.withLock { $0 }.get()
                    }, clock: { now }, logger: Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() }),
                clock: { now })
            return await intake.receive(Self.request("/sns", body, fields))
        }

        func eventBridge(
            _ body: [UInt8], keys: [String] = ["the-key"], configured: [Secret] = [Secret("the-key")],
            room: Int = .max
        ) async throws -> IntakeResult {
            let intake = EventBridgeHandler(
                authenticator: EventBridgeAuthenticator(
                    credentials: EventBridgeAuthenticator.Credentials(apiKeys: configured), tokens: nil,
                    failures: AuthenticationThrottle()
                ),
                served: try TopicPolicy(topics: [Envelope.topic]).accountRegions, store: store,
                clock: { now })
            var fields = HTTPFields()
            for key in keys { fields.append(HTTPField(name: try #require(.init("X-API-Key")), value: key)) }
            return await intake.receive(Self.request("/eventbridge", body, fields)) { $0 <= room }
        }

        private static func request(_ path: String, _ body: [UInt8], _ fields: HTTPFields) -> ServerRequest {
            ServerRequest(
                head: HTTPRequest(
                    method: .post, scheme: "https", authority: "bridge", path: path, headerFields: fields), body: body)
        }
    }

    private func withHarness(_ body: (IntakeHarness) async throws -> Void) async throws {
        try await withStore { store in try await body(IntakeHarness(store)) }
    }

    /// Expects a rejection: the status, and an error with code and message.
    private func expectRejection(
        _ result: IntakeResult, _ status: Int, _ code: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let json = try JSON(parsing: result.response.body)
        #expect(result.response.status.code == status, sourceLocation: sourceLocation)
        #expect(json["error"] == .string(code) && result.outcome == code, sourceLocation: sourceLocation)
        #expect(json["message"]?.string == result.rejection, sourceLocation: sourceLocation)
        #expect(result.rejection?.isEmpty == false && json.object?.count == 2, sourceLocation: sourceLocation)
        let retryAfter = result.response.headerFields[.retryAfter]
        #expect(retryAfter == (status == 503 ? "10" : nil), sourceLocation: sourceLocation)
    }

    private func expectAccepted(
        _ result: IntakeResult, _ outcome: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(result.response.status == .ok && result.outcome == outcome, sourceLocation: sourceLocation)
        #expect(result.rejection == nil, sourceLocation: sourceLocation)
    }

    // MARK: SNS

    @Test("A signed notification is stored unchanged; a repetition is a duplicate", arguments: ["1", "2"])
    func stored(version: String) async throws {
        try await withHarness { harness in
            let envelope = try Envelope("Notification", version: version).signed()
            expectAccepted(try await harness.sns(envelope.body), "stored")
            expectAccepted(try await harness.sns(envelope.body), "duplicate")
            #expect(try await harness.store.queueStatus().pending == 1)
            let batch = try await harness.store.lease(limit: 9, for: .seconds(1), owner: "test", now: now)
            let delivery = try #require(batch.deliveries.first?.delivery)
            #expect(delivery.id == "sns:22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324" && delivery.channel == .sns)
            #expect(delivery.accountRegion == (try accountRegion()) && delivery.receivedAt == now)
            #expect(delivery.payload == Messages.alarm().serialized())
        }
    }

    @Test("A body that is not an envelope gets 400, and nothing is stored")
    func malformed() async throws {
        try await withHarness { harness in
            for body in [[], Array("{".utf8), Array("[]".utf8), Array("{\"Type\":5}".utf8)] {
                let result = try await harness.sns(body)
                #expect(result.response.status == .badRequest)
                try expectRejection(result, 400, result.outcome)
            }
            let deep = Array((String(repeating: "[", count: 5000)).utf8)
            #expect(try await harness.sns(deep).response.status == .badRequest)
            #expect(try await harness.store.queueStatus().pending == 0)
        }
    }

    @Test("A genuine message outside of the time limits gets 503, and nothing is stored")
    func wrongClock() async throws {
        try await withHarness { harness in
            let envelope = try Envelope("Notification")
            for (time, code) in [
                ("2026-11-22T08:00:00.000Z", "message_too_old"), ("2026-11-22T11:00:00.000Z", "message_from_future"),
            ] {
                let result = try await harness.sns(envelope.with("Timestamp", .string(time)).signed().body)
                try expectRejection(result, 503, code)
                #expect(result.response.headerFields[.retryAfter] == "10")
            }
            #expect(try await harness.store.queueStatus().pending == 0)
        }
    }

    @Test("A message that is not allowed or forged gets 403, and nothing is stored")
    func rejected() async throws {
        try await withHarness { harness in
            let envelope = try Envelope("Notification")
            let other = "arn:aws:sns:us-east-1:111122223333:other"
            try expectRejection(
                try await harness.sns(envelope.with("TopicArn", .string(other)).signed().body), 403, "topic_not_allowed"
            )
            let forged = try envelope.signed().with("Message", "{}")
            try expectRejection(try await harness.sns(forged.body), 403, "signature_mismatch")
            let elsewhere = try envelope.with("SigningCertURL", "https://sns.s3.amazonaws.com/x.pem").signed()
            #expect(try await harness.sns(elsewhere.body).response.status == .forbidden)
            #expect(try await harness.store.queueStatus().pending == 0)
        }
    }

    @Test("A raw delivery is rejected")
    func raw() async throws {
        try await withHarness { harness in
            let name = try #require(HTTPField.Name("x-amz-sns-rawdelivery"))
            let result = try await harness.sns(Messages.alarm().serialized(), fields: [name: "true"])
            #expect((400..<500).contains(result.response.status.code))
            try expectRejection(result, result.response.status.code, result.outcome)
        }
    }

    @Test("A certificate that cannot be fetched gives 503")
    func noCertificate() async throws {
        try await withHarness { harness in
            harness.certificate.withLock { $0 = .failure(.unreachable("no route")) }
            let result = try await harness.sns(try Envelope("Notification").signed().body)
            try expectRejection(result, 503, "signing_certificate_unavailable")
        }
    }

    @Test("An unavailable store gives 503 on both routes")
    func noStore() async throws {
        try await withHarness { harness in
            await harness.store.close()
            let sns = try await harness.sns(try Envelope("Notification").signed().body)
            try expectRejection(sns, 503, "store_unavailable")
            let event = Messages.verification("UNKNOWN", time: "2026-11-22T10:00:00Z")
            try expectRejection(try await harness.eventBridge(event.serialized()), 503, "store_unavailable")
        }
    }

    @Test("A subscription is confirmed on the topic's own host, with the bridge's own URL")
    func confirmed() async throws {
        try await withHarness { harness in
            expectAccepted(try await harness.sns(try Envelope("SubscriptionConfirmation").signed().body), "confirmed")
            let topic = Envelope.topic.replacing(":", with: "%3A")
            #expect(
                harness.confirmed.withLock { $0 } == [
                    "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=\(topic)"
                        + "&Token=2336412f37fb&Version=2010-03-31"
                ])
            #expect(try await harness.store.queueStatus().pending == 0)
        }
    }

    @Test("A failed confirmation gives 503, so that SNS retries", arguments: [nil, 302, 400, 500])
    func confirmationFailed(status: Int?) async throws {
        try await withHarness { harness in
            harness.confirmation.withLock { $0 = status.map { .success($0) } ?? .failure(UnexpectedError()) }
            let result = try await harness.sns(try Envelope("SubscriptionConfirmation").signed().body)
            try expectRejection(result, 503, "confirmation_failed")
        }
    }

    @Test("A subscription of a topic that is not allowed is rejected without a request")
    func foreignSubscription() async throws {
        try await withHarness { harness in
            let envelope = try Envelope("SubscriptionConfirmation")
                .with("TopicArn", "arn:aws:sns:us-east-1:999999999999:theirs").signed()
            try expectRejection(try await harness.sns(envelope.body), 403, "topic_not_allowed")
            #expect(harness.confirmed.withLock { $0 } == [])
        }
    }

    /// The stored state of the subscription.
    private func state(_ harness: IntakeHarness) async throws -> Subscription.State? {
        try await harness.store.subscription(to: try #require(ARN(Envelope.topic)))?.state
    }

    @Test("A repeated confirmation message causes no request, a new one does")
    func confirmedOnce() async throws {
        try await withHarness { harness in
            let first = try Envelope("SubscriptionConfirmation")
            expectAccepted(try await harness.sns(first.signed().body), "confirmed")
            #expect(try await state(harness) == .confirmed)
            expectAccepted(try await harness.sns(first.signed().body), "duplicate")
            #expect(harness.confirmed.withLock { $0.count } == 1)
            expectAccepted(try await harness.sns(first.with("MessageId", "another").signed().body), "confirmed")
            #expect(harness.confirmed.withLock { $0.count } == 2)
        }
    }

    @Test("A failed confirmation is stored as pending, and confirmed by the next message")
    func confirmedLater() async throws {
        try await withHarness { harness in
            harness.confirmation.withLock { $0 = .failure(UnexpectedError()) }
            let body = try Envelope("SubscriptionConfirmation").signed().body
            try expectRejection(try await harness.sns(body), 503, "confirmation_failed")
            #expect(try await state(harness) == .pending)
            harness.confirmation.withLock { $0 = .success(200) }
            expectAccepted(try await harness.sns(body), "confirmed")
            #expect(try await state(harness) == .confirmed)
        }
    }

    @Test("A confirmation that cannot be stored gives 503")
    func confirmedWithoutStore() async throws {
        try await withHarness { harness in
            await harness.store.close()
            let result = try await harness.sns(try Envelope("SubscriptionConfirmation").signed().body)
            try expectRejection(result, 503, "store_unavailable")
        }
    }

    @Test("With sns.confirm off the subscription is pending until the topic delivers")
    func confirmedByOperator() async throws {
        try await withHarness { harness in
            let off = SubscriptionManager.Policy(confirms: false)
            expectAccepted(
                try await harness.sns(try Envelope("SubscriptionConfirmation").signed().body, policy: off), "pending")
            #expect(harness.confirmed.withLock { $0 } == [])
            #expect(try await state(harness) == .pending)
            let later = try Envelope("Notification").with("Timestamp", "2026-11-22T10:00:01.000Z").signed()
            expectAccepted(try await harness.sns(later.body, policy: off), "stored")
            #expect(try await state(harness) == .confirmed)
        }
    }

    @Test("An ended subscription ignores older messages, and is renewed if sns.resubscribe is on")
    func resubscribed() async throws {
        try await withHarness { harness in
            func sns(_ type: String, _ id: String, at time: String, resubscribes: Bool = false) async throws
                -> IntakeResult
            {
                let envelope = try Envelope(type).with("MessageId", .string(id))
                    .with("Timestamp", .string("2026-11-22T10:00:\(time)Z")).signed()
                return try await harness.sns(
                    envelope.body, policy: SubscriptionManager.Policy(resubscribes: resubscribes))
            }
            expectAccepted(try await sns("UnsubscribeConfirmation", "u1", at: "10"), "unsubscribed")
            #expect(try await state(harness) == .ended)
            expectAccepted(try await sns("UnsubscribeConfirmation", "u1", at: "10"), "duplicate")
            expectAccepted(try await sns("SubscriptionConfirmation", "s1", at: "09"), "duplicate")
            expectAccepted(try await sns("Notification", "n1", at: "09"), "stored")
            #expect(try await state(harness) == .ended)
            #expect(harness.confirmed.withLock { $0 } == [])

            harness.confirmation.withLock { $0 = .success(500) }
            try expectRejection(
                try await sns("UnsubscribeConfirmation", "u2", at: "20", resubscribes: true), 503,
                "confirmation_failed")
            #expect(try await state(harness) == .ended)
            harness.confirmation.withLock { $0 = .success(200) }
            expectAccepted(
                try await sns("UnsubscribeConfirmation", "u2", at: "20", resubscribes: true), "resubscribed")
            #expect(try await state(harness) == .confirmed)
            #expect(harness.confirmed.withLock { $0.count } == 2)
            expectAccepted(
                try await sns("UnsubscribeConfirmation", "u2", at: "20", resubscribes: true), "duplicate")
            expectAccepted(
                try await sns("UnsubscribeConfirmation", "u1", at: "10", resubscribes: true), "duplicate")
        }
    }

    @Test("An unsubscribe is stored and not undone")
    func unsubscribed() async throws {
        try await withHarness { harness in
            expectAccepted(try await harness.sns(try Envelope("UnsubscribeConfirmation").signed().body), "unsubscribed")
            #expect(harness.confirmed.withLock { $0 } == [])
        }
    }

    @Test("On a central topic an audit belongs to its stated account, if that is listed; other messages state none")
    func central() async throws {
        try await withHarness { harness in
            let listed = Set(try ["444455556666", "777788889999"].map { try #require(AccountID($0)) })
            let central = try TopicPolicy(topics: [Envelope.topic + "=*"], accounts: listed)
            func sns(_ id: String, _ message: JSON, _ topics: TopicPolicy? = nil) async throws -> IntakeResult {
                let text = String(decoding: message.serialized(), as: UTF8.self)
                let envelope = try Envelope("Notification").with("MessageId", .string(id))
                    .with("Message", .string(text)).signed()
                return try await harness.sns(envelope.body, topics: topics ?? central)
            }
            expectAccepted(try await sns("1", Messages.audit(account: "444455556666")), "stored")
            expectAccepted(try await sns("1", Messages.audit(account: "444455556666")), "duplicate")
            for message in [
                Messages.audit(account: "999900001111"), Messages.audit(account: "111122223333"), Messages.alarm(),
                ["accountId": "444455556666"],
            ] {
                try expectRejection(try await sns("2", message), 403, "account_not_allowed")
            }
            let withOwn = try TopicPolicy(
                topics: [Envelope.topic + "=*"],
                accounts: listed.union([try #require(AccountID("111122223333"))]))
            // An alarm that states an account is not trusted.
            var alarm = try #require(Messages.alarm().object)
            alarm["accountId"] = "444455556666"
            expectAccepted(try await sns("3", .object(alarm), withOwn), "stored")
            // On any other topic, an audit belongs to the topic's own account.
            let plain = try TopicPolicy(topics: [Envelope.topic])
            expectAccepted(try await sns("4", Messages.audit(account: "444455556666"), plain), "stored")
            let batch = try await harness.store.lease(limit: 9, for: .seconds(1), owner: "test", now: now)
            let accounts = Dictionary(
                uniqueKeysWithValues: batch.deliveries.map {
                    ($0.delivery.id, $0.delivery.accountRegion.account.digits)
                })
            #expect(
                accounts == ["sns:1": "444455556666", "sns:3": "111122223333", "sns:4": "111122223333"])
            let audit = try #require(batch.deliveries.first { $0.delivery.id == "sns:1" }).delivery
            guard case .audit = try DeliveryCommand(audit) else {
                Issue.record("the audit is not worked on")
                return
            }
        }
    }

    @Test("A new message that is not Device Defender's reports its topic; Device Defender's and duplicates do not")
    func unrelated() async throws {
        try await withHarness { harness async throws in
            func sns(_ id: String, _ text: String) async throws -> IntakeResult {
                try await harness.sns(
                    try Envelope("Notification").with("MessageId", .string(id)).with("Message", .string(text))
                        .signed().body)
            }
            for (id, text) in [
                ("1", "a test from the console"), ("2", #"{"AlarmName": "x", "NewStateValue": "ALARM"}"#),
            ] {
                #expect(try await sns(id, text).unrelatedTopic?.description == Envelope.topic)
                #expect(try await sns(id, text).unrelatedTopic == nil)
            }
            #expect(
                try await sns("3", String(decoding: Messages.audit().serialized(), as: UTF8.self)).unrelatedTopic == nil
            )
            #expect(try await sns("4", #"{"violationEventType": 5}"#).unrelatedTopic == nil)
        }
    }

    // MARK: EventBridge

    @Test("An event with the API key is stored once, also in an array of one")
    func event() async throws {
        try await withHarness { harness in
            let event = Messages.verification("FALSE_POSITIVE", time: "2026-11-22T10:00:00Z")
            expectAccepted(try await harness.eventBridge(event.serialized()), "stored")
            expectAccepted(try await harness.eventBridge(event.serialized()), "duplicate")
            expectAccepted(try await harness.eventBridge(JSON.array([event]).serialized()), "duplicate")
            let batch = try await harness.store.lease(limit: 9, for: .seconds(1), owner: "test", now: now)
            #expect(batch.deliveries.map(\.delivery.id) == ["eventbridge:e1"])
            #expect(batch.deliveries.map(\.delivery.payload) == [event.serialized()])
        }
    }

    @Test("An array's events are stored together, each once, with the same id alone and in an array")
    func array() async throws {
        try await withHarness { harness in
            func event(_ id: String) -> JSON { Messages.event("CancelAuditTask", ["taskId": "t1"], id: id) }
            expectAccepted(try await harness.eventBridge(event("e2").serialized()), "stored")
            let body = JSON.array([event("e1"), event("e2"), event("e1"), 5]).serialized()
            let first = try await harness.eventBridge([0xEF, 0xBB, 0xBF] + body)
            expectAccepted(first, "stored")
            #expect(first.queued.map(\.isNew) == [true, false, false, true])
            expectAccepted(try await harness.eventBridge(body), "duplicate")
            expectAccepted(try await harness.eventBridge(event("e1").serialized()), "duplicate")
            expectAccepted(try await harness.eventBridge(Array("[]".utf8)), "ignored")
            let batch = try await harness.store.lease(limit: 9, for: .seconds(1), owner: "test", now: now)
            #expect(
                batch.deliveries.map(\.delivery.id).prefix(2) == ["eventbridge:e2", "eventbridge:e1"]
                    && batch.deliveries.count == 3)
            let many = JSON.array((0..<101).map { event("m\($0)") }).serialized()
            try expectRejection(try await harness.eventBridge(many), 413, "too_many_events")
        }
    }

    @Test("An array that exceeds the queue's capacity gets 503 as a whole")
    func arrayWithoutRoom() async throws {
        try await withHarness { harness in
            let body = JSON.array(
                (1...3).map { Messages.event("CancelAuditTask", ["taskId": "t1"], id: "e\($0)") }
            ).serialized()
            try expectRejection(try await harness.eventBridge(body, room: 2), 503, "queue_full")
            #expect(try await harness.store.queueStatus().pending == 0)
            expectAccepted(try await harness.eventBridge(body, room: 3), "stored")
        }
    }

    @Test("Without exactly one valid API key the response is 401 with WWW-Authenticate")
    func unauthorized() async throws {
        try await withHarness { harness in
            let body = Messages.verification("UNKNOWN", time: "2026-11-22T10:00:00Z").serialized()
            for keys in [[], [""], ["the-keys"], ["the-ke"], ["the-key", "the-key"], ["x", "the-key"]] {
                let result = try await harness.eventBridge(body, keys: keys)
                try expectRejection(result, 401, "unauthorized")
                #expect(result.response.headerFields[.wwwAuthenticate] == "ApiKey")
            }
            try expectRejection(try await harness.eventBridge(body, configured: []), 401, "unauthorized")
            #expect(try await harness.store.queueStatus().pending == 0)
        }
    }

    @Test("A body that is not an event gets 400")
    func malformedEvent() async throws {
        try await withHarness { harness in
            for body in ["", "{", "nul"] {
                try expectRejection(try await harness.eventBridge(Array(body.utf8)), 400, "malformed_json")
            }
            for body in ["{}", "[{},{}]", "5", "[5]", "[[]]", "{\"id\":\"x\",\"detail\":5}"] {
                try expectRejection(try await harness.eventBridge(Array(body.utf8)), 400, "malformed_event")
            }
        }
    }

    @Test("An event of an account or Region without a topic gets 403")
    func foreignEvent() async throws {
        try await withHarness { harness in
            let event = Messages.event("CancelAuditTask", ["taskId": "t1"], region: "eu-west-1")
            try expectRejection(try await harness.eventBridge(event.serialized()), 403, "account_region_not_served")
        }
    }

    @Test("An event that changes nothing gets 200 and is not stored")
    func ignored() async throws {
        try await withHarness { harness in
            for event in [
                Messages.event("CreateThing", [:]), Messages.event("CancelAuditTask", nil, errorCode: "AccessDenied"),
            ] {
                expectAccepted(try await harness.eventBridge(event.serialized()), "ignored")
            }
            #expect(try await harness.store.queueStatus().pending == 0)
        }
    }
}

/// An SNS envelope, signed with a test key.
private struct Envelope {
    static let topic = "arn:aws:sns:us-east-1:111122223333:device-defender"
    private static let host = "https://sns.us-east-1.amazonaws.com"
    /// Shared, because generating a key is slow.
    private static let key = Result { try PrivateKey(generating: .rsa(bits: 2048)) }

    private var members: JSON.Members

    init(_ type: String, version: String = "2") throws {
        members = [
            "Type": .string(type), "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": .string(Self.topic), "Timestamp": "2026-11-22T10:00:00.123Z",
            "Message": .string(String(decoding: Messages.alarm().serialized(), as: UTF8.self)),
            "SignatureVersion": .string(version),
            "SigningCertURL": .string(Self.host + "/SimpleNotificationService-0123456789abcdef.pem"),
        ]
        guard type != "Notification" else { return }
        members["Token"] = "2336412f37fb"
        members["SubscribeURL"] = .string(
            Self.host + "/?Action=ConfirmSubscription&TopicArn=\(Self.topic)&Token=2336412f37fb")
    }

    /// The certificate as the SNS host serves it.
    static func certificate() throws -> [UInt8] {
        let validity = 1_790_000_000...1_800_000_000 as ClosedRange<Int64>
        let authority = try CertificateAuthority(
            commonName: "Test CA", validity: validity, key: PrivateKey(generating: .p256))
        return try authority.issue(commonName: "sns.amazonaws.com", validity: validity, key: key.get()).pem()
    }

    func with(_ name: String, _ value: JSON) -> Envelope {
        var changed = self
        changed.members[name] = value
        return changed
    }

    /// Signs as in "Verifying the signatures of Amazon SNS messages" in the Developer Guide.
    func signed() throws -> Envelope {
        let names =
            members["Type"] == "Notification"
            ? ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
            : ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        let text = names.compactMap { name in members[name]?.string.map { "\(name)\n\($0)\n" } }.joined()
        let signature = try Self.key.get().sign(
            Array(text.utf8), digest: members["SignatureVersion"] == "1" ? .sha1 : .sha256)
        return with("Signature", .string(Data(signature).base64EncodedString()))
    }

    var body: [UInt8] { JSON.object(members).serialized() }
}

import AWSCore
import Cryptography
import Encoding
import EventLoop
import Fixtures
import HTTPServer
import HTTPTypes
import JSON
import SQLiteStore
import SourceMapping
import Store
import TestSupport
import Testing

@testable import Intake

/// A handler of two webhooks, `plant` with an API key and `signed` with GitHub's signature, with a store.
private struct WebhookHarness {
    static let key = "a key of the plant"
    static let secret = "It's a Secret to Everybody"
    let store: SQLiteStore
    let handler: WebhookHandler

    init(_ store: SQLiteStore, rate: Int? = nil, isClockTrusted: Bool = true) throws {
        self.store = store
        let accountRegion = AccountRegion(
            account: try #require(AccountID("111122223333")), region: try #require(Region("eu-central-1")))
        func webhook(_ name: String, _ method: WebhookAuthentication) throws -> WebhookHandler.Webhook {
            WebhookHandler.Webhook(
                source: try MappedSource.alerts(name, rate: rate),
                accountRegion: accountRegion,
                authenticator: WebhookAuthenticator(method) { TokenVerifier(settings: $0) { _ in [] } })
        }
        handler = WebhookHandler(
            [
                try webhook("plant", .apiKey(header: "x-api-key", keys: [Secret(Self.key)])),
                try webhook("signed", .signature(.gitHub(secrets: [Secret(Self.secret)]))),
                try webhook("standard", .signature(.standardWebhooks(secrets: [Secret(Self.secret)]))),
            ], failures: AuthenticationThrottle(), store: store, clock: { now },
            trustedTime: { isClockTrusted ? now : nil })
    }

    func post(
        _ body: String, to source: String = "plant", _ fields: [(String, String)] = [("x-api-key", key)],
        peer: String = "192.0.2.1:1", room: Int = .max
    ) async throws -> IntakeResult {
        var headers = HTTPFields()
        for (name, value) in fields {
            headers.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
        }
        let request = ServerRequest(
            head: HTTPRequest(
                method: .post, scheme: "https", authority: "bridge", path: "/webhooks/x", headerFields: headers),
            body: Array(body.utf8), peer: SocketAddress(peer))
        return await handler.receive(request, source: source) { $0 <= room }
    }

    func stored() async throws -> [Delivery] {
        try await store.lease(limit: 1000, for: .seconds(1), owner: "test", now: now).deliveries.map(\.delivery)
    }
}

private func withWebhooks(rate: Int? = nil, _ body: (WebhookHarness) async throws -> Void) async throws {
    try await withStore { store in try await body(WebhookHarness(store, rate: rate)) }
}

private func alerts(_ count: Int) -> String {
    JSON.object(["alerts": .array((0..<count).map { ["id": .integer(Int64($0))] })]).serializedText
}

extension JSON {
    fileprivate var serializedText: String { String(decoding: serialized(), as: UTF8.self) }
}

@Suite("Webhook handler") struct WebhookHandlerTests {
    @Test("Each item of a request is a delivery of the source, and repetitions without an id are new deliveries")
    func items() async throws {
        try await withWebhooks { harness in
            expectAccepted(try await harness.post(#"{"alerts":[{"id":1.50},{"id":2}]}"#), .stored)
            expectAccepted(try await harness.post(#"{"alerts":[{"id":1.50},{"id":2}]}"#), .stored)
            let stored = try await harness.stored()
            #expect(stored.count == 4 && Set(stored.map(\.id)).count == 4)
            #expect(
                stored.map { String(decoding: $0.payload, as: UTF8.self) }.sorted()
                    == [#"{"id":1.50}"#, #"{"id":1.50}"#, #"{"id":2}"#, #"{"id":2}"#])
            for delivery in stored {
                #expect(delivery.id.hasPrefix("webhook:plant:") && delivery.channel == .webhook)
                #expect(delivery.source == "plant" && delivery.topic == nil && delivery.receivedAt == now)
                #expect(delivery.accountRegion.description == "111122223333/eu-central-1")
            }
        }
    }

    @Test("Lines of JSON are split, too; a message without items is ignored, one without the path is stored whole")
    func splitting() async throws {
        try await withWebhooks { harness in
            let lines = "\u{FEFF}{\"alerts\":[1]}\r\n\n{\"alerts\":[2,3]}\n[4]\n"
            let result = try await harness.post(lines)
            expectAccepted(result, .stored)
            #expect(result.deliveries?.queued.map { $0.delivery.payload.map { $0 } }.count == 4)
            let texts = result.deliveries?.queued.map { String(decoding: $0.delivery.payload, as: UTF8.self) }
            #expect(texts == ["1", "2", "3", "[4]"])
            expectAccepted(try await harness.post(#"{"alerts":[]}"#), .ignored)
        }
    }

    @Test("1,000 items are stored together; more are rejected")
    func limit() async throws {
        try await withWebhooks { harness in
            let result = try await harness.post(alerts(1000))
            expectAccepted(result, .stored)
            #expect(result.deliveries?.stored == 1000)
            try expectRejection(try await harness.post(alerts(1001)), 413, "too_many_items")
            let lines = String(repeating: "{\"alerts\":[1]}\n", count: 1001)
            try expectRejection(try await harness.post(lines), 413, "too_many_items")
            #expect(try await harness.store.queueStatus().pending == 1000)
        }
    }

    @Test("Unknown sources, wrong and missing credentials get the same response, and nothing is stored")
    func unauthorized() async throws {
        try await withWebhooks { harness in
            var responses: Set<[String]> = []
            let signature = "sha256=" + String(repeating: "0", count: 64)
            for source in ["plant", "signed", "nothing", "PLANT", "", "plant/", "é", String(repeating: "x", count: 99)]
            {
                for (index, fields) in [
                    [], [("x-api-key", "wrong")], [("x-hub-signature-256", signature)], [("x-hub-signature-256", "x")],
                    [("authorization", "Bearer x")],
                ].enumerated() {
                    let result = try await harness.post(
                        alerts(1), to: source, fields, peer: "192.0.2.\(index):\(responses.count + 1)")
                    try expectRejection(result, 401, "unauthorized")
                    let response = IntakeResponder.response(to: result)
                    responses.insert(
                        response.headerFields.map(\.description) + [String(decoding: response.body, as: UTF8.self)])
                }
            }
            #expect(responses.count == 1)
            // The credentials of one source are wrong for another, and for none.
            for source in ["signed", "standard", "nothing"] {
                try expectRejection(try await harness.post(alerts(1), to: source), 401, "unauthorized")
            }
            #expect(try await harness.store.queueStatus().pending == 0)
        }
    }

    @Test("A body with another encoding than identity gets 415, before credentials are checked")
    func encoding() async throws {
        try await withWebhooks { harness in
            for encoding in ["gzip", "identity, gzip", "br", "deflate"] {
                let fields = [("x-api-key", WebhookHarness.key), ("content-encoding", encoding)]
                for source in ["plant", "nothing"] {
                    try expectRejection(
                        try await harness.post(alerts(1), to: source, fields), 415, "content_encoding_not_supported")
                }
            }
            let identity = [("x-api-key", WebhookHarness.key), ("content-encoding", "Identity")]
            expectAccepted(try await harness.post(alerts(1), identity), .stored)
        }
    }

    @Test("A body that is neither JSON nor lines of JSON gets 400 with the line, and nothing is stored")
    func malformed() async throws {
        try await withWebhooks { harness in
            for (body, position) in [
                ("", "byte 0"), ("{", "byte 1"), ("hello", "byte 0"), ("[1]\n[2", "line 2"),
                ("{\"a\":1,\"a\":2}", "byte"),
                ("[1]\nx\n[2]", "line 2"), (" \n\n", "byte 3"), ("\u{0}", "byte 0"),
                (String(repeating: "[", count: 40), "nesting"),
            ] {
                let result = try await harness.post(body)
                try expectRejection(result, 400, "malformed_json")
                #expect(result.error?.message.contains(position) == true, "\(body): \(result.error?.message ?? "")")
            }
            #expect(try await harness.store.queueStatus().pending == 0)
        }
    }

    @Test("A request without capacity in the queue, or above the rate limit, gets 503 as a whole")
    func limits() async throws {
        try await withWebhooks(rate: 1) { harness in
            try expectRejection(try await harness.post(alerts(3), room: 2), 503, "queue_full")
            expectAccepted(try await harness.post(alerts(6)), .stored)
            try expectRejection(try await harness.post(alerts(6)), 503, "rate_limited")
            expectAccepted(try await harness.post(alerts(3)), .stored)
            #expect(try await harness.store.queueStatus().pending == 9)
        }
    }

    @Test("Failures are limited by address, also for unknown sources; a success exempts the address")
    func throttle() async throws {
        try await withWebhooks { harness in
            let wrong = [("x-api-key", "wrong")]
            for number in 0..<20 {
                let result = try await harness.post(alerts(1), to: number % 2 == 0 ? "plant" : "nothing", wrong)
                try expectRejection(result, 401, "unauthorized")
            }
            for source in ["plant", "nothing"] {
                try expectRejection(try await harness.post(alerts(1), to: source, wrong), 503, "too_many_failures")
            }
            let other = "192.0.2.2:1"
            expectAccepted(try await harness.post(alerts(1), peer: other), .stored)
            for _ in 0..<30 {
                try expectRejection(try await harness.post(alerts(1), wrong, peer: other), 401, "unauthorized")
            }
        }
    }

    @Test("A repeated message with a signed id is a duplicate, and stale signatures name the timestamp in the log only")
    func repetition() async throws {
        try await withWebhooks { harness in
            func fields(_ id: String, at time: Timestamp, _ body: String) -> [(String, String)] {
                let seconds = "\(time.milliseconds / 1000)"
                let code = Digest.hmac(
                    .sha256, key: Array(WebhookHarness.secret.utf8), message: Array("\(id).\(seconds).\(body)".utf8))
                return [
                    ("webhook-id", id), ("webhook-timestamp", seconds),
                    ("webhook-signature", "v1," + Base64.encode(code)),
                ]
            }
            let body = alerts(2)
            expectAccepted(try await harness.post(body, to: "standard", fields("m1", at: now, body)), .stored)
            let later = now + .seconds(60)
            expectAccepted(try await harness.post(body, to: "standard", fields("m1", at: later, body)), .duplicate)
            expectAccepted(try await harness.post(body, to: "standard", fields("m2", at: now, body)), .stored)
            let stale = try await harness.post(body, to: "standard", fields("m3", at: now + .seconds(400), body))
            try expectRejection(stale, 401, "unauthorized")
            guard case .rejected(_, .unauthorized(_, "timestamp")) = stale else {
                Issue.record("\(stale)")
                return
            }
            // By a wrong clock, a genuine message may look stale: the sender retries.
            let untrusted = try WebhookHarness(harness.store, isClockTrusted: false)
            let deferred = try await untrusted.post(body, to: "standard", fields("m4", at: now + .seconds(400), body))
            try expectRejection(deferred, 503, "clock_not_trusted")
            expectAccepted(try await untrusted.post(body, to: "standard", fields("m5", at: now, body)), .stored)
        }
    }

    @Test("The body is read only if credentials have the form of the source's method, and it is not compressed")
    func wantsBody() async throws {
        try await withWebhooks { harness in
            func wants(_ source: String, _ fields: [(String, String)]) -> Bool {
                var headers = HTTPFields()
                for case (let name?, let value) in fields.map({ (HTTPField.Name($0.0), $0.1) }) {
                    headers.append(HTTPField(name: name, value: value))
                }
                return harness.handler.wantsBody(headers, source: source)
            }
            let zeros = String(repeating: "0", count: 64)
            #expect(wants("plant", [("x-api-key", "wrong")]))
            #expect(!wants("plant", []))
            #expect(!wants("plant", [("x-api-key", "a"), ("x-api-key", "b")]))
            #expect(!wants("plant", [("x-api-key", "a"), ("content-encoding", "gzip")]))
            #expect(wants("signed", [("x-hub-signature-256", "sha256=" + zeros)]))
            #expect(!wants("signed", [("x-hub-signature-256", "sha256=00")]))
            #expect(!wants("signed", [("x-hub-signature-256", "md5=" + zeros)]))
            #expect(!wants("standard", [("webhook-signature", "v1,AAAA")]))
            #expect(!wants("nothing", []))
        }
    }
}

@Suite("Item rate limit") struct ItemRateLimiterTests {
    @Test("The burst is ten seconds' worth; a larger request passes when the bucket is full")
    func burst() {
        let limiter = ItemRateLimiter(rate: 2)
        #expect(limiter.allows(20, now: .seconds(1)) && !limiter.allows(1, now: .seconds(1)))
        #expect(!limiter.allows(3, now: .seconds(2)) && limiter.allows(2, now: .seconds(2)))
        #expect(!limiter.allows(1000, now: .seconds(11)) && limiter.allows(1000, now: .seconds(13)))
        // The debt is paid first.
        #expect(!limiter.allows(1, now: .seconds(500)) && limiter.allows(1, now: .seconds(504)))
    }
}

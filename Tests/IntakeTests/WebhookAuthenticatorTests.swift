import Cryptography
import Encoding
import Fixtures
import HTTPTypes
import JSON
import SNS
import TestSupport
import Testing

@testable import Intake

/// Authenticates requests with fields given as pairs.
private struct Door {
    let authenticator: WebhookAuthenticator

    init(_ method: WebhookAuthentication, keys: [UInt8]? = nil) {
        authenticator = WebhookAuthenticator(method) { settings in
            TokenVerifier(settings: settings) { _ throws(SigningCertificateCache.FetchError) in
                guard let keys else { throw .unreachable("") }
                return keys
            }
        }
    }

    init(_ signature: WebhookSignature) { self.init(.signature(signature)) }

    func callAsFunction(
        _ pairs: [(String, String)], _ body: String = "", at time: Timestamp = now, isDecoy: Bool = false
    ) async throws -> WebhookAuthenticator.Decision {
        var fields = HTTPFields()
        for (name, value) in pairs {
            fields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
        }
        return await (isDecoy ? authenticator.decoy : authenticator)
            .decision(on: fields, body: Array(body.utf8), now: time, elapsed: uptime)
    }
}

@Suite("Webhook authenticator") struct WebhookAuthenticatorTests {
    @Test("Each of two API keys is accepted, in one field of the configured name")
    func apiKeys() async throws {
        let door = Door(.apiKey(header: "x-key", keys: [Secret("old"), Secret("new")]))
        for key in ["old", "new"] {
            #expect(try await door([("X-Key", key)]) == .allowed(.none))
            #expect(try await door([("X-Key", key)], isDecoy: true) == .rejected)
        }
        let others: [[(String, String)]] = [
            [], [("x-key", "")], [("x-key", "ol")], [("x-key", "old,new")], [("x-key", "old"), ("x-key", "old")],
            [("x-api-key", "old")], [("authorization", "ApiKey old")],
        ]
        for fields in others { #expect(try await door(fields) == .rejected, "\(fields)") }
    }

    @Test("Basic authentication needs the user and one of the passwords")
    func basic() async throws {
        let door = Door(.basic(user: Secret("plant"), passwords: [Secret("o:ld"), Secret("new")]))
        func field(_ text: String) -> [(String, String)] {
            [("Authorization", "basic " + Base64.encode(Array(text.utf8)))]
        }
        for text in ["plant:o:ld", "plant:new"] { #expect(try await door(field(text)) == .allowed(.none)) }
        for text in ["plant:", "plant", ":new", "other:new", "plant:newer", "Plant:new", ""] {
            #expect(try await door(field(text)) == .rejected, "\(text)")
        }
        #expect(try await door([("Authorization", "Bearer new")]) == .rejected)
        #expect(try await door([("Authorization", "Basic !")]) == .rejected)
        #expect(try await door(field("plant:new"), isDecoy: true) == .rejected)
    }

    @Test("A bearer token is one of the secrets")
    func bearer() async throws {
        let door = Door(.bearer([Secret("old"), Secret("new")]))
        for text in ["Bearer old", "bearer new"] {
            #expect(try await door([("Authorization", text)]) == .allowed(.none))
        }
        for text in ["Bearer", "Bearer ", "Bearer older", "old", "Basic old"] {
            #expect(try await door([("Authorization", text)]) == .rejected, "\(text)")
        }
        #expect(try await door([("Authorization", "Bearer new")], isDecoy: true) == .rejected)
    }

    @Test("A token is verified by its issuer's keys; without keys the result is open")
    func tokens() async throws {
        let settings = TokenVerifier.Settings(
            issuer: "https://issuer.example/", audience: "bridge", jwksURL: "https://issuer.example/keys")
        let issuer = try await TokenIssuer.shared
        let keys = JSON.object(["keys": [issuer.rsa.json]]).serialized()
        let token = try await issuer.token(key: issuer.rsa)
        #expect(try await Door(.token(settings), keys: keys)([("Authorization", "Bearer \(token)")]) == .allowed(.none))
        #expect(try await Door(.token(settings), keys: keys)([("Authorization", "Bearer x")]) == .rejected)
        #expect(try await Door(.token(settings))([("Authorization", "Bearer \(token)")]) == .unverifiable)
        let old = try await issuer.token(TokenIssuer.claims(["exp": 1]), key: issuer.rsa)
        #expect(
            try await Door(.token(settings), keys: keys)([("Authorization", "Bearer \(old)")]) == .invalidClaim("exp"))
    }

    // docs.github.com, "Validating webhook deliveries", "Testing the webhook payload validation"
    @Test("GitHub's example is accepted; no replay can be recognized")
    func gitHub() async throws {
        let door = Door(.gitHub(secrets: [Secret("It's a Secret to Everybody")]))
        let digits = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        let name = "X-Hub-Signature-256"
        let body = "Hello, World!"
        #expect(try await door([(name, "sha256=" + digits)], body) == .allowed(.none))
        #expect(try await door([(name, "sha256=" + digits.uppercased())], body) == .allowed(.none))
        #expect(try await door([(name, "sha256=" + digits)], body, isDecoy: true) == .rejected)
        #expect(try await door([(name, "sha256=" + digits)], body + "\n") == .rejected)
        for value in ["", "sha256=", digits, "sha1=" + digits, "sha256=" + digits.dropLast(2), "sha256=g" + digits] {
            #expect(try await door([(name, value)], body) == .rejected, "\(value)")
        }
        #expect(try await door([], body) == .rejected)
        #expect(try await door([(name, "sha256=" + digits), (name, "sha256=" + digits)], body) == .rejected)
    }
}

// The example of the Standard Webhooks specification
@Suite("Standard Webhooks signature") struct StandardWebhooksTests {
    private let body = #"{"test": 2432232314}"#
    private let time = Timestamp(milliseconds: 1_614_265_330_000)
    private let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

    private func door() throws -> Door {
        let key = try #require(Base64.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        return Door(.standardWebhooks(secrets: [Secret(Array("another secret".utf8)), Secret(key)]))
    }

    private func fields(
        id: String? = "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: String? = "1614265330", _ signature: String? = nil
    ) -> [(String, String)] {
        [
            ("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", signature ?? self.signature),
        ].compactMap { name, value in value.map { (name, $0) } }
    }

    @Test("The example is accepted, and its id identifies the message")
    func example() async throws {
        let allowed = WebhookAuthenticator.Decision.allowed(.message("msg_p5jXN8AQM9LWM0D4loKWxJek"))
        #expect(try await door()(fields(), body, at: time) == allowed)
        let others = "v1a,AAAA v1,AAAA v2,\(signature.dropFirst(3)) "
        #expect(try await door()(fields(others + signature), body, at: time) == allowed)
        #expect(try await door()(fields(), body, at: time, isDecoy: true) == .rejected)
    }

    @Test("Whatever is signed cannot be changed")
    func changes() async throws {
        #expect(try await door()(fields(), body + " ", at: time) == .rejected)
        #expect(try await door()(fields(id: "msg_p5jXN8AQM9LWM0D4loKWxJeK"), body, at: time) == .rejected)
        #expect(try await door()(fields(timestamp: "1614265331"), body, at: time) == .rejected)
    }

    @Test("The timestamp may differ from the time by the tolerance, in both directions")
    func tolerance() async throws {
        for offset in [-300, -1, 0, 300] {
            let decision = try await door()(fields(), body, at: time + .seconds(offset))
            #expect(decision == .allowed(.message("msg_p5jXN8AQM9LWM0D4loKWxJek")), "\(offset)")
        }
        for offset in [-301, 301, 1_000_000_000] {
            let decision = try await door()(fields(), body, at: time + .seconds(offset))
            #expect(decision == .invalidClaim("timestamp"), "\(offset)")
        }
    }

    @Test("Missing and malformed fields are rejected")
    func malformed() async throws {
        for timestamp in [nil, "", "-1", "+1614265330", "1614265330.0", "1614265330 0", "１614265330", "9999999999999"] {
            #expect(try await door()(fields(timestamp: timestamp), body, at: time) == .rejected, "\(timestamp ?? "-")")
        }
        for id in [nil, "", "a b", "a.b", "é", String(repeating: "x", count: 257)] {
            #expect(try await door()(fields(id: id), body, at: time) == .rejected, "\(id ?? "-")")
        }
        let many = Array(repeating: signature, count: 17).joined(separator: " ")
        for text in [
            "", " ", "v1,", "v1,AAAA", signature.dropFirst(3).description, "V1" + signature.dropFirst(2), many,
        ] {
            #expect(try await door()(fields(text), body, at: time) == .rejected, "\(text)")
        }
        #expect(try await door()(fields() + [("webhook-id", "x")], body, at: time) == .rejected)
    }

    @Test("A signature with a timestamp and without an id identifies the request")
    func signedTimestamp() async throws {
        // printf '1614265330.{}' | openssl dgst -sha1 -hmac 0123456789abcdef
        let door = Door(
            WebhookSignature(
                algorithm: .sha1, encoding: .base64, header: "x-sign", content: .timestampAndBody,
                timestampHeader: "x-time", tolerance: .seconds(10), secrets: [Secret("0123456789abcdef")]))
        let text = "RZeueuM7ITQjakMP/YlND4BT/s8="
        let code = try #require(Base64.decode(text))
        let fields = [("X-Time", "1614265330"), ("X-Sign", text)]
        #expect(try await door(fields, "{}", at: time) == .allowed(.signature(code)))
        #expect(try await door(fields, "{}", at: time + .seconds(11)) == .invalidClaim("timestamp"))
        #expect(try await door(fields, "[]", at: time) == .rejected)
        #expect(try await door([fields[1]], "{}", at: time) == .rejected)
    }
}

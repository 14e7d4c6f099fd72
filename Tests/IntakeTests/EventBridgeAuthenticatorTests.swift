import Cryptography
import Encoding
import EventLoop
import Fixtures
import Foundation
import HTTPServer
import HTTPTypes
import JSON
import SNS
import TestSupport
import Testing

@testable import Intake

@Suite struct EventBridgeAuthenticatorTests {
    private func request(_ fields: [(String, String)], peer: String? = "192.0.2.1:1") throws -> ServerRequest {
        var headers = HTTPFields()
        for (name, value) in fields {
            headers.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
        }
        return ServerRequest(
            head: HTTPRequest(
                method: .post, scheme: "https", authority: "bridge", path: "/eventbridge", headerFields: headers),
            peer: peer.flatMap { SocketAddress($0) })
    }

    private func authenticator(
        _ credentials: EventBridgeAuthenticator.Credentials, keys: [UInt8]? = nil,
        failures: AuthenticationThrottle = AuthenticationThrottle()
    ) -> EventBridgeAuthenticator {
        let tokens = keys.map { keys in
            TokenVerifier(
                settings: .init(issuer: "https://issuer.example/", audience: "bridge", jwksURL: "https://i.example/k")
            ) { _ in keys }
        }
        return EventBridgeAuthenticator(credentials: credentials, tokens: tokens, failures: failures)
    }

    private func decision(_ authenticator: EventBridgeAuthenticator, _ fields: (String, String)...) async throws
        -> EventBridgeAuthenticator.Decision
    {
        await authenticator.decision(on: try request(fields), now: now)
    }

    private func basic(_ text: String) -> String { "Basic " + Data(text.utf8).base64EncodedString() }

    @Test("Each of two API keys is accepted, in the configured header only")
    func keys() async throws {
        for header in ["X-Bridge", "Authorization", "x-api-key"] {
            let both = authenticator(.init(apiKeys: [Secret("old"), Secret("new")], apiKeyHeader: header.lowercased()))
            #expect(try await decision(both, (header, "old")) == .allowed)
            #expect(try await decision(both, (header.uppercased(), "new")) == .allowed)
            for wrong in ["", "ol", "oldnew", "old,new", "Old", "new;"] {
                #expect(try await decision(both, (header, wrong)) == .rejected, "\(wrong)")
            }
            #expect(try await decision(both, (header, "old"), (header, "old")) == .rejected)
            #expect(try await decision(both, ("X-Other", "old")) == .rejected)
        }
    }

    @Test("Basic authentication accepts user and password")
    func passwords() async throws {
        let authenticator = authenticator(.init(basic: Secret("user:pass:wörd")))
        #expect(try await decision(authenticator, ("Authorization", basic("user:pass:wörd"))) == .allowed)
        #expect(
            try await decision(authenticator, ("authorization", "bASIC" + basic("user:pass:wörd").dropFirst(5)))
                == .allowed)
        for wrong in [
            basic("user:pass:word"), basic("user:"), basic(""), basic("user:pass:wörd "), "Basic", "Basic ", "Basic *",
            "Bearer " + basic("user:pass:wörd").dropFirst(6), "user:pass:wörd",
            String(basic("user:pass:wörd").dropFirst(6)), "Basic  " + basic("user:pass:wörd").dropFirst(6) + "!",
        ] {
            #expect(try await decision(authenticator, ("Authorization", wrong)) == .rejected, "\(wrong)")
        }
        let right = basic("user:pass:wörd")
        #expect(try await decision(authenticator, ("Authorization", right), ("Authorization", right)) == .rejected)
    }

    @Test("Unconfigured methods are rejected, and each configured method suffices")
    func configured() async throws {
        let issuer = try await TokenIssuer.shared
        let keys = TokenIssuer.set(issuer.rsa.json)
        let bearer = "Bearer " + (try await issuer.token(key: issuer.rsa))
        let (key, password) = (Secret("key"), Secret("u:p"))
        let given = [("x-api-key", "key"), ("Authorization", basic("u:p")), ("Authorization", bearer)]
        for chosen in 0..<8 {
            let authenticator = authenticator(
                .init(apiKeys: chosen & 1 == 0 ? [] : [key], basic: chosen & 2 == 0 ? nil : password),
                keys: chosen & 4 == 0 ? nil : keys)
            for (index, field) in given.enumerated() {
                let isChosen = chosen & (1 << index) != 0
                #expect(
                    try await decision(authenticator, field) == (isChosen ? .allowed : .rejected), "\(chosen), \(index)"
                )
            }
            #expect(try await decision(authenticator) == .rejected)
        }
        let all = authenticator(.init(apiKeys: [key], basic: password), keys: keys)
        #expect(all.challenge == #"ApiKey, Basic realm="defender-bridge", charset="UTF-8", Bearer"#)
        #expect(authenticator(.init(), keys: keys).challenge == "Bearer")
        // One wrong credential does not invalidate another right one.
        #expect(try await decision(all, ("x-api-key", "wrong"), ("Authorization", bearer)) == .allowed)
        let unknown = authenticator(.init(), keys: [])
        #expect(try await decision(unknown, ("Authorization", bearer)) == .unverifiable)
    }

    @Test("An address that fails too often is throttled; others are not")
    func limit() async throws {
        let failures = AuthenticationThrottle()
        let authenticator = authenticator(.init(apiKeys: [Secret("key")]), failures: failures)
        func decision(_ key: String, _ peer: String, at time: Duration = uptime) async throws
            -> EventBridgeAuthenticator.Decision
        {
            await authenticator.decision(
                on: try request([("x-api-key", key)], peer: peer), now: now, elapsed: time)
        }
        for port in 0..<failures.burst {
            #expect(try await decision("wrong", "192.0.2.7:\(port + 1)") == .rejected)
        }
        #expect(try await decision("wrong", "192.0.2.7:99") == .overLimit)
        #expect(try await decision("key", "192.0.2.7:99") == .overLimit)
        #expect(try await decision("wrong", "[::ffff:192.0.2.7]:99") == .overLimit)
        #expect(try await decision("key", "192.0.2.8:1") == .allowed)
        let later = uptime + failures.interval
        #expect(try await decision("wrong", "192.0.2.7:1", at: later) == .rejected)
        #expect(try await decision("wrong", "192.0.2.7:1", at: later) == .overLimit)
        #expect(try await decision("key", "192.0.2.7:1", at: later + failures.interval) == .allowed)
        // Right credentials exempt the address.
        for _ in 0..<100 { #expect(try await decision("wrong", "192.0.2.7:1", at: later + .seconds(4)) == .rejected) }
        #expect(try await decision("key", "192.0.2.7:1", at: later + .seconds(4)) == .allowed)
    }

    @Test("The number of tracked addresses is bounded, and an IPv6 network counts as one address")
    func addresses() throws {
        let failures = AuthenticationThrottle()
        let first = try #require(SocketAddress("[2001:db8::1]:1"))
        for index in 0..<failures.burst {
            failures.recordFailure(SocketAddress("[2001:db8::\(index + 1)]:1"), now: uptime)
        }
        #expect(!failures.allows(first, now: uptime))
        #expect(failures.allows(SocketAddress("[2001:db8:0:1::1]:1"), now: uptime))
        for index in 0..<AuthenticationThrottle.maximumAddresses {
            failures.recordFailure(
                SocketAddress("10.0.\(index / 256).\(index % 256):1"), now: uptime + .milliseconds(1))
        }
        #expect(failures.allows(first, now: uptime + .milliseconds(1)))
        // A clock that was set back locks no client out.
        for _ in 0..<failures.burst { failures.recordFailure(first, now: uptime) }
        #expect(!failures.allows(first, now: uptime))
        #expect(failures.allows(first, now: uptime - .seconds(1000)))
    }
}

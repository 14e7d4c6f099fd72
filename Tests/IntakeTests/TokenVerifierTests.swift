import Encoding
import Fixtures
import JSON
import SNS
import Synchronization
import TestSupport
import Testing

@testable import Intake

@Suite struct TokenVerifierTests {
    /// An issuer with scripted keys.
    private final class ScriptedIssuer: Sendable {
        let response: Mutex<Result<[UInt8], SigningCertificateCache.FetchError>>
        let urls = Mutex<[String]>([])

        init(_ keys: JSON...) { response = Mutex(.success(JSON.object(["keys": .array(keys)]).serialized())) }

        var fetches: Int { urls.withLock { $0.count } }

        func verifier() -> TokenVerifier {
            let settings = TokenVerifier.Settings(
                issuer: "https://issuer.example/", audience: "bridge", jwksURL: "https://issuer.example/keys")
            return TokenVerifier(settings: settings) { [self] url throws(SigningCertificateCache.FetchError) in
                urls.withLock { $0.append(url) }
                return try response.withLock { $0 }.get()
            }
        }
    }

    private let issuer: TokenIssuer

    init() async throws { issuer = try await TokenIssuer.shared }

    @Test(
        "Tokens that OpenSSL signed are genuine with both algorithms, with and without a key id; keys are fetched once")
    func genuine() async throws {
        let scriptedIssuer = ScriptedIssuer(["kty": "oct", "k": "AAAA"], issuer.rsa.json, issuer.curve.json)
        let verifier = scriptedIssuer.verifier()
        for key in [issuer.rsa, issuer.curve] {
            for header: [String: JSON?] in [[:], ["kid": JSON?.none], ["typ": "at+jwt"]] {
                let token = try await issuer.token(key: key, header: header)
                #expect(await verifier.decision(on: token, now: now, elapsed: uptime) == .genuine)
            }
        }
        let several = TokenIssuer.claims(["aud": ["other", "bridge"], "nbf": JSON?.none])
        let token = try await issuer.token(several, key: issuer.rsa)
        #expect(await verifier.decision(on: token, now: now, elapsed: uptime) == .genuine)
        #expect(scriptedIssuer.urls.withLock { $0 } == ["https://issuer.example/keys"])
    }

    @Test("Invalid claims are rejected without a fetch")
    func claims() async throws {
        let scriptedIssuer = ScriptedIssuer(issuer.rsa.json)
        let verifier = scriptedIssuer.verifier()
        let seconds = now.milliseconds / 1000
        for (name, value): (String, JSON?) in [
            ("iss", "https://issuer.example"), ("iss", nil), ("iss", ["https://issuer.example/"]), ("aud", "Bridge"),
            ("aud", nil), ("aud", []), ("aud", ["other"]), ("exp", nil), ("exp", .integer(seconds - 60)),
            ("exp", .string("\(seconds + 3600)")), ("exp", .null), ("nbf", .integer(seconds + 61)), ("nbf", "0"),
        ] {
            let token = try await issuer.token(TokenIssuer.claims([name: value]), key: issuer.rsa)
            #expect(
                await verifier.decision(on: token, now: now, elapsed: uptime)
                    == .invalidClaim(name == "aud" && value == nil ? "client_id" : name),
                "\(name): \(String(describing: value))")
        }
        #expect(scriptedIssuer.fetches == 0)
        for (name, value): (String, JSON) in [("exp", .integer(seconds - 59)), ("nbf", .integer(seconds + 60))] {
            let token = try await issuer.token(TokenIssuer.claims([name: value]), key: issuer.rsa)
            #expect(await verifier.decision(on: token, now: now, elapsed: uptime) == .genuine, "\(name)")
        }
    }

    @Test("A token without an audience is checked by client_id, as Amazon Cognito's are; one with an audience is not")
    func clients() async throws {
        let verifier = ScriptedIssuer(issuer.rsa.json).verifier()
        for (audience, client, expected): (JSON?, JSON?, TokenVerifier.Decision) in [
            (nil, "bridge", .genuine), (nil, "other", .invalidClaim("client_id")),
            (nil, nil, .invalidClaim("client_id")),
            (nil, ["bridge"], .invalidClaim("client_id")), ("other", "bridge", .invalidClaim("aud")),
            ([], "bridge", .invalidClaim("aud")), (JSON.null, "bridge", .invalidClaim("aud")),
            ("bridge", "other", .genuine),
        ] {
            let token = try await issuer.token(
                TokenIssuer.claims(["aud": audience, "client_id": client]), key: issuer.rsa)
            #expect(await verifier.decision(on: token, now: now, elapsed: uptime) == expected)
        }
    }

    @Test("A key without an id is used if it is the only one of its type")
    func namelessKey() async throws {
        func nameless(_ key: JSON) throws -> JSON { .object(try #require(key.object).filter { $0.key != "kid" }) }
        let token = try await issuer.token(key: issuer.rsa)
        let key = try nameless(issuer.rsa.json)
        #expect(
            await ScriptedIssuer(key, issuer.curve.json).verifier().decision(on: token, now: now, elapsed: uptime)
                == .genuine)
        var other = try #require(issuer.rsa.json.object)
        other["kid"] = "other"
        #expect(
            await ScriptedIssuer(key, .object(other)).verifier().decision(on: token, now: now, elapsed: uptime)
                == .rejected)
    }

    @Test("Malformed and forged tokens are rejected")
    func forged() async throws {
        let verifier = ScriptedIssuer(issuer.rsa.json, issuer.curve.json).verifier()
        let token = try await issuer.token(key: issuer.rsa)
        let parts = token.split(separator: ".").map(String.init)
        let none = TokenIssuer.base64URL(JSON.object(["alg": "none"]).serialized())
        let claims = TokenIssuer.base64URL(TokenIssuer.claims(["sub": "x"]).serialized())
        for forged in [
            "", ".", "..", "a.b.c", parts[0], parts[0] + "." + parts[1], parts[0] + "." + parts[1] + ".",
            token + ".", token + "=", " " + token, token + ".x", "\(none).\(parts[1]).", "\(none).\(parts[1]).AAAA",
            "\(parts[0]).\(claims).\(parts[2])", String(repeating: "a", count: 9000), token + token,
        ] {
            let decision = await verifier.decision(on: forged, now: now, elapsed: uptime)
            #expect(decision != .genuine && decision != .unverifiable, "\(forged)")
        }
        for header: [String: JSON?] in [
            ["alg": "none"], ["alg": "HS256"], ["alg": "RS512"], ["alg": "PS256"], ["alg": "rs256"], ["alg": "ES256"],
            ["alg": JSON?.none], ["alg": 5], ["kid": "ec-1"], ["kid": 5], ["crit": ["exp"]],
        ] {
            let token = try await issuer.token(key: issuer.rsa, header: header)
            #expect(await verifier.decision(on: token, now: now, elapsed: uptime) == .rejected, "\(header)")
        }
        let swapped = try await issuer.token(key: issuer.curve, header: ["alg": "RS256", "kid": "rsa-1"])
        #expect(await verifier.decision(on: swapped, now: now, elapsed: uptime) == .rejected)
    }

    @Test("A flip of any bit of a token is detected")
    func flipped() async throws {
        let verifier = ScriptedIssuer(issuer.rsa.json, issuer.curve.json).verifier()
        let token = Array(try await issuer.token(key: issuer.curve).utf8)
        #expect(await verifier.decision(on: String(decoding: token, as: UTF8.self), now: now) == .genuine)
        for index in token.indices {
            for bit in 0..<7 {
                var flipped = token
                flipped[index] ^= 1 << bit
                let text = String(decoding: flipped, as: UTF8.self)
                // A flip in the claims may be detected before the signature is checked.
                let decision = await verifier.decision(on: text, now: now, elapsed: uptime)
                #expect(decision != .genuine && decision != .unverifiable, "byte \(index), bit \(bit)")
            }
        }
    }

    @Test("Keys for another use, weak keys and keys of another algorithm are not used")
    func otherKeys() async throws {
        let token = try await issuer.token(key: issuer.rsa)
        for (name, value): (String, JSON) in [
            ("use", "enc"), ("key_ops", ["encrypt"]), ("alg", "RS512"), ("kid", "other"), ("kty", "oct"), ("n", "AQAB"),
            ("e", "AQ"), ("n", "*"), ("n", 5),
        ] {
            var members = try #require(issuer.rsa.json.object)
            members[name] = value
            let decision = await ScriptedIssuer(.object(members), issuer.curve.json).verifier().decision(
                on: token, now: now, elapsed: uptime)
            #expect(decision == .rejected, "\(name)")
        }
    }

    @Test("A new key is fetched when a token names it; invented key ids cause a few fetches a minute")
    func rotation() async throws {
        let scriptedIssuer = ScriptedIssuer(issuer.rsa.json)
        let verifier = scriptedIssuer.verifier()
        let (old, new) = (try await issuer.token(key: issuer.rsa), try await issuer.token(key: issuer.curve))
        #expect(await verifier.decision(on: old, now: now, elapsed: uptime) == .genuine)
        scriptedIssuer.response.withLock { $0 = .success(TokenIssuer.set(issuer.rsa.json, issuer.curve.json)) }
        #expect(await verifier.decision(on: new, now: now, elapsed: uptime) == .genuine)
        #expect(scriptedIssuer.fetches == 2)
        let made = try await issuer.token(key: issuer.rsa, header: ["kid": "made up"])
        for step in 0..<1000 {
            #expect(
                await verifier.decision(on: made, now: now + step * 60, elapsed: uptime + .milliseconds(step * 60))
                    == .rejected)
            #expect(
                await verifier.decision(on: old, now: now + step * 60, elapsed: uptime + .milliseconds(step * 60))
                    == .genuine)
        }
        #expect(scriptedIssuer.fetches <= 2 * FetchRateLimiter.burst)
    }

    @Test("Cached keys are used for a day while the issuer is unreachable; without any, tokens are unverifiable")
    func outage() async throws {
        let scriptedIssuer = ScriptedIssuer(issuer.rsa.json)
        let claims = TokenIssuer.claims(["exp": .integer(now.milliseconds / 1000 + 1_000_000)])
        let token = try await issuer.token(claims, key: issuer.rsa)
        let verifier = scriptedIssuer.verifier()
        #expect(await verifier.decision(on: token, now: now, elapsed: uptime) == .genuine)
        for failure in [SigningCertificateCache.FetchError.unreachable("x"), .status(404), .status(500), .tooLarge] {
            scriptedIssuer.response.withLock { $0 = .failure(failure) }
            #expect(
                await verifier.decision(
                    on: token, now: now + TokenVerifier.freshness,
                    elapsed: uptime + TokenVerifier.freshness + .milliseconds(1))
                    == .genuine)
            #expect(
                await verifier.decision(
                    on: token, now: now + TokenVerifier.maximumAge, elapsed: uptime + TokenVerifier.maximumAge)
                    == .genuine
            )
            let fresh = scriptedIssuer.verifier()
            #expect(await fresh.decision(on: token, now: now, elapsed: uptime) == .unverifiable)
        }
        let later = TokenVerifier.maximumAge + .seconds(600)
        #expect(await verifier.decision(on: token, now: now + later, elapsed: uptime + later) == .unverifiable)
        for body in ["", "{}", "[]", "{\"keys\":5}", "{\"keys\":[]}", "<html>"] {
            scriptedIssuer.response.withLock { $0 = .success(Array(body.utf8)) }
            #expect(
                await scriptedIssuer.verifier().decision(on: token, now: now, elapsed: uptime) == .unverifiable,
                "\(body)")
        }
    }

    @Test("Old keys are refreshed, and a removed key is no longer accepted")
    func refresh() async throws {
        let scriptedIssuer = ScriptedIssuer(issuer.rsa.json)
        let verifier = scriptedIssuer.verifier()
        let token = try await issuer.token(key: issuer.rsa)
        #expect(await verifier.decision(on: token, now: now, elapsed: uptime) == .genuine)
        scriptedIssuer.response.withLock { $0 = .success(TokenIssuer.set(issuer.curve.json)) }
        let later = TokenVerifier.freshness + .milliseconds(1)
        #expect(await verifier.decision(on: token, now: now + later, elapsed: uptime + later) == .genuine)
        try await eventuallyRejected(verifier, token, after: later)
    }

    private func eventuallyRejected(_ verifier: TokenVerifier, _ token: String, after time: Duration) async throws {
        while await verifier.decision(on: token, now: now + time, elapsed: uptime + time) == .genuine {
            await Task.yield()
        }
    }
}

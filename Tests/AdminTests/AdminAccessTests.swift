import Cryptography
import Encoding
import EventLoop
import Fixtures
import Foundation
import HTTPServer
import HTTPTypes
import TestSupport
import Testing

@testable import Admin
@testable import Intake

@Suite("Access to the admin address") struct AdminAccessTests {
    @Test(
        "IP addresses, localhost and configured names are accepted",
        arguments: [
            "127.0.0.1", "127.0.0.1:9090", "10.1.2.3:80", "[::1]", "[::1]:9090", "[2001:db8::1]:1", "localhost",
            "LocalHost:9090", "localhost.", "bridge.example.com", "Bridge.Example.com.:9090",
        ])
    func allowed(host: String) { #expect(HostHeaderPolicy.allows(host, names: ["bridge.example.com"])) }

    @Test(
        "Any other name is rejected",
        arguments: [
            nil, "", ":9090", "evil.example", "evil.example:9090", "localhost.evil.example", "evil-localhost",
            "127.0.0.1.evil.example", "www.bridge.example.com", "bridge.example.com.evil.example",
            "127.1",
            "2130706433", "0x7f.0.0.1", "user@127.0.0.1", "127.0.0.1@evil.example", "[::1].evil.example", "[::1]evil",
            "[::1", "::1", "[evil.example]", "[]", "lo%63alhost", "localhost evil",
        ] as [String?])
    func rejected(host: String?) { #expect(!HostHeaderPolicy.allows(host, names: ["bridge.example.com"])) }

    @Test(
        "A request is same-origin if its Origin names its Host",
        arguments: [
            ("http://127.0.0.1:9090", "127.0.0.1:9090", true),
            ("https://Bridge.example.com", "bridge.example.com", true),
            ("http://[::1]:9090", "[::1]:9090", true), ("null", "127.0.0.1:9090", false), ("", "", false),
            ("http://", "", false), ("http://127.0.0.1:9091", "127.0.0.1:9090", false),
            ("http://127.0.0.1", "127.0.0.1:9090", false), ("http://evil.example", "127.0.0.1:9090", false),
            ("ftp://127.0.0.1:9090", "127.0.0.1:9090", false), ("http://127.0.0.1:9090", nil, false),
            ("http://127.0.0.1:9090.evil.example", "127.0.0.1:9090", false),
            ("127.0.0.1:9090", "127.0.0.1:9090", false),
        ] as [(String, String?, Bool)])
    func origin(origin: String, authority: String?, isOwn: Bool) {
        #expect(HostHeaderPolicy.isOwn(origin: origin, authority: authority) == isOwn)
    }

    // MARK: Tokens

    private static let token = "0123456789abcdef"

    private func request(_ fields: [(HTTPField.Name, String)], peer: String = "192.0.2.7:1") -> ServerRequest {
        var headers = HTTPFields()
        for (name, value) in fields { headers.append(HTTPField(name: name, value: value)) }
        return ServerRequest(
            head: HTTPRequest(
                method: .post, scheme: nil, authority: "127.0.0.1:9090", path: "/dead-letters/1/drop",
                headerFields: headers), peer: SocketAddress(peer))
    }

    private func gate(token: String? = AdminAccessTests.token) -> AdminAuthenticator {
        AdminAuthenticator(
            access: AdminAccess(
                hosts: [],
                tokens: token.map {
                    [
                        AdminAccess.Token(name: AdminAccess.unnamed, secret: Secret($0)),
                        AdminAccess.Token(name: "alice", secret: Secret("token-of-alice-16")),
                    ]
                } ?? []), failures: AuthenticationThrottle(burst: 10, interval: .seconds(6)))
    }

    @Test(
        "Actions require the token and no cross-origin request",
        arguments: [
            ([(.authorization, "Bearer \(token)")], .allowed(who: "admin.token")),
            ([(.authorization, "BEARER \(token)"), (.origin, "http://127.0.0.1:9090")], .allowed(who: "admin.token")),
            ([(.authorization, "Bearer token-of-alice-16")], .allowed(who: "alice")),
            ([], .denied(.rejected)), ([(.authorization, token)], .denied(.rejected)),
            ([(.authorization, "Bearer ")], .denied(.rejected)),
            ([(.authorization, "Bearer \(token)0")], .denied(.rejected)),
            ([(.authorization, "Bearer 0123456789abcde")], .denied(.rejected)),
            ([(.authorization, "Basic \(token)")], .denied(.rejected)),
            ([(.authorization, "Bearer \(token)"), (.authorization, "Bearer \(token)")], .denied(.rejected)),
            ([(.authorization, "Bearer \(token)"), (.origin, "http://evil.example")], .denied(.crossOrigin)),
            ([(.authorization, "Bearer \(token)"), (.origin, "null")], .denied(.crossOrigin)),
            (
                [
                    (.authorization, "Bearer \(token)"), (.origin, "http://127.0.0.1:9090"),
                    (.origin, "http://evil.example"),
                ], .denied(.crossOrigin)
            ),
        ] as [([(HTTPField.Name, String)], AdminAuthenticator.Decision)])
    func decision(fields: [(HTTPField.Name, String)], decision: AdminAuthenticator.Decision) {
        #expect(gate().decision(on: request(fields), now: uptime) == decision)
        #expect(gate(token: nil).decision(on: request(fields), now: uptime) == .denied(.off))
    }

    @Test("An address is throttled after ten wrong tokens within a minute, other addresses are not")
    func limit() {
        let gate = gate()
        let (wrong, right) = ([(HTTPField.Name.authorization, "Bearer wrong")], "Bearer \(Self.token)")
        for _ in 0..<10 { #expect(gate.decision(on: request(wrong), now: uptime) == .denied(.rejected)) }
        #expect(gate.decision(on: request(wrong), now: uptime) == .denied(.overLimit))
        #expect(gate.decision(on: request([(.authorization, right)]), now: uptime) == .denied(.overLimit))
        let other = request([(.authorization, right)], peer: "192.0.2.8:1")
        #expect(gate.decision(on: other, now: uptime) == .allowed(who: "admin.token"))
        #expect(
            gate.decision(on: request([(.authorization, right)]), now: uptime + .milliseconds(5999))
                == .denied(.overLimit))
        #expect(
            gate.decision(on: request([(.authorization, right)]), now: uptime + .seconds(6))
                == .allowed(who: "admin.token"))
    }

    @Test("Each rejection has its status and code")
    func rejections() {
        let gate = gate()
        #expect(gate.response(to: .off).status == .notFound)
        #expect(gate.response(to: .crossOrigin).status == .forbidden)
        #expect(gate.response(to: .rejected).status == .unauthorized)
        #expect(gate.response(to: .rejected).headerFields[.wwwAuthenticate] == "Bearer")
        #expect(gate.response(to: .overLimit).status == .tooManyRequests)
        #expect(gate.response(to: .overLimit).headerFields[.retryAfter] == "6")
    }

    // MARK: The page

    @Test("The page has inline style and script, and its policy allows nothing else")
    func page() throws {
        let response = StatusPage().response
        let text = String(decoding: response.body, as: UTF8.self)
        #expect(!text.contains("/*style*/") && !text.contains("/*script*/"))
        let policy = try #require(response.headerFields[.contentSecurityPolicy])
        for name in ["style", "script"] {
            let parts = text.components(separatedBy: "<\(name)>")
            #expect(parts.count == 2, "there must be one \(name)")
            let content = try #require(parts[1].components(separatedBy: "</\(name)>").first)
            #expect(content.utf8.count > 100)
            let digest = Data(Digest.sha256(Array(content.utf8))).base64EncodedString()
            #expect(policy.contains("\(name)-src 'sha256-\(digest)';"))
        }
        #expect(policy.hasPrefix("default-src 'none'; "))
        #expect(policy.hasSuffix("base-uri 'none'; form-action 'none'; frame-ancestors 'none'"))
        // The policy would block these.
        for text in ["<script ", " style=\"", "<link rel=\"stylesheet\"", " onclick="] {
            #expect(!String(decoding: response.body, as: UTF8.self).contains(text), "\(text)")
        }
        #expect(response.headerFields[.xContentTypeOptions] == "nosniff")
    }
}

import AWSCore
import DeviceDefender
import Encoding
import EventLoop
import Fixtures
import Foundation
import HTTPTypes
import JSON
import Logging
import TestSupport
import Testing

@testable import AWSClient
@testable import Admin
@testable import Bridge
@testable import Cryptography
@testable import HTTPServer
@testable import Intake
@testable import SNS
@testable import Telemetry

/// How the cost of parsing untrusted input grows if the input grows fourfold: linear is 4, quadratic 16.
@Suite struct LinearCostTests {
    /// A text of about `size` bytes that takes `String` quadratic time to compare: combining marks of alternating classes.
    static func marks(_ size: Int) -> String {
        "a" + String(repeating: "\u{301}\u{323}", count: size / 4)
    }

    struct Parser: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// The size of the small input, in bytes.
        var size = 20_000
        /// Creates the work for an input of about this many bytes.
        let work: @Sendable (Int) -> () -> Void

        init(_ name: String, size: Int = 20_000, _ work: @escaping @Sendable (Int) -> () -> Void) {
            (testDescription, self.size, self.work) = (name, size, work)
        }
    }

    private static func json(_ name: String, _ text: @escaping @Sendable (Int) -> String) -> Parser {
        Parser("JSON: \(name)") { size in
            let bytes = Array(text(size).utf8)
            return {
                guard let json = try? JSON(parsing: bytes) else { return }
                _ = json == (try? JSON(parsing: json.serialized()))
                _ = json.hashValue
                _ = (try? JSONSlice(checking: bytes))?.members()
            }
        }
    }

    static let parsers: [Parser] = [
        json("one name of marks") { #"{"\#(marks($0))":1}"# },
        json("one value of marks") { #"{"Type":"\#(marks($0))"}"# },
        json("names of 500 bytes") { size in
            let members = (0..<size / 500).map { #""\#(marks(490))\#($0)":1"# }
            return "{\(members.joined(separator: ","))}"
        },
        json("deep") { size in
            let deep = String(repeating: "[", count: 30) + String(repeating: "]", count: 30)
            return "[" + repeatElement(deep, count: size / 61).joined(separator: ",") + "]"
        },
        json("wide") { "[" + repeatElement("1", count: $0 / 2).joined(separator: ",") + "]" },
        json("escapes") { #"{"a\#(String(repeating: #"\u0301\u0323"#, count: $0 / 12))":1}"# },
        Parser("SNS envelope") { size in
            let body = Array(#"{"Type":"\#(marks(60))","\#(marks(size))":"\#(marks(size))"}"#.utf8)
            return { _ = try? SNSMessage(parsing: body) }
        },
        Parser("topic ARN", size: 500) { size in
            let text = "arn:\(marks(size)):sns:us-east-1:111122223333:a"
            return { for _ in 0..<50 { _ = ARN(text) } }
        },
        Parser("Base64") { size in
            let text = String(repeating: "QUJD", count: size / 4)
            return { _ = Base64.decode(text) }
        },
        Parser("PEM", size: 16_000) { size in
            let text = Array(String(repeating: "x\n", count: size / 2).utf8)
            return { for _ in 0..<50 { _ = try? PEM.blocks(in: text, what: "test") } }
        },
        Parser("XML, an element", size: 4000) { size in
            let text = Array("<a>\(String(repeating: "&amp;\u{301}\u{323}", count: size / 9))</a>".utf8)
            return { _ = XMLText.element("a", in: text) }
        },
        Parser("XML, blocks") { size in
            let text = Array(String(repeating: "<a>b</a><a>", count: size / 11).utf8)
            return { _ = XMLText.blocks("a", in: text) }
        },
        Parser("token", size: 1200) { size in
            let parts = [
                #"{"alg":"RS256","kid":"\#(marks(size / 2))"}"#,
                #"{"iss":"\#(marks(size / 2))","aud":"\#(marks(size / 2))"}"#, "signature",
            ]
            let token = parts.map { TokenIssuer.base64URL(Array($0.utf8)) }.joined(separator: ".")
            return {
                for _ in 0..<20 {
                    guard let token = JSONWebToken(token) else { continue }
                    _ = token.invalidClaim(issuer: "https://issuer.example/", audience: "bridge", now: 0)
                    _ = token.keyID == "rsa-1"
                }
            }
        },
        Parser("header fields") { size in
            let fields = (0..<size / 40).map { "X-\($0): \(marks(32))\r\n" }.joined()
            let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\(fields)X-Long: \(marks(size))\r\n\r\n".utf8)
            return {
                var parser = RequestParser(limits: HTTPLimits(head: 1_000_000, headerFields: 100_000))
                parser.append(bytes.span)
                _ = try? parser.next()
            }
        },
        Parser("credentials") { size in
            var fields = HTTPFields()
            fields[.authorization] = "Bearer \(marks(size))"
            fields[.userAgent] = marks(size)
            return { for _ in 0..<20 { _ = fields.credentials(of: "bearer") } }
        },
        Parser("X-Forwarded-For") { size in
            guard let peer = SocketAddress("127.0.0.1:1"), let block = AddressBlock("127.0.0.1/32"),
                let name = HTTPField.Name("X-Forwarded-For")
            else { return {} }
            let fields: HTTPFields = [
                name: marks(size) + String(repeating: ",127.0.0.1", count: size / 10)
            ]
            return { _ = ForwardedFor.client(peer: peer, fields: fields, trusted: [block]) }
        },
        Parser("query") { size in
            let path = "/status.json?" + String(repeating: "a=b&", count: size / 4)
            let request = ServerRequest(head: HTTPRequest(method: .get, scheme: nil, authority: nil, path: path))
            return { for _ in 0..<200 { _ = (request.path.utf8.count, request.query.utf8.count) } }
        },
        Parser("Origin") { size in
            let accountRegion = marks(size)
            return { _ = HostHeaderPolicy.isOwn(origin: accountRegion, authority: "localhost") }
        },
        Parser("alarm") { size in
            let json: JSON = [
                "violationId": "v", "violationEventType": "in-alarm", "violationEventTime": 1, "thingName": "t",
                "securityProfileName": "p", "behavior": ["name": "b"],
                "verificationState": .string(marks(size)),
                "violationEventAdditionalInfo": ["confidenceLevel": .string(marks(size))],
            ]
            return { _ = try? Alarm(json) }
        },
        Parser("log line") { size in
            let text = marks(size)
            return { _ = LogFormatter.json(.warning, "m", ["a": .string(text)], label: "l", at: "t") }
        },
    ]

    @Test("Four times the input costs far less than sixteen times as much", arguments: parsers)
    func linear(parser: Parser) {
        let (small, large) = (parser.work(parser.size), parser.work(4 * parser.size))
        let ratio = CPUTime.ratio(of: small, to: large)
        #expect(ratio < 9)
    }

    @Test("The measurement detects quadratic cost: String's own comparison")
    func control() {
        let (small, large) = (Self.marks(10_000), Self.marks(40_000))
        let ratio = CPUTime.ratio(runs: 3) {
            _ = small == "abc"
        } to: {
            _ = large == "abc"
        }
        #expect(ratio > 9)
    }
}

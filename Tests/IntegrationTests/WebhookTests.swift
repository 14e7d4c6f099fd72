import EventLoop
import Foundation
import HTTPServer
import JSON
import TestSupport
import Testing

@testable import Telemetry

extension IntegrationTests {
    @Suite("Webhooks", .timeLimit(.minutes(15)))
    struct Webhooks {
        static let secret = "0123456789abcdef0123456789abcdef"
        private static let sources = """
            sources:
              key:
                mapping: alertmanager
                webhook:
                  {account: "111122223333", region: us-east-1, auth: {apiKey: {header: x-source-key, keys: \(secret)}}}
              limited:
                mapping: alertmanager
                webhook:
                  {account: "111122223333", region: us-east-1, auth: {bearer: {token: \(secret)}}}
                rateLimit: 1
              standard:
                mapping: alertmanager
                webhook:
                  account: "111122223333"
                  region: us-east-1
                  auth: {hmac: {preset: standard-webhooks, secret: \(Data(secret.utf8).base64EncodedString())}}
              hub:
                mapping: alertmanager
                webhook:
                  {account: "111122223333", region: us-east-1, auth: {hmac: {preset: github, secret: \(secret)}}}
              form:
                mapping: alertmanager
                webhook:
                  account: "111122223333"
                  region: us-east-1
                  auth:
                    hmac:
                      {algorithm: sha1, encoding: base64, header: x-sign, timestampHeader: x-time,
                       signed: timestamp.body, secret: \(secret)}

            """

        /// Starts a bridge with the sources.
        private static func start(_ world: IntegrationEnvironment) async throws -> BridgeProcess {
            try await world.start(arguments: try arguments(world))
        }

        /// The arguments of a bridge with the sources.
        static func arguments(_ world: IntegrationEnvironment) throws -> [String] {
            ["--config", try world.folder.write(Array(sources.utf8), as: "bridge.yaml")]
        }

        private static func alerts(_ count: Int) -> [UInt8] {
            let alerts = (0..<count).map { JSON.object(["fingerprint": .string("f\($0)"), "status": "firing"]) }
            return JSON.object(["alerts": .array(alerts)]).serialized()
        }

        private static func post(
            _ source: String, _ fields: [String: String], _ body: [UInt8] = alerts(1)
        ) -> Request { Request("POST", "/webhooks/\(source)", fields, body: body) }

        /// The HMAC of a text by the `openssl` command line, in Base64.
        private static func sign(_ text: [UInt8], _ digest: String, in world: IntegrationEnvironment) async throws
            -> Data
        {
            let (input, output) = (try world.folder.write(text, as: "signed"), world.folder.path("code"))
            try await Program.openssl(["dgst", "-\(digest)", "-hmac", secret, "-binary", "-out", output, input])
            return try Data(contentsOf: URL(filePath: output))
        }

        private struct Row {
            let name: String
            let request: Request
            let status: Int
            let code: String

            init(_ name: String, _ request: Request, _ status: Int, _ code: String) {
                (self.name, self.request, self.status, self.code) = (name, request, status, code)
            }
        }

        private static let keyField = ["x-source-key": secret]

        private static var rows: [Row] {
            let unsigned = ["webhook-id": "m", "webhook-timestamp": "1614265330", "webhook-signature": "v1,AAAA"]
            let zeros = ["x-hub-signature-256": "sha256=" + String(repeating: "0", count: 64)]
            let unauthorized = [
                ("no key", post("key", [:])), ("wrong key", post("key", ["x-source-key": "x"])),
                ("the key as a token", post("key", ["Authorization": "Bearer \(secret)"])),
                ("no source", post("none", keyField)), ("capitals", post("KEY", keyField)),
                ("a long name", post(String(repeating: "a", count: 70), [:])),
                ("another source's key", post("limited", keyField)), ("no token", post("limited", [:])),
                ("no signature", post("standard", [:])), ("a malformed signature", post("standard", unsigned)),
                ("a wrong signature", post("hub", zeros)), ("no timestamp", post("form", ["x-sign": "AAAA"])),
            ].map { Row($0.0, $0.1, 401, "unauthorized") }
            func keyed(_ body: [UInt8]) -> Request { post("key", keyField, body) }
            let gzip = ["Content-Encoding": "gzip"].merging(keyField) { first, _ in first }
            // The first row comes before the bucket is full again.
            return [
                Row("too fast", post("limited", ["Authorization": "Bearer \(secret)"], alerts(2)), 503, "rate_limited")
            ] + unauthorized + [
                Row("no JSON", keyed(Array("hello".utf8)), 400, "malformed_json"),
                Row("no body", keyed([]), 400, "malformed_json"),
                Row("no UTF-8", keyed([0x22, 0xFF, 0x22]), 400, "malformed_json"),
                Row("a cut line", keyed(Array("{}\n{".utf8)), 400, "malformed_json"),
                Row("too deep", keyed([UInt8](repeating: UInt8(ascii: "["), count: 100_000)), 400, "malformed_json"),
                Row("too many items", keyed(alerts(1001)), 413, "too_many_items"),
                Row("gzip", post("key", gzip), 415, "content_encoding_not_supported"),
            ]
        }

        @Test("every kind of bad request gets its status and a reason, is logged once, and stores nothing")
        func table() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await Self.start(world)
                let first = try await Client.exchange(
                    Self.post("limited", ["Authorization": "Bearer \(Self.secret)"], Self.alerts(10)),
                    with: bridge.listen)
                #expect(first.status == 200)
                for row in Self.rows {
                    let before = bridge.log(.deliveryRejected).count
                    let response = try await Client.exchange(row.request, with: bridge.listen)
                    #expect(response.status == row.status, "\(row.name): \(response.text)")
                    #expect(try response.json["error"]?.string == row.code, "\(row.name)")
                    #expect((response.fields["www-authenticate"] != nil) == (row.status == 401), "\(row.name)")
                    #expect((response.fields["retry-after"] != nil) == (row.status == 503), "\(row.name)")
                    let lines = try await eventually("the log line of \(row.name)") {
                        bridge.log(.deliveryRejected).dropFirst(before)
                    } is: {
                        !$0.isEmpty
                    }
                    #expect(lines.count == 1 && lines.first?["route"] == "/webhooks", "\(row.name): \(lines)")
                    #expect(lines.first?["code"]?.string == row.code, "\(row.name): \(lines)")
                }
                let output = bridge.program.outputLines + bridge.program.errorLines
                #expect(!output.contains { $0.contains(Self.secret) })
                try await bridge.stop()
                #expect(try await world.count("SELECT COUNT(*) FROM delivery") == 10)
            }
        }

        @Test("without credentials, the response comes before the body, and the connection is closed") func head()
            async throws
        {
            try await IntegrationEnvironment.run { world in
                let bridge = try await Self.start(world)
                for source in ["key", "standard", "hub", "none"] {
                    let head = "POST /webhooks/\(source) HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"
                    let response = try await onThread {
                        let client = try Client(bridge.listen)
                        defer { client.close() }
                        client.send(Array(head.utf8))
                        return try client.readResponse()
                    }
                    #expect(response.status == 401 && response.fields["connection"] == "close", "\(source)")
                }
                try await bridge.stop()
            }
        }

        @Test("signatures of openssl and of the package standardwebhooks are accepted, and repetitions are duplicates")
        func signatures() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await Self.start(world)
                let body = Self.alerts(2)
                func send(_ source: String, _ fields: [String: String]) async throws -> String? {
                    let response = try await Client.exchange(Self.post(source, fields, body), with: bridge.listen)
                    #expect(response.status == 200, "\(source): \(response.text)")
                    return try response.json["result"]?.string
                }
                let digits = try await Self.sign(body, "sha256", in: world).map { String(format: "%02x", $0) }.joined()
                let hub = ["x-hub-signature-256": "sha256=" + digits]
                #expect(try await send("hub", hub) == "stored")
                #expect(try await send("hub", hub) == "stored")

                let seconds = "\(Int(Date().timeIntervalSince1970))"
                let code = try await Self.sign(Array("\(seconds).".utf8) + body, "sha1", in: world)
                let form = ["x-time": seconds, "x-sign": code.base64EncodedString()]
                #expect(try await send("form", form) == "stored")
                #expect(try await send("form", form) == "duplicate")

                let script = """
                    import datetime, sys
                    from standardwebhooks import Webhook
                    body = sys.stdin.buffer.read().decode()
                    now = datetime.datetime.now(datetime.timezone.utc)
                    print(int(now.timestamp()), Webhook(sys.argv[1]).sign("msg_1", now, body))
                    """
                let key = "whsec_" + Data(Self.secret.utf8).base64EncodedString()
                let parts = try await Program.python(script, [key], input: body).split { $0.isWhitespace }.map(
                    String.init)
                let standard = [
                    "webhook-id": "msg_1", "webhook-timestamp": try #require(parts.first),
                    "webhook-signature": try #require(parts.last),
                ]
                #expect(try await send("standard", standard) == "stored")
                #expect(try await send("standard", standard) == "duplicate")
                try await bridge.stop()
                #expect(try await world.count("SELECT COUNT(*) FROM delivery") == 8)
                #expect(try await world.count("SELECT COUNT(DISTINCT origin) FROM delivery") == 3)
            }
        }

        @Test("1,000 items of a request are stored together, and become findings")
        func items() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await Self.start(world)
                let response = try await Client.exchange(
                    Self.post("key", Self.keyField, Self.alerts(1000)), with: bridge.listen)
                #expect(response.status == 200)
                let line = try await eventually("the access log") {
                    bridge.log(.requestCompleted).first { $0["path"] == "/webhooks/key" }
                } is: {
                    $0 != nil
                }
                #expect(line?["count"]?.integer == 1000 && line?["source"] == "key" && line?["outcome"] == "stored")
                try await bridge.waitForCompletion(of: 1000)
                try await bridge.stop()
                #expect(try await world.count("SELECT COUNT(*) FROM delivery") == 1000)
            }
        }
    }
}

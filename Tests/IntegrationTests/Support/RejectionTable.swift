import AWSCore
import Foundation
import JSON
import LocalAWS
import Synchronization
import Testing

/// A bad request and its expected rejection.
struct Rejection: Sendable {
    let name: String
    let request: Request
    let status: Int
    let code: String
    /// An expected header field of the response, with its value.
    var field: (name: String, value: String)?
    /// Whether a warning is logged: not for requests without a handler.
    var isLogged = true

    init(_ name: String, _ request: Request, _ status: Int, _ code: String) {
        self.name = name
        self.request = request
        self.status = status
        self.code = code
    }

    fileprivate func with(_ field: String, _ value: String) -> Rejection {
        var rejection = self
        rejection.field = (field, value)
        return rejection
    }

    fileprivate var unlogged: Rejection {
        var rejection = self
        rejection.isLogged = false
        return rejection
    }

    /// All bad requests: at least one for each error code that a request can cause.
    static func all(in world: IntegrationEnvironment) async throws -> [Rejection] {
        let genuine = try await world.signedBody(of: "{}", subject: "Alarm")
        let members = try #require(try JSON(parsing: genuine).object)
        return malformed(genuine, members) + forged(members) + (try certificateURLs(members))
            + (try await foreign(to: world)) + events(world) + unreadable
    }
}

// MARK: Deliveries from SNS

extension Rejection {
    /// A delivery with members changed or removed.
    private static func changed(
        _ members: JSON.Members, _ changes: JSON.Members, removing name: String? = nil
    ) -> Request {
        var members = members.merging(changes) { _, last in last }
        if let name { members[name] = nil }
        return .sns(JSON.object(members).serialized())
    }

    private static func malformed(_ genuine: [UInt8], _ members: JSON.Members) -> [Rejection] {
        func with(_ changes: JSON.Members) -> Request { changed(members, changes) }
        let nested = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        var rejections = [
            Rejection("no JSON", .sns(Array("Type=Notification".utf8)), 400, "malformed_json"),
            Rejection("cut JSON", .sns(Array(genuine.dropLast())), 400, "malformed_json"),
            Rejection("no body", .sns([]), 400, "malformed_json"),
            Rejection("no UTF-8", .sns([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D]), 400, "malformed_json"),
            Rejection("too deep", .sns(Array(nested.utf8)), 400, "malformed_json"),
            Rejection("an array", .sns(Array("[]".utf8)), 400, "raw_delivery"),
            Rejection("raw delivery", .sns(genuine, ["x-amz-sns-rawdelivery": "true"]), 400, "raw_delivery"),
            Rejection(
                "raw delivery in capitals", .sns(genuine, ["x-amz-sns-rawdelivery": "TRUE"]), 400, "raw_delivery"),
            Rejection("raw message", .sns(Array(#"{"violationId": "1"}"#.utf8)), 400, "raw_delivery"),
            Rejection("unknown type", with(["Type": "Greeting"]), 400, "unknown_type"),
            Rejection("a queue", with(["TopicArn": "arn:aws:sqs:us-east-1:111122223333:q"]), 400, "invalid_topic_arn"),
            Rejection("no time", with(["Timestamp": "yesterday"]), 400, "invalid_timestamp"),
            Rejection("no base64", with(["Signature": "***"]), 400, "invalid_signature_encoding"),
            Rejection("line break", with(["MessageId": "a\nb"]), 400, "field_invalid"),
            Rejection(
                "line break in the token", with(["Type": "SubscriptionConfirmation", "Token": "a\nb"]), 400,
                "field_invalid"),
            Rejection(
                "two spellings", with(["SigningCertUrl": members["SigningCertURL"] ?? ""]), 400, "field_ambiguous"),
            Rejection(
                "two spellings, one empty", with(["SigningCertUrl": ""]), 400, "field_ambiguous"),
            Rejection(
                "two types", .sns(Array(#"{"Type":"Notification","#.utf8) + genuine.dropFirst()), 400, "malformed_json"),
            Rejection(
                "two topics, one escaped", .sns(Array(#"{"Topic\u0041rn":"x","#.utf8) + genuine.dropFirst()), 400,
                "malformed_json"),
            Rejection(
                "half a surrogate", .sns(Array(#"{"a":"\ud800","#.utf8) + genuine.dropFirst()), 400, "malformed_json"),
            Rejection("overlong UTF-8", .sns([0x7B, 0x22, 0xC0, 0xAF, 0x22, 0x3A, 0x31, 0x7D]), 400, "malformed_json"),
            Rejection("NUL behind", .sns(genuine + [0]), 400, "malformed_json"),
            Rejection("two envelopes", .sns(genuine + genuine), 400, "malformed_json"),
            Rejection(
                "long id", with(["MessageId": .string(String(repeating: "a", count: 101))]), 400, "field_too_long"),
        ]
        for name in [
            "MessageId", "TopicArn", "Message", "Timestamp", "SignatureVersion", "Signature", "SigningCertURL",
        ] {
            rejections += [
                Rejection("no \(name)", changed(members, [:], removing: name), 400, "field_missing"),
                Rejection("\(name) is a number", with([UTF8Text(name): 1]), 400, "field_not_a_string"),
                Rejection("\(name) is null", with([UTF8Text(name): .null]), 400, "field_not_a_string"),
            ]
        }
        return rejections
    }

    /// Tampered deliveries.
    private static func forged(_ members: JSON.Members) -> [Rejection] {
        func with(_ changes: JSON.Members) -> Request { changed(members, changes) }
        let otherTopic: JSON = "arn:aws:sns:us-east-1:111122223333:other"
        let otherAccount: JSON = "arn:aws:sns:us-east-1:444455556666:device-defender-detect"
        return [
            Rejection("unknown version", with(["SignatureVersion": "3"]), 403, "signature_version_unknown"),
            Rejection("wrong version", with(["SignatureVersion": "1"]), 403, "signature_version_too_low"),
            Rejection("changed message", with(["Message": "{} "]), 403, "signature_mismatch"),
            Rejection("changed id", with(["MessageId": "another"]), 403, "signature_mismatch"),
            Rejection("changed subject", with(["Subject": "No alarm"]), 403, "signature_mismatch"),
            Rejection("no subject", changed(members, [:], removing: "Subject"), 403, "signature_mismatch"),
            Rejection(
                "changed type",
                with([
                    "Type": "UnsubscribeConfirmation", "Token": "t", "SubscribeURL": "https://169.254.169.254/latest/",
                ]), 403, "signature_mismatch"),
            Rejection(
                "subscription elsewhere",
                with([
                    "Type": "SubscriptionConfirmation", "Token": "t", "SubscribeURL": "http://example.com/steal",
                ]), 403, "signature_mismatch"),
            Rejection("other signature", with(["Signature": "AAAA"]), 403, "signature_mismatch"),
            Rejection("other topic", with(["TopicArn": otherTopic]), 403, "topic_not_allowed"),
            Rejection(
                "other account", with(["TopicArn": otherAccount]), 403,
                "topic_not_allowed"),
        ]
    }

    private static func certificateURLs(_ members: JSON.Members) throws -> [Rejection] {
        let host = "https://sns.us-east-1.amazonaws.com"
        let url = try #require(members["SigningCertURL"]?.string)
        let path = String(url.dropFirst(host.count))
        let urls = [
            "http" + url.dropFirst(5), host + ":443" + path, url + "?a", url + "#a", host + "/a" + path,
            "https://user@sns.us-east-1.amazonaws.com" + path, "https://sns.eu-west-1.amazonaws.com" + path,
            "https://sns.s3-us-west-2.amazonaws.com" + path, "https://example.com" + path, host + ".example.com" + path,
            host + "/SimpleNotificationService-../a.pem", "file:///etc/passwd", "https://127.0.0.1" + path,
        ]
        let missing = host + "/SimpleNotificationService-0123456789abcdef.pem"
        return urls.map {
            Rejection($0, changed(members, ["SigningCertURL": .string($0)]), 403, "signing_certificate_url_refused")
        } + [
            Rejection(
                missing, changed(members, ["SigningCertURL": .string(missing)]), 403, "signing_certificate_refused")
        ]
    }

    /// Genuine deliveries that are not allowed, or outside of the time limits.
    private static func foreign(to world: IntegrationEnvironment) async throws -> [Rejection] {
        let other = ARN(service: "sns", accountRegion: world.accountRegion, resource: "other")
        let mailbox = try await Mailbox(of: other, signer: world.aws, in: world)
        let notification = try await mailbox.body(of: "{}")
        return [
            Rejection("confirmation of another topic", .sns(mailbox.confirmation), 403, "topic_not_allowed"),
            Rejection("message of another topic", .sns(notification), 403, "topic_not_allowed"),
            Rejection("old message", .sns(try await body(publishedMinutesAgo: 70, world)), 503, "message_too_old"),
            Rejection(
                "early message", .sns(try await body(publishedMinutesAgo: -10, world)), 503, "message_from_future"),
        ]
    }

    private static func body(publishedMinutesAgo minutes: Int64, _ world: IntegrationEnvironment) async throws
        -> [UInt8]
    {
        minutesAgo.store(minutes, ordering: .sequentiallyConsistent)
        defer { minutesAgo.store(0, ordering: .sequentiallyConsistent) }
        return try await world.signedBody(of: "{}")
    }

    private static let minutesAgo = Atomic<Int64>(0)

    /// The stand-in's clock, which its messages' timestamps come from.
    static let clock: @Sendable () -> Int64 = {
        Int64(Date().timeIntervalSince1970 * 1000) - minutesAgo.load(ordering: .sequentiallyConsistent) * 60_000
    }
}

// MARK: Other requests

extension Rejection {
    private static func events(_ world: IntegrationEnvironment) -> [Rejection] {
        let event = world.scenario().events[0]
        func post(_ json: JSON, key: String? = IntegrationEnvironment.apiKey, authorization: String? = nil) -> Request {
            var fields = ["Content-Type": "application/json"]
            fields["x-api-key"] = key
            fields["Authorization"] = authorization
            return Request("POST", "/eventbridge", fields, body: json.serialized())
        }
        func unauthorized(_ name: String, _ request: Request) -> Rejection {
            Rejection(name, request, 401, "unauthorized").with("www-authenticate", "ApiKey, Bearer")
        }
        func bearer(_ header: JSON, _ claims: JSON, _ signature: String) -> Request {
            let parts = [header, claims].map { Data($0.serialized()).base64EncodedString().replacing("=", with: "") }
            return post(event, key: nil, authorization: "Bearer \(parts[0]).\(parts[1]).\(signature)")
        }
        let claims: JSON = ["iss": "https://issuer.example/", "aud": "bridge", "exp": 4_102_444_800]
        let elsewhere: JSON = ["iss": "https://evil.example/", "aud": "bridge", "exp": 4_102_444_800]
        let ended: JSON = ["iss": "https://issuer.example/", "aud": "bridge", "exp": 1]
        let rs256: JSON = ["alg": "RS256", "jku": "https://evil.example/keys"]
        func with(_ name: String, _ value: JSON?) -> Request {
            var members = event.object ?? [:]
            members[name] = value
            return post(.object(members))
        }
        var cut = post(event)
        cut.bytes.removeLast()
        cut.bytes.append(UInt8(ascii: " "))
        return [
            unauthorized("no key", post(event, key: nil)), unauthorized("wrong key", post(event, key: "key")),
            unauthorized("no key, no event", post([], key: nil)),
            unauthorized("password", post(event, key: nil, authorization: "Basic dTpw")),
            unauthorized("no token", post(event, key: nil, authorization: "Bearer x")),
            unauthorized("unsigned token", bearer(["alg": "none"], claims, "")),
            unauthorized("token with a shared secret", bearer(["alg": "HS256"], claims, "AAAA")),
            unauthorized("token of another issuer", bearer(rs256, elsewhere, "AAAA")),
            unauthorized("token that has ended", bearer(rs256, ended, "AAAA")),
            Rejection("event: no JSON", cut, 400, "malformed_json"),
            Rejection("event: a text", post("event"), 400, "malformed_event"),
            Rejection("event: no detail", with("detail", nil as JSON?), 400, "malformed_event"),
            Rejection("event: time is a number", with("time", 1), 400, "malformed_event"),
            Rejection("event: other account", with("account", "444455556666"), 403, "account_region_not_served"),
            Rejection("event: other Region", with("region", "ap-south-1"), 403, "account_region_not_served"),
        ]
    }

    /// Requests that no handler receives.
    private static var unreadable: [Rejection] {
        func raw(_ line: String, _ fields: String = "") -> Request {
            var request = Request.get("/")
            request.bytes = Array("\(line)\r\nHost: bridge\r\n\(fields)\r\n".utf8)
            return request
        }
        let large = [UInt8](repeating: UInt8(ascii: " "), count: 1_048_577)
        let post = "POST /sns HTTP/1.1"
        let method = "method_not_allowed"
        return [
            Rejection("large body", .sns(large), 413, "body_too_large"),
            Rejection("large event", Request("POST", "/eventbridge", body: large), 413, "body_too_large"),
            Rejection(
                "large head", Request("GET", "/healthz", ["a": String(repeating: "a", count: 20_000)]), 431,
                "header_fields_too_large"),
            Rejection("long target", .get("/" + String(repeating: "a", count: 10_000)), 414, "target_too_long"),
            Rejection("no HTTP", raw("hello"), 400, "malformed_request"),
            Rejection("two lengths", raw(post, "Content-Length: 1\r\nContent-Length: 2\r\n"), 400, "malformed_request"),
            Rejection(
                "coding", raw(post, "Transfer-Encoding: gzip, chunked\r\n"), 501, "transfer_coding_not_supported"),
            Rejection("tunnel", raw("CONNECT example.com:443 HTTP/1.1"), 501, "method_not_implemented"),
            Rejection("version", raw("GET / HTTP/2.0"), 505, "http_version_not_supported"),
            Rejection("expectation", raw(post, "Expect: more\r\nContent-Length: 1\r\n"), 417, "expectation_failed"),
            Rejection("unknown method", Request("BREW", "/sns"), 501, "method_not_implemented").unlogged,
            Rejection("nothing there", .get("/metrics"), 404, "not_found").unlogged,
            Rejection("GET of a delivery", .get("/sns"), 405, method).with("allow", "POST").unlogged,
            Rejection("PUT of an event", Request("PUT", "/eventbridge", body: []), 405, method).with("allow", "POST")
                .unlogged,
            Rejection("POST of health", Request("POST", "/healthz", body: []), 405, method).with("allow", "GET, HEAD")
                .unlogged,
        ]
    }
}

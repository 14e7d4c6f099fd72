import Foundation
import HTTPClient
import HTTPTypes
import TestSupport
import Testing

/// Recomputes a signature with botocore, from the received request and the unencoded parameters.
private struct Recomputation: Encodable {
    let method: String
    let url: String
    let parameters: [String: String]
    let headers: [[String]]
    let body: String
    let token: String?

    static let program = """
        import json, sys
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        given = json.load(sys.stdin)
        headers = {}
        for name, value in given["headers"]:
            assert name not in headers
            headers[name] = value
        request = AWSRequest(method=given["method"], url=given["url"], params=given["parameters"] or None,
                             headers=headers, data=given["body"].encode())
        request.context["timestamp"] = headers["x-amz-date"]
        auth = SigV4Auth(Credentials("AKIDEXAMPLE", "secret/+=KEY", given.get("token")), "securityhub", "us-east-1")
        canonical = auth.canonical_request(request)
        print(auth.signature(auth.string_to_sign(request, canonical), request))
        """
}

@Suite("Request signatures", .timeLimit(.minutes(15)))
struct SigningTests {
    private func signing(
        region: String = "us-east-1", service: String = "securityhub", token: String? = nil,
        secret: String = "secret/+=KEY"
    ) -> RequestSigning {
        RequestSigning(
            region: region, service: service, accessKeyID: "AKIDEXAMPLE", secretAccessKey: secret, sessionToken: token)
    }

    /// Sends a signed request, and compares its signature with botocore's.
    private func check(
        _ method: HTTPRequest.Method, path: String, parameters: [String: String] = [:], body: String = "",
        fields: HTTPFields = [:], token: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await withPeer { _ in
            .send(response())
        } _: { client, peer in
            _ = try await client.send(
                HTTPRequest(method, to: peer, path: path, fields: fields), body: Array(body.utf8),
                signing: signing(token: token))
            let request = try #require(peer.requests.first, sourceLocation: sourceLocation)
            let authorization = try #require(request.field("authorization").first, sourceLocation: sourceLocation)
            let match = try #require(
                authorization.wholeMatch(
                    of: #/AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/(.*), SignedHeaders=(.*), Signature=(.*)/#),
                sourceLocation: sourceLocation)
            let signed = match.2.split(separator: ";").map(String.init)
            let date = try #require(request.field("x-amz-date").first, sourceLocation: sourceLocation)
            #expect(
                match.1 == "\(date.prefix(8))/us-east-1/securityhub/aws4_request", sourceLocation: sourceLocation)
            var expected = ["host", "x-amz-date"] + fields.map(\.name.canonicalName)
            if let token {
                expected.append("x-amz-security-token")
                #expect(request.field("x-amz-security-token") == [token], sourceLocation: sourceLocation)
            }
            #expect(signed == expected.sorted(), sourceLocation: sourceLocation)
            let recomputation = Recomputation(
                method: method.rawValue, url: "http://127.0.0.1:\(peer.port)\(path.prefix { $0 != "?" })",
                parameters: parameters,
                headers: signed.flatMap { name in request.field(name).map { [name, $0] } },
                body: String(decoding: request.body, as: UTF8.self), token: token)
            let input = Array(try JSONEncoder().encode(recomputation))
            let signature = try await Program.python(Recomputation.program, input: input)
            #expect("\(match.3)\n" == signature, sourceLocation: sourceLocation)
            #expect(request.body == Array(body.utf8), sourceLocation: sourceLocation)
        }
    }

    @Test(
        "a GET without a query has botocore's signature, with and without session token",
        arguments: [nil, "tok/+=en=="])
    func plain(token: String?) async throws {
        try await check(.get, path: "/audit/tasks/4e2bcd1c-ccbc_~.a", token: token)
        try await check(.get, path: "/", token: token)
    }

    @Test("a GET with a query has botocore's signature, special characters included")
    func query() async throws {
        try await check(.get, path: "/findings?nextToken=abc", parameters: ["nextToken": "abc"])
        try await check(
            .get, path: "/findings?A=%2B%2F%3D%26%25&B=%C3%BC%20%E2%82%AC&a=&b-c=~._-&%C3%A4=1".sortedQuery,
            parameters: ["A": "+/=&%", "B": "ü €", "a": "", "b-c": "~._-", "ä": "1"], token: "token")
    }

    @Test("a POST and a PATCH with JSON have botocore's signature", arguments: [nil, "token"])
    func body(token: String?) async throws {
        for method in [HTTPRequest.Method.post, .patch] {
            try await check(
                method, path: "/findings/import", body: #"{"Findings":[{"Title":"ü + \"/\""}]}"#,
                fields: [.contentType: "application/json", .accept: "application/json"], token: token)
            try await check(method, path: "/findings/import", token: token)
        }
    }

    @Test("field values are signed with runs of spaces collapsed")
    func spaces() async throws {
        try await check(.post, path: "/", body: "{}", fields: [.contentType: "application/json;   charset=utf-8"])
    }

    @Test("a body of more than a megabyte is signed and sent")
    func longBody() async throws {
        try await check(
            .post, path: "/findings/import", body: String(repeating: "x", count: 1_500_000),
            fields: [.contentType: "application/json"], token: "token")
    }

    @Test(
        "a path or query that AWS would sign differently is rejected",
        arguments: [
            "/a%20b", "/a:b", "/a/../b", "/a//b", "/./a", "/a?", "/a?b", "/a?b=1&a=1", "/a?a=2&a=1", "/a?a=%2f",
            "/a?a=%41",
            "/a?a=+", "/a?a=%", "/a?a=%2", "/a?a=1=2", "/a?=1", "/a?a=1&", "/a?a=ü", "/a?a=/",
        ])
    func rejectedPaths(path: String) async throws {
        try await expectRejection(path: path, signing: signing())
    }

    @Test("fields that AWS would sign differently are rejected")
    func rejectedFields() async throws {
        for fields: [HTTPField] in [
            [.init(name: .contentType, value: "")],
            [.init(name: .accept, value: "a"), .init(name: .accept, value: "b")],
            [.init(name: .accept, value: "a"), .init(name: .acceptLanguage, value: "b")],
            [.init(name: .authorization, value: "Basic x")],
        ] {
            var headers = HTTPFields()
            for field in fields { headers.append(field) }
            try await expectRejection(path: "/", fields: headers, signing: signing())
        }
    }

    @Test("invalid credentials and scopes are rejected without revealing them")
    func rejectedCredentials() async throws {
        for signing in [
            signing(region: ""), signing(region: "us:east"), signing(service: ""), signing(service: "a b"),
            signing(token: ""), signing(token: "a\r\nX-Injected: 1"), signing(secret: ""), signing(secret: "se\0cret"),
            signing(region: String(repeating: "a", count: 65)),
        ] {
            let error = try await expectRejection(path: "/", signing: signing, code: .invalidSigning)
            #expect(!error.message.contains("Injected") && !error.message.contains("cret\0"))
        }
    }

    @Test("the description of signing parameters has no secret")
    func secrets() {
        let signing = signing(token: "the-token", secret: "the-secret")
        var dumped = ""
        dump(signing, to: &dumped)
        for text in ["\(signing)", String(reflecting: signing), dumped] {
            #expect(!text.contains("the-secret") && !text.contains("the-token"))
        }
    }

    @discardableResult
    private func expectRejection(
        path: String, fields: HTTPFields = [:], signing: RequestSigning, code: HTTPClientError.Code = .invalidRequest,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> HTTPClientError {
        var rejection: HTTPClientError?
        try await withPeer { _ in
            .send(response())
        } _: { client, peer in
            rejection = await #expect(throws: HTTPClientError.self, sourceLocation: sourceLocation) {
                _ = try await client.send(HTTPRequest(.get, to: peer, path: path, fields: fields), signing: signing)
            }
            #expect(rejection?.code == code, sourceLocation: sourceLocation)
            #expect(peer.requests.isEmpty, sourceLocation: sourceLocation)
        }
        return try #require(rejection, sourceLocation: sourceLocation)
    }
}

extension String {
    /// The path with its sorted query parameters.
    fileprivate var sortedQuery: String {
        let parts = split(separator: "?")
        let parameters = parts[1].split(separator: "&").sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return "\(parts[0])?\(parameters.joined(separator: "&"))"
    }
}

import EventLoop
import HTTPClient
import HTTPTypes
import Testing

@Suite("The HTTP client", .timeLimit(.minutes(15)))
struct HTTPClientTests {
    // MARK: Requests

    @Test("a request arrives unchanged, with the client's User-Agent and no other additions")
    func request() async throws {
        try await withPeer { _ in
            .send(response("hello"))
        } _: { client, peer in
            let name = try #require(HTTPField.Name("X-Test"))
            let empty = try #require(HTTPField.Name("X-Empty"))
            let (head, body) = try await client.send(
                HTTPRequest(.get, to: peer, path: "/a%20b?c=d&e", fields: [name: "one", empty: ""]))
            #expect(head.status == .ok)
            #expect(String(decoding: body, as: UTF8.self) == "hello")
            let request = try #require(peer.requests.first)
            #expect(request.head.hasPrefix("GET /a%20b?c=d&e HTTP/1.1\r\n"))
            #expect(request.field("host") == ["127.0.0.1:\(peer.port)"])
            #expect(request.field("user-agent") == ["defender-bridge"])
            #expect(request.field("x-test") == ["one"])
            #expect(request.field("x-empty") == [""])
            #expect(request.field("accept-encoding") == [])
            #expect(request.field("cookie") == [])
        }
    }

    @Test("a body of any size is sent with its length and without Expect", arguments: [0, 1, 3_000_000])
    func body(count: Int) async throws {
        try await withPeer { _ in
            .send(response())
        } _: { client, peer in
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            _ = try await client.send(HTTPRequest(.post, to: peer), body: bytes)
            let request = try #require(peer.requests.first)
            #expect(request.method == "POST")
            #expect(request.body == bytes)
            #expect(request.field("content-length") == ["\(count)"])
            #expect(request.field("expect") == [])
        }
    }

    @Test(
        "each method is sent unchanged",
        arguments: [HTTPRequest.Method.get, .post, .put, .patch, .delete, .options])
    func method(_ method: HTTPRequest.Method) async throws {
        try await withPeer { _ in
            .send(response("x"))
        } _: { client, peer in
            let (_, body) = try await client.send(HTTPRequest(method, to: peer))
            #expect(peer.requests.map(\.method) == [method.rawValue])
            #expect(body == [UInt8(ascii: "x")])
        }
    }

    @Test("with an address override, the request still has its own Host")
    func connectTo() async throws {
        let peer = try await TestPeer { _ in .send(response()) }
        try await withClient {
            $0.connectTo = ["sns.us-east-1.amazonaws.com:80:127.0.0.1:\(peer.port)"]
        } _: { client in
            let request = HTTPRequest(
                method: .get, scheme: "http", authority: "sns.us-east-1.amazonaws.com", path: "/")
            let head = try await client.send(request).response
            #expect(head.status == .ok)
            #expect(peer.requests.first?.field("host") == ["sns.us-east-1.amazonaws.com"])
        }
        await peer.stop()
    }

    @Test("a name with several addresses is reached at the one that responds")
    func name() async throws {
        try await withPeer { _ in
            .send(response())
        } _: { client, peer in
            let request = HTTPRequest(method: .get, scheme: "http", authority: "localhost:\(peer.port)", path: "/")
            for _ in 0..<2 { _ = try await client.send(request) }
            #expect(peer.requests.map { $0.field("host") } == [["localhost:\(peer.port)"], ["localhost:\(peer.port)"]])
        }
    }

    // MARK: Responses

    @Test("response fields keep order and repetitions, without those of interim responses")
    func fields() async throws {
        let text =
            "HTTP/1.1 103 Early Hints\r\nX-A: early\r\n\r\n"
            + response("body", status: "404 Not Found", fields: "X-A: 1\r\nX-B: two words\r\nx-a: 2\r\n")
        try await withPeer { _ in
            .send(text)
        } _: { client, peer in
            let (head, body) = try await client.send(HTTPRequest(to: peer))
            let name = try #require(HTTPField.Name("X-A"))
            let other = try #require(HTTPField.Name("X-B"))
            #expect(head.status == .notFound)
            #expect(head.headerFields[values: name] == ["1", "2"])
            #expect(head.headerFields[other] == "two words")
            #expect(String(decoding: body, as: UTF8.self) == "body")
        }
    }

    @Test("a chunked body is assembled")
    func chunked() async throws {
        let text =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n"
        try await withPeer { _ in
            .send(text)
        } _: { client, peer in
            let body = try await client.send(HTTPRequest(to: peer)).body
            #expect(body == Array("abcde".utf8))
        }
    }

    @Test("a body without a length ends with the connection")
    func untilClose() async throws {
        try await withPeer { _ in
            .sendAndClose("HTTP/1.1 200 OK\r\n\r\nall of it")
        } _: { client, peer in
            let body = try await client.send(HTTPRequest(to: peer)).body
            #expect(body == Array("all of it".utf8))
        }
    }

    @Test("the response to HEAD, and 204, have no body, and the connection is kept")
    func withoutBody() async throws {
        try await withPeer { request in
            request.method == "HEAD"
                ? .send("HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n")
                : .send("HTTP/1.1 204 No Content\r\n\r\n")
        } _: { client, peer in
            let head = try await client.send(HTTPRequest(.head, to: peer))
            #expect(head.response.headerFields[.contentLength] == "9999999999")
            #expect(head.body == [])
            let none = try await client.send(HTTPRequest(to: peer))
            #expect(none.response.status == .noContent)
            #expect(none.body == [])
            #expect(peer.requests.map(\.connection) == [1, 1])
        }
    }

    @Test("a redirect is not followed", arguments: [301, 302, 303, 307, 308])
    func redirect(status: Int) async throws {
        try await withPeer { _ in
            .send(response("moved", status: "\(status) Moved", fields: "Location: /elsewhere\r\n"))
        } _: { client, peer in
            let (head, _) = try await client.send(HTTPRequest(to: peer))
            #expect(head.status.code == status)
            #expect(head.headerFields[.location] == "/elsewhere")
            #expect(peer.requests.count == 1)
        }
    }

    @Test("cookies are not kept")
    func cookies() async throws {
        try await withPeer { _ in
            .send(response(fields: "Set-Cookie: a=b\r\n"))
        } _: { client, peer in
            for _ in 0..<2 { _ = try await client.send(HTTPRequest(to: peer)) }
            #expect(peer.requests.flatMap { $0.field("cookie") } == [])
        }
    }

    // MARK: Limits

    @Test("a body at the limit is accepted, one byte more is rejected, with and without Content-Length")
    func bodyLimit() async throws {
        try await withPeer { request in
            switch request.path {
            case "/10": .send(response("0123456789"))
            case "/11": .send(response("0123456789a"))
            default: .sendAndClose("HTTP/1.1 200 OK\r\n\r\n0123456789a")
            }
        } configure: {
            $0.maximumBodyBytes = 10
        } _: { client, peer in
            #expect(try await client.send(HTTPRequest(to: peer, path: "/10")).body.count == 10)
            for path in ["/11", "/until-close"] {
                let error = try await failure { () async throws(HTTPClientError) in
                    try await client.send(HTTPRequest(to: peer, path: path))
                }
                #expect(error.code == .bodyTooLarge)
                #expect(!error.isTransient)
            }
        }
    }

    @Test("a head over the limit is rejected")
    func headLimit() async throws {
        try await withPeer { request in
            .send(response(fields: "X-Long: \(String(repeating: "x", count: request.path == "/" ? 900 : 1000))\r\n"))
        } configure: {
            $0.maximumHeaderBytes = 1000
        } _: { client, peer in
            #expect(try await client.send(HTTPRequest(to: peer)).response.status == .ok)
            let error = try await failure { () async throws(HTTPClientError) in
                try await client.send(HTTPRequest(to: peer, path: "/long"))
            }
            #expect(error.code == .headTooLarge)
        }
    }

    // MARK: Connections

    @Test("sequential requests share a connection")
    func reuse() async throws {
        try await withPeer { _ in
            .send(response("x"))
        } _: { client, peer in
            for _ in 0..<20 { _ = try await client.send(HTTPRequest(to: peer)) }
            #expect(peer.acceptedConnections == 1)
        }
    }

    @Test("200 concurrent requests all get their own responses, within the connection limit")
    func concurrency() async throws {
        try await withPeer { request in
            .send(response(request.path))
        } configure: {
            $0.maximumConnectionsPerHost = 7
        } _: { client, peer in
            let rates = try await withThrowingTaskGroup(of: (String, String).self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let body = try await client.send(HTTPRequest(to: peer, path: "/\(number)")).body
                        return ("/\(number)", String(decoding: body, as: UTF8.self))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(rates.count == 200)
            #expect(rates.allSatisfy { $0.0 == $0.1 })
            #expect((1...7).contains(peer.acceptedConnections))
        }
    }

    @Test("an idle connection that the peer has closed is replaced")
    func staleConnection() async throws {
        try await withPeer { _ in
            .sendAndClose(response("x"))
        } _: { client, peer in
            for _ in 0..<3 {
                _ = try await client.send(HTTPRequest(to: peer))
                // Unlike a request in flight when the peer closes.
                await peer.wait { if case .closed = $0 { true } else { false } }
            }
            #expect(peer.requests.map(\.connection) == [1, 2, 3])
        }
    }
}

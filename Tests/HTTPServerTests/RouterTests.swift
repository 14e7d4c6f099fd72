import ErrorCodes
import HTTPTypes
import JSON
import Testing

@testable import HTTPServer

@Suite("Router")
struct RouterTests {
    private let router: Router = {
        var router = Router()
        router.on(.get, "/things") { request in
            ServerResponse(status: .ok, body: Array("\(request.head.method) \(request.query)".utf8))
        }
        router.on(.post, "/things") { _ in ServerResponse(status: .created) }
        router.on(.post, "/only-post") { _ in ServerResponse(status: .ok) }
        router.on(.get, "/letters/all") { _ in ServerResponse(status: .ok, body: Array("all".utf8)) }
        router.on(.get, template: "/letters/{id}") {
            ServerResponse(status: .ok, body: Array("\($0.query) \($1[0])".utf8))
        }
        router.on(.delete, template: "/letters/{id}") { ServerResponse(status: .accepted, body: Array($1[0].utf8)) }
        router.on(.post, template: "/letters/{id}/open") { ServerResponse(status: .created, body: Array($1[0].utf8)) }
        router.on(.get, template: "/letters/{id}/of/{year}") {
            ServerResponse(status: .ok, body: Array($1.joined(separator: "+").utf8))
        }
        return router
    }()

    private func respond(_ method: String, _ target: String) async throws -> ServerResponse {
        let method = try #require(HTTPRequest.Method(method))
        return await router.respond(
            to: ServerRequest(head: HTTPRequest(method: method, scheme: nil, authority: "a", path: target)))
    }

    @Test(
        "a request is dispatched by path and method, HEAD to GET's handler, whatever the query",
        arguments: [
            ("GET", "/things", 200, "GET "), ("GET", "/things?a=b?c", 200, "GET a=b?c"),
            ("HEAD", "/things", 200, "HEAD "), ("POST", "/things", 201, ""),
            ("GET", "/letters/all", 200, "all"), ("GET", "/letters/a:b?c", 200, "c a:b"),
            ("HEAD", "/letters/1", 200, " 1"), ("GET", "/letters/%2f%C3%A4%25", 200, " /ä%"),
            ("DELETE", "/letters/1", 202, "1"), ("POST", "/letters/%2E./open", 201, ".."),
            ("GET", "/letters/a%2Fb/of/2026", 200, "a/b+2026"),
        ])
    func found(method: String, target: String, status: Int, body: String) async throws {
        let response = try await respond(method, target)
        #expect(response.status.code == status)
        #expect(String(decoding: response.body, as: UTF8.self) == body)
    }

    @Test(
        "an unknown path is answered with 404",
        arguments: [
            "/", "/thing", "/things/", "//things", "/Things", "/%74hings", "*", "", "/letters", "/letters/",
            "/letters/1/",
            "/letters//open", "/letters/1/2", "/letters/%", "/letters/%1", "/letters/%zz", "/letters/%FF",
            "/letters/{id}/shut",
        ])
    func notFound(target: String) async throws {
        let response = try await respond("GET", target)
        #expect(response.status == .notFound)
        #expect(try JSON(parsing: response.body)["error"] == .string("not_found"))
    }

    @Test(
        "a known path with another method is answered with 405 and the allowed methods",
        arguments: [
            ("PUT", "/things", "GET, HEAD, POST"), ("GET", "/only-post", "POST"), ("HEAD", "/only-post", "POST"),
            ("OPTIONS", "/only-post", "POST"),
            ("POST", "/letters/1", "DELETE, GET, HEAD"), ("GET", "/letters/1/open", "POST"),
        ])
    func methodNotAllowed(method: String, target: String, allowed: String) async throws {
        let response = try await respond(method, target)
        #expect(response.status == .methodNotAllowed)
        #expect(response.headerFields[.allow] == allowed)
        #expect(try JSON(parsing: response.body)["error"] == .string("method_not_allowed"))
    }

    @Test("an unknown method is answered with 501 on any path", arguments: ["get", "BREW", "CONNECT"])
    func notImplemented(method: String) async throws {
        for target in ["/things", "/nothing"] {
            let response = try await respond(method, target)
            #expect(response.status == .notImplemented)
            #expect(try JSON(parsing: response.body)["error"] == .string("method_not_implemented"))
        }
    }
}

@Suite("ServerResponse")
struct ServerResponseTests {
    private func encode(_ response: ServerResponse, isHead: Bool = false, closes: Bool = false) -> String {
        let fields = DefaultResponseFields(date: "now")
        return String(
            decoding: response.encoded(isHead: isHead, closes: closes, supportsChunks: true, fields), as: UTF8.self)
    }

    @Test("a response is encoded with its length")
    func plain() {
        let response = ServerResponse(status: .ok, headerFields: [.contentType: "text/plain"], body: Array("hi".utf8))
        let head = "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n"
        #expect(encode(response) == head + "\r\nhi")
        #expect(encode(response, isHead: true) == head + "\r\n")
        #expect(encode(response, closes: true) == head + "Connection: close\r\n\r\nhi")
    }

    @Test("204 and 304 carry neither content nor length", arguments: [HTTPResponse.Status.noContent, .notModified])
    func withoutContent(status: HTTPResponse.Status) {
        let text = encode(ServerResponse(status: status, body: Array("hi".utf8)))
        #expect(text == "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\nDate: now\r\n\r\n")
    }

    @Test("a handler cannot set framing fields")
    func framing() {
        let response = ServerResponse(
            status: .ok,
            headerFields: [
                .contentLength: "9", .transferEncoding: "chunked", .connection: "upgrade", .date: "never",
                .allow: "GET",
            ])
        #expect(encode(response) == "HTTP/1.1 200 OK\r\nDate: now\r\nAllow: GET\r\nContent-Length: 0\r\n\r\n")
    }

    @Test("a handler cannot inject a header field by a line break in a value")
    func injection() {
        let response = ServerResponse(status: .ok, headerFields: [.location: "/a\r\nSet-Cookie: b"])
        #expect(encode(response).contains("\r\nLocation: /a  Set-Cookie: b\r\n"))
    }

    @Test("an error response is JSON with a code and a message")
    func rejection() throws {
        let response = ServerResponse.rejection(.forbidden, code: .foreignOrigin, message: "Ask.")
        #expect(response.headerFields[.contentType] == "application/json")
        #expect(try JSON(parsing: response.body) == ["error": "foreign_origin", "message": "Ask."])
    }
}

@Suite("OutputQueue")
struct OutputQueueTests {
    @Test(
        "appended bytes come out in chunks within the limit",
        arguments: [[], [0], [1], [65_536], [65_537], [200_000], [3, 70_000, 0, 5]])
    func pieces(lengths: [Int]) {
        var queue = OutputQueue()
        var expected: [UInt8] = []
        for (index, length) in lengths.enumerated() {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ index) }
            queue.append(bytes)
            expected += bytes
        }
        var taken: [UInt8] = []
        #expect(queue.count == expected.count)
        while let chunk = queue.next() {
            #expect((1...65_536).contains(chunk.count))
            taken += chunk
            #expect(queue.count == expected.count - taken.count)
        }
        #expect(taken == expected)
    }
}

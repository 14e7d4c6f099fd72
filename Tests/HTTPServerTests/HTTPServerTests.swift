import ErrorCodes
import EventLoop
import Foundation
import HTTPTypes
import JSON
import TestSupport
import Testing

@testable import HTTPServer

@Suite("HTTPServer", .timeLimit(.minutes(15)))
struct HTTPServerTests {
    @Test("a connection handles requests one after the other")
    func keepAlive() async throws {
        try await withServer { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            for number in 1...3 {
                let response = try await onThread {
                    client.send(get("/small?\(number)"))
                    return client.readResponse()
                }
                #expect(response?.status == 200)
                #expect(response?.text == "small \(number)")
                #expect(response?.fields["connection"] == nil)
                #expect(response?.fields["date"]?.hasSuffix(" GMT") == true)
            }
        }
    }

    @Test("50 pipelined requests are answered in order, whichever thread their handlers end on")
    func pipelining() async throws {
        let handler: Router.Handler = { request in
            // Some responses come from other threads.
            if Int(request.query).map({ $0 % 3 == 0 }) == true { await Task.detached { await Task.yield() }.value }
            return ServerResponse(status: .ok, body: Array(request.query.utf8))
        }
        try await withServer(handler: handler) { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            let answers = try await onThread {
                client.send((0..<50).map { get("/?\($0)") }.joined())
                return (0..<50).map { _ in client.readResponse()?.text }
            }
            #expect(answers == (0..<50).map { "\($0)" })
        }
    }

    @Test("a slow handler delays its own connection only")
    func independence() async throws {
        let gate = Gate()
        let handler: Router.Handler = { request in
            if request.path == "/slow" { await gate.wait() }
            return ServerResponse(status: .ok, body: Array(request.path.utf8))
        }
        try await withServer(handler: handler) { server in
            let (slow, quick) = (try ClientSocket(port: server.port), try ClientSocket(port: server.port))
            defer {
                slow.close()
                quick.close()
            }
            slow.send(get("/slow") + get("/behind"))
            let response = try await onThread {
                quick.send(get("/quick"))
                return quick.readResponse()
            }
            #expect(response?.text == "/quick")
            gate.open()
            let answers = try await onThread { [slow.readResponse()?.text, slow.readResponse()?.text] }
            #expect(answers == ["/slow", "/behind"])
        }
    }

    @Test("a chunked body of a megabyte arrives completely")
    func chunks() async throws {
        try await withServer { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            let response = try await onThread {
                client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                var rest = largeBody[...]
                while !rest.isEmpty {
                    let chunk = rest.prefix(10_007)
                    client.send("\(String(chunk.count, radix: 16))\r\n")
                    client.send(Array(chunk))
                    client.send("\r\n")
                    rest = rest.dropFirst(chunk.count)
                }
                client.send("0\r\n\r\n")
                return client.readResponse()
            }
            #expect(response?.body == largeBody)
        }
    }

    @Test("a client that expects 100 Continue receives it before it sends the body")
    func expectation() async throws {
        try await withServer { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            let (interim, response) = try await onThread {
                client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
                let interim = client.read("HTTP/1.1 100 Continue\r\n\r\n".utf8.count)
                client.send("hello")
                return (interim, client.readResponse())
            }
            #expect(String(decoding: interim, as: UTF8.self) == "HTTP/1.1 100 Continue\r\n\r\n")
            #expect(response?.text == "hello")
        }
    }

    @Test("the response to HEAD has the length and no body, and the next response follows")
    func head() async throws {
        try await withServer { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            let (head, next) = try await onThread {
                client.send("HEAD /large HTTP/1.1\r\nHost: a\r\n\r\n" + get("/small"))
                return (client.readResponse(hasBody: false), client.readResponse())
            }
            #expect(head?.status == 200)
            #expect(head?.fields["content-length"] == "1048576")
            #expect(next?.text == "small ")
        }
    }

    @Test(
        "a malformed request is answered in JSON and reported, and the connection is closed without a reset",
        arguments: [
            (400, "malformed_request", "GET / HTTP/1.1\r\n\r\n"),
            (413, "body_too_large", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n"),
            (414, "target_too_long", "GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\n"),
            (417, "expectation_failed", get("/", "Expect: more\r\n")),
            (431, "header_fields_too_large", get("/", String(repeating: "A: b\r\n", count: 100))),
            (501, "transfer_coding_not_supported", get("/", "Transfer-Encoding: gzip, chunked\r\n")),
            (505, "http_version_not_supported", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ])
    func rejections(status: Int, code: String, request: String) async throws {
        try await withServer { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            let (response, end) = try await onThread {
                client.send(get("/small") + request + "and more that is ignored")
                _ = client.readResponse()
                return (client.readResponse(), client.readEnd())
            }
            #expect(response?.status == status)
            #expect(response?.fields["connection"] == "close")
            #expect(response?.fields["content-type"] == "application/json")
            let json = try JSON(parsing: response?.body ?? [])
            #expect(json["error"]?.string == code)
            #expect(json["message"]?.string?.isEmpty == false)
            #expect(end == .closed)
            var events = server.events.makeAsyncIterator()
            guard case .rejected(let fault, _, let peer) = await events.next() else {
                Issue.record("the refusal was not reported")
                return
            }
            #expect(fault.code.rawValue == code)
            #expect(peer?.host == "127.0.0.1")
        }
    }

    @Test("a client that sends a far too large body completely still receives the response")
    func largeUpload() async throws {
        try await withServer { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            let (wasSent, response, end) = try await onThread {
                client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 20971520\r\n\r\n")
                let wasSent = (0..<20).allSatisfy { _ in client.send(largeBody) }
                return (wasSent, client.readResponse(), client.readEnd())
            }
            #expect(wasSent)
            #expect(response?.status == 413)
            #expect(end == .closed)
        }
    }

    @Test("bytes after Connection: close are not handled and do not reset the connection")
    func connectionClose() async throws {
        try await withServer { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            let (response, end) = try await onThread {
                client.send(get("/small", "Connection: close\r\n") + get("/large"))
                let response = client.readResponse()
                client.send(largeBody)
                return (response, client.readEnd())
            }
            #expect(response?.fields["connection"] == "close")
            #expect(end == .closed)
        }
    }

    @Test("a client that half-closes after a request receives its response, then the end")
    func halfClose() async throws {
        try await withServer { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            let (response, end) = try await onThread {
                client.send(get("/large"))
                client.finishSending()
                return (client.readResponse(), client.readEnd())
            }
            #expect(response?.body == largeBody)
            #expect(end == .closed)
        }
    }

    @Test("connections are released when their clients disconnect, by close or by reset", arguments: [false, true])
    func leaving(resets: Bool) async throws {
        try await withServer { server in
            for text in ["", "GET", get("/small"), "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx"] {
                let client = try ClientSocket(port: server.port)
                client.send(text)
                try await server.wait { !$0.connections.isEmpty }
                let connection = await server.look { Weak($0.connections.all.first) }
                client.close(resets: resets)
                try await server.wait { $0.connections.isEmpty }
                try await server.wait { _ in connection.isGone }
            }
        }
    }

    /// Sendable because it is only checked for nil.
    private final class Weak: @unchecked Sendable {
        private weak var object: ServerConnection?
        init(_ object: ServerConnection?) { self.object = object }
        var isGone: Bool { object == nil }
    }
}

import FoundationEssentials
import HTTPTypes
import Testing

@testable import HTTPServer

@Suite("HTTP1ConnectionStateMachine")
struct HTTP1ConnectionStateMachineTests {
    private static let date = "Sun, 06 Nov 1994 08:49:37 GMT"
    private static let fields = DefaultResponseFields(date: date)
    private var machine = HTTP1ConnectionStateMachine(limits: HTTPLimits())

    private mutating func receive(_ text: String) {
        let bytes = Array(text.utf8)
        machine.receive(bytes.span)
    }

    /// The state machine's action as text: the path of a request, bytes as text.
    private mutating func next() -> String {
        switch machine.next() {
        case .wait: "wait"
        case .dispatch(let request): "dispatch \(request.head.path ?? "")"
        case .write(let bytes): "write \(String(decoding: bytes, as: UTF8.self))"
        case .reject(let fault): "refuse \(fault.status.code)"
        case .close(let lingers): lingers ? "close and linger" : "close"
        }
    }

    /// Responds with a body; returns the status line, `Connection` and the body.
    private mutating func respond(_ body: String) -> [String] {
        let response = ServerResponse(status: .ok, body: Array(body.utf8))
        let text = String(decoding: machine.respond(response, Self.fields), as: UTF8.self)
        let lines = text.components(separatedBy: "\r\n")
        return lines.filter { $0.hasPrefix("HTTP/") || $0.hasPrefix("Connection") } + [lines[lines.count - 1]]
    }

    private static func get(_ path: String, _ fields: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
    }

    @Test("pipelined requests are dispatched one at a time, each after the previous response")
    mutating func oneAtATime() {
        receive(Self.get("/1") + Self.get("/2") + Self.get("/3"))
        for path in ["/1", "/2", "/3"] {
            #expect(next() == "dispatch \(path)")
            #expect(next() == "wait")
            #expect(machine.isResponding)
            #expect(respond(path) == ["HTTP/1.1 200 OK", path])
        }
        #expect(next() == "wait")
        #expect(machine.isIdle)
        #expect(machine.wantsBytes)
    }

    @Test("while a request is handled, bytes are read up to the limit of read-ahead")
    mutating func bytesAhead() {
        receive(Self.get("/1"))
        #expect(next() == "dispatch /1")
        receive(String(repeating: "x", count: HTTP1ConnectionStateMachine.maximumAhead - 1))
        #expect(machine.wantsBytes)
        receive("x")
        #expect(!machine.wantsBytes)
    }

    @Test("a request whose body is not wanted is dispatched without it, and the connection is closed afterwards")
    mutating func unwantedBody() {
        machine = HTTP1ConnectionStateMachine(limits: HTTPLimits()) { $0.path != "/2" }
        let fields = "Host: a\r\nContent-Length: 9\r\n"
        receive("POST /1 HTTP/1.1\r\n\(fields)\r\n123456789")
        #expect(next() == "dispatch /1")
        #expect(respond("") == ["HTTP/1.1 200 OK", ""])
        receive("POST /2 HTTP/1.1\r\n\(fields)Expect: 100-continue\r\n\r\n")
        #expect(next() == "dispatch /2")
        receive("GET /3 HT")
        #expect(next() == "wait")
        #expect(respond("no") == ["HTTP/1.1 200 OK", "Connection: close", "no"])
        #expect(next() == "close and linger")
    }

    @Test("100 Continue is sent once to a client that waits for it")
    mutating func expectation() {
        receive("POST /1 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        #expect(next() == "write HTTP/1.1 100 Continue\r\n\r\n")
        #expect(next() == "wait")
        #expect(!machine.isIdle)
        receive("hi")
        #expect(next() == "dispatch /1")
    }

    @Test("nothing is read after a request with Connection: close")
    mutating func connectionClose() {
        receive(Self.get("/1", "Connection: close\r\n") + Self.get("/2"))
        #expect(next() == "dispatch /1")
        #expect(respond("x") == ["HTTP/1.1 200 OK", "Connection: close", "x"])
        #expect(next() == "close and linger")
        #expect(!machine.wantsBytes)
    }

    @Test("a malformed request is rejected after the responses to earlier requests, and closes the connection")
    mutating func rejection() {
        receive(Self.get("/1") + "GET / HTTP/9.9\r\n\r\n" + Self.get("/2"))
        #expect(next() == "dispatch /1")
        #expect(respond("x") == ["HTTP/1.1 200 OK", "x"])
        #expect(next() == "refuse 505")
        #expect(next() == "wait")
        #expect(!machine.wantsBytes)
        let response = String(decoding: machine.reject(.version, Self.fields), as: UTF8.self)
        #expect(response.hasPrefix("HTTP/1.1 505 HTTP Version Not Supported\r\n"))
        #expect(response.contains("\r\nConnection: close\r\n"))
        #expect(
            response.hasSuffix(
                #"\#r\#n{"error":"http_version_not_supported","message":"HTTP version not supported. Use HTTP/1.1."}"#)
        )
        receive(Self.get("/3"))
        #expect(next() == "close and linger")
    }

    @Test("a client that half-closes after a request receives its response, then the connection closes")
    mutating func halfClose() {
        receive(Self.get("/1") + Self.get("/2"))
        #expect(next() == "dispatch /1")
        machine.receiveEnd()
        #expect(next() == "wait")
        #expect(!machine.wantsBytes)
        #expect(respond("1").last == "1")
        #expect(next() == "dispatch /2")
        #expect(respond("2").last == "2")
        #expect(next() == "close")
    }

    @Test(
        "a client that closes in the middle of a request receives no response",
        arguments: ["", "GET", "GET / HTTP/1.1\r\nHost: a\r\n"])
    mutating func endInside(text: String) {
        receive(text)
        #expect(next() == "wait")
        machine.receiveEnd()
        #expect(next() == "close")
    }

    @Test("draining closes an idle connection")
    mutating func drainIdle() {
        receive(Self.get("/1"))
        #expect(next() == "dispatch /1")
        _ = respond("x")
        #expect(next() == "wait")
        machine.drain()
        #expect(next() == "wait")
        machine.endWhenIdle()
        #expect(next() == "close")
    }

    @Test("a request that was sent before draining is handled")
    mutating func drainLate() {
        machine.drain()
        #expect(next() == "wait")
        receive(Self.get("/1"))
        #expect(next() == "dispatch /1")
        machine.endWhenIdle()
        #expect(next() == "wait")
        #expect(respond("x") == ["HTTP/1.1 200 OK", "Connection: close", "x"])
        #expect(next() == "close and linger")
    }

    @Test("a response during draining has Connection: close, and no further request is accepted")
    mutating func drainResponding() {
        receive(Self.get("/1") + Self.get("/2"))
        #expect(next() == "dispatch /1")
        machine.drain()
        #expect(next() == "wait")
        #expect(respond("x") == ["HTTP/1.1 200 OK", "Connection: close", "x"])
        #expect(next() == "close and linger")
    }

    @Test("draining in the middle of a request handles the request first")
    mutating func drainInside() {
        receive("GET /1 HTTP/1.1\r\n")
        #expect(next() == "wait")
        machine.drain()
        #expect(next() == "wait")
        receive("Host: a\r\n\r\n")
        #expect(next() == "dispatch /1")
        #expect(respond("x") == ["HTTP/1.1 200 OK", "Connection: close", "x"])
        #expect(next() == "close and linger")
    }

    @Test("the response to HEAD has the body's length and no body")
    mutating func head() {
        receive("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(next() == "dispatch /")
        let response = ServerResponse(status: .ok, body: Array("hello".utf8))
        let text = String(decoding: machine.respond(response, Self.fields), as: UTF8.self)
        #expect(text == "HTTP/1.1 200 OK\r\nDate: \(Self.date)\r\nContent-Length: 5\r\n\r\n")
    }

    // MARK: Streams

    /// Begins a streaming response; returns the lines of its head without the date.
    private mutating func stream() -> [String] {
        let text = String(decoding: machine.respond(Self.streamingResponse, Self.fields), as: UTF8.self)
        return text.components(separatedBy: "\r\n").filter { !$0.isEmpty && !$0.hasPrefix("Date") }
    }

    private static let streamingResponse = ServerResponse(status: .ok, stream: { _ in })

    private func chunk(_ text: String) -> String { String(decoding: machine.chunk(Array(text.utf8)), as: UTF8.self) }

    @Test("a streaming response is chunked, and the next pipelined request is dispatched at its end")
    mutating func chunks() {
        receive(Self.get("/1") + Self.get("/2"))
        #expect(next() == "dispatch /1")
        #expect(stream() == ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"])
        #expect(machine.isStreaming && machine.isResponding && !machine.isIdle)
        #expect(chunk("abc") == "3\r\nabc\r\n")
        #expect(chunk("") == "")
        #expect(chunk(String(repeating: "x", count: 26)).hasPrefix("1a\r\nxx"))
        #expect(next() == "wait")
        #expect(machine.finishStream() == Array("0\r\n\r\n".utf8))
        #expect(!machine.isStreaming)
        #expect(next() == "dispatch /2")
    }

    @Test("an HTTP/1.0 client receives a stream without chunks that ends with the connection")
    mutating func streamWithoutChunks() {
        receive("GET /1 HTTP/1.0\r\n\r\n")
        #expect(next() == "dispatch /1")
        #expect(stream() == ["HTTP/1.1 200 OK", "Connection: close"])
        #expect(chunk("abc") == "abc")
        #expect(machine.finishStream().isEmpty)
        #expect(next() == "close and linger")
    }

    @Test("a response without content is not streamed", arguments: [("HEAD", 200), ("GET", 204), ("GET", 304)])
    mutating func streamWithoutContent(method: String, status: Int) {
        receive("\(method) /1 HTTP/1.1\r\nHost: a\r\n\r\n" + Self.get("/2"))
        #expect(next() == "dispatch /1")
        var response = Self.streamingResponse
        response.status = HTTPResponse.Status(code: status)
        #expect(!machine.willStream(response))
        let text = String(decoding: machine.respond(response, Self.fields), as: UTF8.self)
        #expect(text.hasSuffix("\r\n\r\n"))
        #expect(!text.contains("Content-Length"))
        #expect(text.contains("Transfer-Encoding: chunked") == (status == 200))
        #expect(!machine.isStreaming)
        #expect(next() == "dispatch /2")
    }

    @Test("a client that half-closes during a stream counts as disconnected")
    mutating func streamWithoutClient() {
        receive(Self.get("/1") + Self.get("/2"))
        #expect(next() == "dispatch /1")
        _ = stream()
        machine.receiveEnd()
        #expect(next() == "close")
    }

    @Test("draining during a stream closes the connection after the stream")
    mutating func drainStreaming() {
        receive(Self.get("/1") + Self.get("/2"))
        #expect(next() == "dispatch /1")
        #expect(stream() == ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"])
        machine.drain()
        #expect(next() == "wait")
        #expect(machine.finishStream() == Array("0\r\n\r\n".utf8))
        #expect(next() == "close and linger")
    }
}

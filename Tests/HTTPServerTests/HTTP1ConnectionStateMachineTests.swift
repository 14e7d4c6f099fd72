import FoundationEssentials
import HTTPTypes
import Testing

@testable import HTTPServer

@Suite("ConnectionMachine")
struct HTTP1ConnectionStateMachineTests {
    private static let date = "Sun, 06 Nov 1994 08:49:37 GMT"
    private static let fields = DefaultResponseFields(date: date)
    private var machine = HTTP1ConnectionStateMachine(limits: HTTPLimits())

    private mutating func receive(_ text: String) {
        let bytes = Array(text.utf8)
        machine.receive(bytes.span)
    }

    /// What the machine says, in words: paths for requests, bytes as text.
    private mutating func next() -> String {
        switch machine.next() {
        case .wait: "wait"
        case .dispatch(let request): "dispatch \(request.head.path ?? "")"
        case .write(let bytes): "write \(String(decoding: bytes, as: UTF8.self))"
        case .reject(let fault): "refuse \(fault.status.code)"
        case .close(let lingers): lingers ? "close and linger" : "close"
        }
    }

    /// Answers with a body; returns the status line, `Connection` and the body.
    private mutating func respond(_ body: String) -> [String] {
        let response = ServerResponse(status: .ok, body: Array(body.utf8))
        let text = String(decoding: machine.respond(response, Self.fields), as: UTF8.self)
        let lines = text.components(separatedBy: "\r\n")
        return lines.filter { $0.hasPrefix("HTTP/") || $0.hasPrefix("Connection") } + [lines[lines.count - 1]]
    }

    private static func get(_ path: String, _ fields: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
    }

    @Test("requests sent ahead are dispatched one at a time, each after the answer to the one before")
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

    @Test("while a request is answered, bytes are wanted until as many wait as may")
    mutating func bytesAhead() {
        receive(Self.get("/1"))
        #expect(next() == "dispatch /1")
        receive(String(repeating: "x", count: HTTP1ConnectionStateMachine.maximumAhead - 1))
        #expect(machine.wantsBytes)
        receive("x")
        #expect(!machine.wantsBytes)
    }

    @Test("a client that waits for 100 Continue is told so once")
    mutating func expectation() {
        receive("POST /1 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        #expect(next() == "write HTTP/1.1 100 Continue\r\n\r\n")
        #expect(next() == "wait")
        #expect(!machine.isIdle)
        receive("hi")
        #expect(next() == "dispatch /1")
    }

    @Test("after a request with Connection: close nothing more is read")
    mutating func connectionClose() {
        receive(Self.get("/1", "Connection: close\r\n") + Self.get("/2"))
        #expect(next() == "dispatch /1")
        #expect(respond("x") == ["HTTP/1.1 200 OK", "Connection: close", "x"])
        #expect(next() == "close and linger")
        #expect(!machine.wantsBytes)
    }

    @Test("a request that cannot be read is refused behind the answers before it, and ends the connection")
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

    @Test("a client that ends after a request still gets its answer, and the connection ends after it")
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
        "a client that ends inside of a request gets no answer",
        arguments: ["", "GET", "GET / HTTP/1.1\r\nHost: a\r\n"])
    mutating func endInside(text: String) {
        receive(text)
        #expect(next() == "wait")
        machine.receiveEnd()
        #expect(next() == "close")
    }

    @Test("an idle connection that is drained closes")
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

    @Test("a request that was on its way when the connection was drained is answered")
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

    @Test("a connection that is drained while it answers says so in the answer, and takes no further request")
    mutating func drainResponding() {
        receive(Self.get("/1") + Self.get("/2"))
        #expect(next() == "dispatch /1")
        machine.drain()
        #expect(next() == "wait")
        #expect(respond("x") == ["HTTP/1.1 200 OK", "Connection: close", "x"])
        #expect(next() == "close and linger")
    }

    @Test("a connection that is drained inside of a request answers it first")
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

    @Test("the answer to HEAD has the body's length, and no body")
    mutating func head() {
        receive("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(next() == "dispatch /")
        let response = ServerResponse(status: .ok, body: Array("hello".utf8))
        let text = String(decoding: machine.respond(response, Self.fields), as: UTF8.self)
        #expect(text == "HTTP/1.1 200 OK\r\nDate: \(Self.date)\r\nContent-Length: 5\r\n\r\n")
    }

    // MARK: Streams

    /// Begins an answer that is streamed; returns the lines of its head but the date.
    private mutating func stream() -> [String] {
        let text = String(decoding: machine.respond(Self.streamingResponse, Self.fields), as: UTF8.self)
        return text.components(separatedBy: "\r\n").filter { !$0.isEmpty && !$0.hasPrefix("Date") }
    }

    private static let streamingResponse = ServerResponse(status: .ok, stream: { _ in })

    private func chunk(_ text: String) -> String { String(decoding: machine.chunk(Array(text.utf8)), as: UTF8.self) }

    @Test("content that is streamed comes in chunks, and the request behind it is dispatched at its end")
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

    @Test("a client of HTTP/1.0 gets a stream without chunks, and its end is the connection's")
    mutating func streamWithoutChunks() {
        receive("GET /1 HTTP/1.0\r\n\r\n")
        #expect(next() == "dispatch /1")
        #expect(stream() == ["HTTP/1.1 200 OK", "Connection: close"])
        #expect(chunk("abc") == "abc")
        #expect(machine.finishStream().isEmpty)
        #expect(next() == "close and linger")
    }

    @Test("an answer without content is not streamed", arguments: [("HEAD", 200), ("GET", 204), ("GET", 304)])
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

    @Test("a client that ends while a stream is written has left")
    mutating func streamWithoutClient() {
        receive(Self.get("/1") + Self.get("/2"))
        #expect(next() == "dispatch /1")
        _ = stream()
        machine.receiveEnd()
        #expect(next() == "close")
    }

    @Test("a connection that is drained while a stream is written ends behind it")
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

import ErrorCodes
import HTTPTypes
import TestSupport
import Testing

@testable import HTTPServer

@Suite("RequestParser")
struct RequestParserTests {
    @Test("valid requests are parsed with their exact meaning", arguments: acceptedCases)
    func accepted(row: AcceptedCase) {
        let reading = Reading(row.text)
        #expect(reading.messages == row.messages)
        #expect(reading.fault == nil)
        #expect(!reading.isInside)
    }

    @Test("malformed and ambiguous requests are rejected with status and code", arguments: rejectedCases)
    func rejected(row: RejectedCase) {
        let reading = Reading(row.text)
        #expect(reading.messages == [])
        #expect(reading.fault?.status.code == row.status)
        #expect(reading.fault?.code.rawValue == row.code)
        #expect(reading.fault?.message.isEmpty == false)
    }

    @Test("the result does not depend on how the bytes are split")
    func everySplit() {
        for text in acceptedCases.map(\.text) + rejectedCases.map(\.text) {
            let bytes = Array(text.utf8)
            let whole = Reading(bytes)
            #expect(Reading(bytes.indices.map { bytes[$0...$0] }) == whole, "byte by byte: \(text.debugDescription)")
            // Long cases consist of equal parts, so that their start suffices.
            for position in 0..<min(bytes.count, 400) {
                let reading = Reading([bytes[..<position], bytes[position...]])
                #expect(reading == whole, "split at \(position): \(text.debugDescription)")
            }
        }
    }

    @Test("mutated requests give the same result however they are split, and never crash")
    func randomSplits() {
        let seed = UInt64.random(in: .min ... .max)
        print("RequestParser: random splits with seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let texts = (acceptedCases.map(\.text) + rejectedCases.map(\.text)).filter { $0.utf8.count < 400 }
        for text in texts {
            for _ in 0..<60 {
                let bytes = Array(text.utf8).mutated(using: &generator)
                let pieces = bytes.split(using: &generator)
                #expect(Reading(pieces) == Reading(bytes), "seed \(seed): \(bytes)")
            }
        }
    }

    @Test("random bytes never crash the parser")
    func randomBytes() {
        let seed = UInt64.random(in: .min ... .max)
        print("RequestParser: random bytes with seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let count = Int.random(in: 0...200, using: &generator)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(Reading(bytes.split(using: &generator)) == Reading(bytes), "seed \(seed): \(bytes)")
        }
    }

    // MARK: Limits

    @Test("a request line is accepted up to the limit and rejected one byte beyond it", arguments: [0, 1])
    func requestLineLimit(excess: Int) {
        let limits = HTTPLimits(requestLine: 100, head: 1000)
        let target = "/" + String(repeating: "a", count: 100 - "GET / HTTP/1.1".utf8.count + excess)
        let reading = Reading("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n", limits: limits)
        #expect(reading.messages.count == 1 - excess)
        #expect(reading.fault?.status.code == (excess == 0 ? nil : 414))
    }

    @Test("a head is accepted up to the limit and rejected one byte beyond it", arguments: [0, 1])
    func headLimit(excess: Int) {
        let limits = HTTPLimits(requestLine: 100, head: 200)
        let fixed = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n".utf8.count
        let value = String(repeating: "a", count: 200 - fixed + excess)
        let reading = Reading("GET / HTTP/1.1\r\nHost: a\r\nX: \(value)\r\n\r\n", limits: limits)
        #expect(reading.messages.count == 1 - excess)
        #expect(reading.fault?.status.code == (excess == 0 ? nil : 431))
    }

    @Test("a head is rejected as soon as it is too long, without waiting for its end")
    func headWithoutEnd() {
        let limits = HTTPLimits(requestLine: 50, head: 200)
        #expect(Reading(String(repeating: "a", count: 51), limits: limits).fault?.status.code == 414)
        let endless = "GET / HTTP/1.1\r\n" + String(repeating: "a", count: 185)
        #expect(Reading(endless, limits: limits).fault?.status.code == 431)
    }

    @Test("header fields are accepted up to the limit, and one more is rejected", arguments: [0, 1])
    func fieldCountLimit(excess: Int) {
        let limits = HTTPLimits(headerFields: 10)
        let fields = String(repeating: "X: 1\r\n", count: 9 + excess)
        let reading = Reading("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n", limits: limits)
        #expect(reading.messages.first?.fields.count == (excess == 0 ? 10 : nil))
        #expect(reading.fault?.status.code == (excess == 0 ? nil : 431))
    }

    @Test("a body is accepted up to the limit and rejected one byte beyond it", arguments: [0, 1])
    func bodyLimit(excess: Int) {
        let limits = HTTPLimits(body: 20)
        let body = String(repeating: "a", count: 20 + excess)
        let byLength = Reading(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(20 + excess)\r\n\r\n\(body)", limits: limits)
        let first = String(20, radix: 16)
        let last = excess == 0 ? "0\r\n\r\n" : "1\r\na\r\n0\r\n\r\n"
        let isChunked = Reading(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(first)\r\n\(body.prefix(20))\r\n\(last)",
            limits: limits)
        for reading in [byLength, isChunked] {
            #expect(reading.messages.first?.body.count == (excess == 0 ? 20 : nil))
            #expect(reading.fault?.status.code == (excess == 0 ? nil : 413))
        }
    }

    @Test("parsed bytes are freed, however many requests are pipelined")
    func freesMemory() throws {
        var parser = RequestParser(limits: HTTPLimits())
        let request = Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc".utf8)
        let half = request.count / 2
        parser.append(request[..<half])
        for _ in 0..<10_000 {
            parser.append(request[half...] + request[..<half])
            guard case .request = try parser.next(), case .needsBytes = try parser.next() else {
                Issue.record("the request was not read")
                return
            }
        }
        #expect(parser.bufferCapacity < 4096)
    }

    // MARK: 100-continue

    @Test(
        "a client that waits receives 100 Continue once, and its body is parsed",
        arguments: ["Content-Length: 2\r\n\r\n|hi", "Transfer-Encoding: chunked\r\n\r\n|2\r\nhi\r\n0\r\n\r\n"])
    func expectsContinue(rest: String) throws {
        let parts = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\(rest)".split(separator: "|")
        var parser = RequestParser(limits: HTTPLimits())
        parser.append(parts[0].utf8)
        guard case .expectsContinue = try parser.next(), case .needsBytes = try parser.next() else {
            Issue.record("the client was not told to go on")
            return
        }
        parser.append(parts[1].utf8)
        guard case .request(let request, keepsAlive: true, supportsChunks: true) = try parser.next() else {
            Issue.record("the request was not read")
            return
        }
        #expect(request.body == Array("hi".utf8))
    }

    @Test(
        "a client that does not wait receives no 100 Continue",
        arguments: [
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nh",
            "POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
        ])
    func expectsNothing(text: String) throws {
        var parser = RequestParser(limits: HTTPLimits())
        parser.append(text.utf8)
        guard case .needsBytes = try parser.next() else {
            Issue.record("the client was told something")
            return
        }
    }

    @Test("a body that is too large is rejected before the client sends it")
    func expectationRejected() {
        let text = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n\r\n"
        #expect(Reading(text).fault?.status.code == 413)
    }
}

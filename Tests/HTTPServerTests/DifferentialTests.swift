import Foundation
import TestSupport
import Testing

@testable import HTTPServer

/// Compares RequestParser with llhttp, Node's parser, which Python's `httptools` wraps. Two parsers that read the same bytes
/// differently allow request smuggling, so llhttp must accept every request that RequestParser accepts, with the same meaning.
///
/// llhttp may accept what RequestParser rejects: a rejection closes the connection, which is harmless.
@Suite("llhttp")
struct DifferentialTests {
    /// The result of llhttp: the messages before the first error.
    private struct Verdict: Decodable {
        struct Message: Decodable, Equatable {
            var method: String
            var target: String
            var fields: [String]
            var body: String
            var keepsAlive: Bool
        }
        var messages: [Message]
        var error: String?
    }

    /// Reads cases, each preceded by its length in four bytes, and writes the result of each as JSON.
    private static let script = """
        import json, struct, sys
        try:
            import httptools
        except ImportError:
            sys.exit("The differential test needs llhttp: python3 -m pip install httptools")

        class Reader:
            def __init__(self):
                self.messages = []
                self.parser = httptools.HttpRequestParser(self)
            def on_message_begin(self):
                self.target, self.fields, self.body, self.in_head = b"", [], b"", True
            def on_url(self, url):
                self.target += url
            def on_header(self, name, value):
                # Trailers come here, too; ours drops them.
                if self.in_head:
                    self.fields.append((name + b": " + value).hex())
            def on_headers_complete(self):
                self.in_head = False
            def on_body(self, body):
                self.body += body
            def on_message_complete(self):
                self.messages.append({
                    "method": self.parser.get_method().decode(), "target": self.target.hex(),
                    "fields": self.fields, "body": self.body.hex(), "keepsAlive": self.parser.should_keep_alive()})

        data, verdicts, start = sys.stdin.buffer.read(), [], 0
        while start < len(data):
            length, = struct.unpack_from(">I", data, start)
            reader, error = Reader(), None
            try:
                reader.parser.feed_data(data[start + 4:start + 4 + length])
            except Exception as problem:
                error = type(problem).__name__ + ": " + str(problem)
            verdicts.append({"messages": reader.messages, "error": error})
            start += 4 + length
        json.dump(verdicts, sys.stdout)
        """

    /// Whether llhttp may reject what RequestParser accepts.
    private static func isKnownRejection(_ error: String?) -> Bool {
        // RFC 9110, section 9.1: a server answers unknown methods with 501. llhttp has a list, and rejects others as
        // malformed. The framing of a request does not depend on its method.
        if error?.hasPrefix("HttpParserInvalidMethodError") == true { return true }
        // RFC 9110, section 2.5: a later minor version is read as HTTP/1.1. llhttp supports HTTP/1.0 and HTTP/1.1 only.
        return error?.contains("Invalid HTTP version") == true
    }

    /// RFC 9110, section 5.5: trailing white space is not part of a value. llhttp leaves removing it to the application.
    private static func trim(_ field: String) -> String {
        String(decoding: HTTPGrammar.trim(Array(field.utf8)[...]), as: UTF8.self)
    }

    private func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined()
    }

    private func ask(_ cases: [[UInt8]]) async throws -> [Verdict] {
        let input = cases.flatMap { bytes in withUnsafeBytes(of: UInt32(bytes.count).bigEndian) { Array($0) } + bytes }
        let output = try await Program.python(Self.script, input: input)
        return try JSONDecoder().decode([Verdict].self, from: Data(output.utf8))
    }

    /// Compares every message that RequestParser accepts; returns their number.
    private func compare(_ cases: [[UInt8]], _ note: String) async throws -> Int {
        let verdicts = try await ask(cases)
        try #require(verdicts.count == cases.count)
        var compared = 0
        for (bytes, verdict) in zip(cases, verdicts) {
            let text = String(decoding: bytes, as: UTF8.self)
            for (index, message) in Reading(bytes).messages.enumerated() {
                guard index < verdict.messages.count else {
                    #expect(
                        Self.isKnownRejection(verdict.error),
                        "\(note): llhttp refuses \(text.debugDescription): \(verdict.error ?? "no message")")
                    break
                }
                compared += 1
                let theirs = verdict.messages[index]
                #expect(theirs.method == message.method, "\(note): \(text.debugDescription)")
                #expect(
                    theirs.fields.map { Self.trim(unhex($0)) } == message.fields.map(Self.trim),
                    "\(note): \(text.debugDescription)")
                #expect(theirs.body == hex(message.body), "\(note): \(text.debugDescription)")
                #expect(matches(unhex(theirs.target), message), "\(note): \(text.debugDescription)")
                // RFC 9112, section 9.3: a server may close any connection, and HTTP/1.0's keep-alive is not supported. So
                // RequestParser may close where llhttp continues, but must not continue where llhttp closes: then only one of
                // them would read the following bytes.
                #expect(!message.keepsAlive || theirs.keepsAlive, "\(note): \(text.debugDescription)")
            }
        }
        return compared
    }

    private func unhex(_ text: String) -> String {
        let digits = Array(text.utf8)
        let bytes = stride(from: 0, to: digits.count, by: 2).map { index in
            UInt8(HTTPGrammar.hexDigit(digits[index]) ?? 0) << 4 | UInt8(HTTPGrammar.hexDigit(digits[index + 1]) ?? 0)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// llhttp returns the target unchanged; RequestParser splits an absolute one.
    private func matches(_ target: String, _ message: Reading.Message) -> Bool {
        if target == message.target { return true }
        let scheme = target.lowercased().hasPrefix("https://") ? "https://" : "http://"
        guard target.lowercased().hasPrefix(scheme), let authority = message.authority, let path = message.target else {
            return false
        }
        let rest = target.dropFirst(scheme.count)
        return rest == authority + path || rest == authority + path.dropFirst()
    }

    @Test("llhttp and RequestParser agree on every request of the tables")
    func tables() async throws {
        let cases = (acceptedCases.map(\.text) + rejectedCases.map(\.text)).map { Array($0.utf8) }
        #expect(try await compare(cases, "table") >= acceptedCases.count - 2)
    }

    @Test("every request that llhttp accepts and RequestParser rejects is listed with a reason")
    func rejections() async throws {
        let verdicts = try await ask(rejectedCases.map { Array($0.text.utf8) })
        var accepted: Set<String> = []
        for (row, verdict) in zip(rejectedCases, verdicts) where verdict.error == nil && !verdict.messages.isEmpty {
            accepted.insert(row.name)
        }
        let listed = Set(Self.stricter.flatMap(\.names))
        #expect(accepted.subtracting(listed) == [], "llhttp accepts these, and no reason is given why ours does not")
        #expect(listed.subtracting(rejectedCases.map(\.name)) == [], "these are no cases of the tables")
    }

    /// Where RequestParser is stricter than llhttp, and why. Each of these rejections closes the connection.
    private static let stricter: [(names: [String], reason: String)] = [
        (
            [
                "no Host", "two Hosts", "two Hosts with HTTP/1.0", "an absolute target without Host", "Host: a b",
                "Host: a/b", "Host: a,b", "Host: u@a", "Host: a:b", "Host: a:80:80", "Host: :80", "Host: [::1",
                "Host: ::1", "Host: []", "Host: [g]", "Host: [::1]a", "Host: a]", "Host: a?", "Host: ä",
            ],
            "RFC 9112, section 3.2: a server must answer 400 to a missing, doubled or invalid Host. llhttp leaves Host to "
                + "the application."
        ),
        (
            ["two spaces before the target", "two spaces after the target"],
            "RFC 9112, section 3: one space. Parsers that take more do not agree on where the target ends."
        ),
        (
            [
                "an absolute target without a host", "another scheme", "an absolute target with user information",
                "an asterisk with GET (RFC 9112, 3.2.4)", "a fragment",
            ],
            "RFC 9112, section 3.2: none of its four forms. llhttp hands every target on as it stands."
        ),
        (
            ["no version: HTTP/0.9", "HTTP/0.9 by name", "HTTP/2.0"],
            "RFC 9110, section 15.6.6: a version that is not spoken here is answered with 505. llhttp lets 0.9 and 2.0 "
                + "pass, and a request without a version means that the connection holds no HTTP/1 at all."
        ),
        (
            ["a bare LF first", "two empty lines first"],
            "RFC 9112, section 2.2, asks to pass over one empty line. More of them, or another line end, say that sender "
                + "and receiver do not agree on where the request before has ended."
        ),
        (
            ["an extension without its value"],
            "RFC 9112, section 7.1.1: behind the equals sign a value must stand. Parsers disagree on what follows."
        ),
        (
            ["a size of nine digits"],
            "RFC 9112, section 7.1, warns of sizes that overflow. Eight digits are more than any body here may have."
        ),
        (
            ["an unknown expectation"],
            "RFC 9110, section 10.1.1: answered with 417. llhttp leaves expectations to the application."
        ),
    ]

    @Test("llhttp and RequestParser agree on every mutated request that RequestParser accepts")
    func mutations() async throws {
        let seed = UInt64.random(in: .min ... .max)
        print("llhttp: changed requests with seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let texts = (acceptedCases.map(\.text) + rejectedCases.map(\.text)).filter { $0.utf8.count < 400 }
        let cases = texts.flatMap { text in
            (0..<40).map { _ in Array(text.utf8).mutated(using: &generator) }
        }
        #expect(try await compare(cases, "seed \(seed)") > 200)
    }
}

import Foundation
import TestSupport
import Testing

@testable import HTTPServer

/// Our parser beside llhttp, Node's parser, which Python's `httptools` wraps. Two parsers in a row that read the same
/// bytes differently let requests be smuggled; so whatever ours accepts, llhttp must accept, and mean the same by it.
///
/// llhttp may well accept what ours refuses: that ends the connection and hurts nobody.
@Suite("llhttp")
struct DifferentialTests {
    /// What llhttp made of some bytes: the messages before the first error.
    private struct Verdict: Decodable {
        struct Message: Decodable, Equatable {
            var method: String
            var target: String
            var fields: [String]
            var body: String
        }
        var messages: [Message]
        var error: String?
    }

    /// Reads cases, each behind its length in four bytes, and writes a verdict for each as JSON.
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
                    "fields": self.fields, "body": self.body.hex()})

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

    /// Whether llhttp may refuse what ours accepts.
    private static func isKnownRefusal(_ error: String?) -> Bool {
        // RFC 9110, section 9.1: a server answers unknown methods with 501. llhttp has a list, and refuses others as
        // malformed. The framing of a request does not depend on its method.
        if error?.hasPrefix("HttpParserInvalidMethodError") == true { return true }
        // RFC 9110, section 2.5: a later minor version is read as HTTP/1.1. llhttp knows HTTP/1.0 and HTTP/1.1 only.
        return error?.contains("Invalid HTTP version") == true
    }

    /// RFC 9110, section 5.5: white space behind a value is no part of it. llhttp leaves it to the application to take
    /// it away.
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

    /// Compares every message that ours accepts; returns how many there were.
    private func compare(_ cases: [[UInt8]], _ note: String) async throws -> Int {
        let verdicts = try await ask(cases)
        try #require(verdicts.count == cases.count)
        var compared = 0
        for (bytes, verdict) in zip(cases, verdicts) {
            let text = String(decoding: bytes, as: UTF8.self)
            for (index, message) in Reading(bytes).messages.enumerated() {
                guard index < verdict.messages.count else {
                    #expect(
                        Self.isKnownRefusal(verdict.error),
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

    /// llhttp gives the target as it stands; ours takes an absolute one apart.
    private func matches(_ target: String, _ message: Reading.Message) -> Bool {
        if target == message.target { return true }
        let scheme = target.lowercased().hasPrefix("https://") ? "https://" : "http://"
        guard target.lowercased().hasPrefix(scheme), let authority = message.authority, let path = message.target else {
            return false
        }
        let rest = target.dropFirst(scheme.count)
        return rest == authority + path || rest == authority + path.dropFirst()
    }

    @Test("llhttp reads every request of the tables as ours does")
    func tables() async throws {
        let cases = (acceptedCases.map(\.text) + refusedCases.map(\.text)).map { Array($0.utf8) }
        #expect(try await compare(cases, "table") >= acceptedCases.count - 2)
    }

    @Test("llhttp reads every changed request that ours accepts as ours does")
    func mutations() async throws {
        let seed = UInt64.random(in: .min ... .max)
        print("llhttp: changed requests with seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let texts = (acceptedCases.map(\.text) + refusedCases.map(\.text)).filter { $0.utf8.count < 400 }
        let cases = texts.flatMap { text in
            (0..<40).map { _ in Array(text.utf8).mutated(using: &generator) }
        }
        #expect(try await compare(cases, "seed \(seed)") > 200)
    }
}

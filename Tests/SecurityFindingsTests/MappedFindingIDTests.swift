import Cryptography
import JSON
import TestSupport
import Testing

@testable import SecurityFindings

@Suite("IDs of mapped findings")
struct MappedFindingIDTests {
    private static let prefix = "arn:aws-cn:defender-bridge:cn-north-1:111122223333:plant-nozomi/"

    private func id(_ parts: [String]) throws -> String {
        FindingID.mapped(source: "plant-nozomi", parts: parts, accountRegion: try Samples.accountRegion("cn-north-1"))
    }

    private func id(_ parts: String...) throws -> String { try id(parts) }

    @Test(
        "a part keeps printable ASCII but the percent sign, the slash and the space",
        arguments: [
            ("a1-._~!$&'()*+,;=:@?#[]{}|\\\"<>^`", "a1-._~!$&'()*+,;=:@?#[]{}|\\\"<>^`"), ("50%", "50%25"),
            ("a/b", "a%2Fb"),
            ("a b", "a%20b"), ("a\u{A0}b", "a%C2%A0b"), ("a\tb\n\0\u{7F}", "a%09b%0A%00%7F"), ("é", "%C3%A9"),
            ("e\u{301}", "e%CC%81"), ("\u{202E}", "%E2%80%AE"), ("%2F", "%252F"), ("🙂", "%F0%9F%99%82"),
        ])
    func encoding(part: String, expected: String) throws { #expect(try id(part) == Self.prefix + expected) }

    @Test("parts are separated by slashes")
    func parts() throws {
        #expect(try id("a", "b/c", "d") == Self.prefix + "a/b%2Fc/d")
        #expect(try id("a/b") != id("a", "b"))
    }

    @Test("an ID of more than 512 characters is truncated and ends with the digest of the whole")
    func truncation() throws {
        let room = 512 - Self.prefix.utf8.count
        #expect(try id(String(repeating: "x", count: room)) == Self.prefix + String(repeating: "x", count: room))
        let long = String(repeating: "x", count: room + 1)
        let digest = Digest.hexadecimal(Array(Digest.sha256(Array((Self.prefix + long).utf8)).prefix(16)))
        #expect(try id(long) == Self.prefix + String(repeating: "x", count: room - 33) + "-" + digest)
        #expect(try id(long).utf8.count == 512)
    }

    @Test("different lists of parts have different IDs unless truncated, and no ID is too long or other than ASCII")
    func distinct() throws {
        var generator = SeededGenerator(seed: 7)
        let alphabet: [Unicode.Scalar] = ["a", "/", "%", "2", "F", " ", "é", "\u{301}", "\0", "5"]
        var seen: [UTF8Text: [UTF8Text]] = [:]
        for _ in 0..<20_000 {
            let parts = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                var part = String.UnicodeScalarView()
                for _ in 0..<Int.random(in: 0...3, using: &generator) {
                    part.append(alphabet.randomElement(using: &generator) ?? "a")
                }
                return UTF8Text(String(part))
            }
            let id = UTF8Text(try id(parts.map(\.string)))
            #expect(seen[id] == nil || seen[id] == parts)
            #expect(id.string.utf8.allSatisfy { (0x21...0x7E).contains($0) } && id.string.utf8.count <= 512)
            seen[id] = parts
        }
        #expect(seen.count > 5000)
    }
}

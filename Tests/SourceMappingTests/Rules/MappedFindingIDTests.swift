import JSON
import TestSupport
import Testing

@testable import SourceMapping

@Suite("IDs of mapped findings")
struct MappedFindingIDTests {
    private static let ids = MappedFindingID(
        partition: "aws-cn", region: "cn-north-1", account: "111122223333", source: "plant-nozomi")
    private static let prefix = "arn:aws-cn:defender-bridge:cn-north-1:111122223333:plant-nozomi/"

    private func id(_ parts: String...) -> String { Self.ids.id(parts: parts) { _ in "digest" } }

    @Test(
        "a part keeps printable ASCII but the percent sign, the slash and the space",
        arguments: [
            ("a1-._~!$&'()*+,;=:@?#[]{}|\\\"<>^`", "a1-._~!$&'()*+,;=:@?#[]{}|\\\"<>^`"), ("50%", "50%25"),
            ("a/b", "a%2Fb"),
            ("a b", "a%20b"), ("a\u{A0}b", "a%C2%A0b"), ("a\tb\n\0\u{7F}", "a%09b%0A%00%7F"), ("é", "%C3%A9"),
            ("e\u{301}", "e%CC%81"), ("\u{202E}", "%E2%80%AE"), ("%2F", "%252F"), ("🙂", "%F0%9F%99%82"),
        ])
    func encoding(part: String, expected: String) { #expect(id(part) == Self.prefix + expected) }

    @Test("parts are separated by slashes")
    func parts() {
        #expect(id("a", "b/c", "d") == Self.prefix + "a/b%2Fc/d")
        #expect(id("a/b") != id("a", "b"))
    }

    @Test("an ID of more than 512 characters is truncated and ends with the digest of the whole")
    func truncation() {
        let room = 512 - Self.prefix.utf8.count
        #expect(id(String(repeating: "x", count: room)) == Self.prefix + String(repeating: "x", count: room))
        let long = String(repeating: "x", count: room + 1)
        let id = Self.ids.id(parts: [long]) { bytes in
            #expect(bytes == Array((Self.prefix + long).utf8))
            return String(repeating: "0", count: 32)
        }
        #expect(id == Self.prefix + String(repeating: "x", count: room - 33) + "-" + String(repeating: "0", count: 32))
        #expect(id.utf8.count == 512)
    }

    @Test("different lists of parts have different IDs unless truncated, and no ID is too long or other than ASCII")
    func distinct() {
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
            let id = UTF8Text(Self.ids.id(parts: parts.map(\.string)) { _ in "" })
            #expect(seen[id] == nil || seen[id] == parts)
            #expect(id.string.utf8.allSatisfy { (0x21...0x7E).contains($0) } && id.string.utf8.count <= 512)
            seen[id] = parts
        }
        #expect(seen.count > 5000)
    }

    @Test("the parts of an item are its values; a number is its JSON text")
    func identity() throws {
        var errors = MappingErrors()
        let rule = try #require(
            IdentityRule(reading: TreeReader(["$.a", "$.b.c"]), errors: &errors))
        #expect(try rule.parts(of: try item(#"{"a": 1.50, "b": {"c": "x/y"}}"#)) == ["1.50", "x/y"])
        #expect(try rule.parts(of: try item(#"{"a": true, "b": {"c": "null"}}"#)) == ["true", "null"])
        #expect(throws: ItemError(.missing, paths: ["$.b.c"])) {
            try rule.parts(of: try item(#"{"a": 1, "b": {"c": ""}}"#))
        }
        #expect(throws: ItemError(.missing, paths: ["$.a"])) { try rule.parts(of: nil) }
    }

    @Test("a part with several values is an error")
    func severalValues() throws {
        var errors = MappingErrors()
        let rule = try #require(
            IdentityRule(reading: TreeReader(["$.a[*]"]), errors: &errors))
        #expect(try rule.parts(of: ["a": [nil, 1]]) == ["1"])
        #expect(throws: ItemError(.several, paths: ["$.a[*]"])) { try rule.parts(of: ["a": [1, 2]]) }
    }

    @Test("an identity is a list of one to eight paths, read with all errors")
    func reading() {
        func read(_ tree: JSON) -> [String] {
            errors(tree) { _ = IdentityRule(reading: $0, errors: &$1) }
        }
        #expect(read("$.id") == ["key: text instead of a list. Write a list, for example [$.id]."])
        #expect(
            read(["id", "$.a", 5]) == [
                "key[0], column 1: no $ at the start. Write $.name.",
                "key[2]: a number instead of text. Write text, for example $.name.",
            ])
        #expect(read(.array(Array(repeating: "$.a", count: 8))) == [])
        #expect(read(.array(Array(repeating: "$.a", count: 9))).count == 1 && read([]).count == 1)
    }
}

import JSON
import Testing

@testable import SourceMapping

@Suite("Identities of items")
struct IdentityRuleTests {
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
                "key[0], column 1: A path begins with $. Write $.name for a member.",
                "key[2]: a number instead of text. Write text, for example $.name.",
            ])
        #expect(read(.array(Array(repeating: "$.a", count: 8))) == [])
        #expect(read(.array(Array(repeating: "$.a", count: 9))).count == 1 && read([]).count == 1)
    }
}

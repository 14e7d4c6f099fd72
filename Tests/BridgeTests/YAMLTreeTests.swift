import JSON
import SourceMapping
import Testing

@testable import Bridge

@Suite("YAML tree") struct YAMLTreeTests {
    private static func tree(_ text: String) throws(ConfigurationError) -> YAMLTree {
        try YAMLTree(YAMLDocument(text, file: "f.yaml"))
    }

    /// The lines of the error; none for a valid text.
    private static func lines(_ text: String) -> [String] {
        do throws(ConfigurationError) {
            _ = try tree(text)
            return []
        } catch {
            return error.description.split(separator: "\n").map(String.init)
        }
    }

    @Test(
        "Plain scalars have the types of the core schema, with the digits of numbers as written; quoted ones are text")
    func scalars() throws {
        let values: [(String, JSON)] = [
            ("true", true), ("TRUE", true), ("False", false), ("null", nil), ("~", nil), ("", nil),
            ("yes", "yes"), ("on", "on"), ("'true'", "true"), ("\"null\"", "null"), ("'12'", "12"), ("text", "text"),
            ("12", 12), ("-7", -7), ("+5", 5), ("007", 7), ("0", 0), ("1.50", .number("1.50")), (".5", .number("0.5")),
            ("1.", .number("1")), ("-1.5E+3", .number("-1.5e+3")), ("0o17", 15), ("0xFF", 255),
            ("12345678901234567890123", .number("12345678901234567890123")),
            ("0xFFFFFFFFFFFFFFFFFF", "0xFFFFFFFFFFFFFFFFFF"), (".inf", ".inf"), (".nan", ".nan"), (".", "."),
            ("1e", "1e"), ("1_000", "1_000"), ("-", "-"), ("1.2.3", "1.2.3"), ("-0x10", "-0x10"),
            ("2026-11-22", "2026-11-22"), ("12:30", "12:30"),
        ]
        for (text, value) in values where text != "-" {
            let found = try Self.tree("a: \(text)\n").value["a"]
            #expect(found == value, "\(text): \(String(describing: found))")
            if case .number? = found {
                #expect(throws: Never.self) { try JSON(parsing: JSON.array([value]).serialized()) }
            }
        }
        #expect(try Self.tree("a: |\n  12\n").value == ["a": "12\n"])
        #expect(try Self.tree("[{1: a, true: b, no: c}]\n").value == [["1": "a", "true": "b", "no": "c"]])
    }

    @Test("Anchors, aliases, tags, duplicate keys, and keys that are not text are all reported, with line and key")
    func extras() {
        #expect(
            Self.lines("a: &x 1\nb:\n  - *x\n  - !!str 2\nc: !t {}\nd: {1: a, '1': b}\n? [k]\n: v\n~: w\n") == [
                "f.yaml:1: a: YAML anchors and aliases are not supported. Write the value itself.",
                "f.yaml:1: b[0]: YAML anchors and aliases are not supported. Write the value itself.",
                "f.yaml:4: b[1]: YAML tags are not supported. Remove the tag; quote a value that is text.",
                "f.yaml:5: c: YAML tags are not supported. Remove the tag; quote a value that is text.",
                "f.yaml:6: d.1: duplicate key. Remove one of the two.",
                "f.yaml:1: mapping: key that is not text. Write a name, in quotes if it is a word such as null.",
                "f.yaml:1: mapping: key that is not text. Write a name, in quotes if it is a word such as null.",
            ])
        #expect(Self.lines("a: 1\na: 2\n").first?.hasPrefix("f.yaml: invalid YAML: duplicate key a") == true)
        #expect(Self.lines("a: [\n").first?.hasPrefix("f.yaml: invalid YAML: ") == true)
        #expect(Self.lines("# nothing\n") == ["f.yaml: empty file. Write keys with values."])
    }

    @Test("Values that grow by aliases are rejected without being expanded", .timeLimit(.minutes(1)))
    func aliases() {
        let levels = (1...60).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n" }
        #expect(Self.lines("a0: &a0 [x]\n" + levels.joined()).count == 61)
    }

    @Test(
        "Nesting is limited to 32 levels; deeper texts are rejected without a trap", arguments: [32, 33, 900, 200_000])
    func depth(levels: Int) {
        let text = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        let lines = Self.lines(text)
        #expect(lines.isEmpty == (levels <= YAMLTree.maximumDepth))
        #expect(lines.count <= 1)
    }

    @Test("A location has the line of its key or element, and a missing one that of the value around it")
    func positions() throws {
        let tree = try Self.tree("a:\n  b:\n    - 1\n    -\n      c: 2\n'd e': {f: [x,\n  y]}\n")
        let a = TreePath.root.member("a")
        #expect(tree.line(of: .root) == 1 && tree.line(of: a) == 1 && tree.line(of: a.member("b")) == 2)
        #expect(tree.line(of: a.member("b").element(0)) == 3)
        #expect(tree.line(of: a.member("b").element(1).member("c")) == 5)
        #expect(tree.line(of: a.member("b").element(7).member("c")) == 2)
        #expect(tree.line(of: a.member("none").member("x")) == 1)
        let f = TreePath.root.member("d e").member("f")
        #expect(tree.line(of: f) == 6 && tree.line(of: f.element(1)) == 7)
        #expect(tree.names == ["a", "d e"])
    }
}

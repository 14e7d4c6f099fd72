import JSON
import TestSupport
import Testing

@testable import SourceMapping

@Suite("JSONPath")
struct JSONPathTests {
    static func select(_ path: String, in json: JSON) throws -> [JSON] { try JSONPath(parsing: path).nodes(in: json) }

    private static let alert: JSON = [
        "name": "pump", "x-y": 1, "a.b": 2, "it's": 3, "": 4, "ü": 5, "_0": 6, "nothing": nil,
        "list": [10, 20, 30], "nested": [[1, 2], [], [3]],
        "assets": [
            [
                "id": 1, "kind": "PLC",
                "addresses": [["type": "IP", "value": "10.0.0.1"], ["type": "MAC", "value": "aa"]],
            ],
            ["id": 2, "kind": "HMI", "addresses": [["type": "IP", "value": "10.0.0.2"]]],
            ["id": 3, "addresses": []],
        ],
    ]

    @Test(
        "a path selects what RFC 9535 says",
        arguments: [
            ("$.name", ["pump"]), ("$['name']", ["pump"]), ("$[\"name\"]", ["pump"]), ("$['x-y']", [1]),
            ("$['a.b']", [2]), (#"$['it\'s']"#, [3]), ("$[\"it's\"]", [3]), ("$['']", [4]), ("$.ü", [5]),
            (#"$['\u00fc']"#, [5]), ("$._0", [6]), ("$.nothing", [nil]), ("$.absent", []),
            ("$.list[0]", [10]), ("$.list[2]", [30]), ("$.list[3]", []), ("$.list[-1]", [30]), ("$.list[-3]", [10]),
            ("$.list[-4]", []), ("$.list.name", []), ("$.name[0]", []), ("$.name.length", []), ("$[0]", []),
            ("$.list[9007199254740991]", []), ("$.list[-9007199254740991]", []),
            ("$.list[*]", [10, 20, 30]), ("$.nested[*]", [[1, 2], [], [3]]), ("$.nested[*][*]", [1, 2, 3]),
            ("$.nested[*][0]", [1, 3]), ("$.nested[*][-1]", [2, 3]), ("$.list[*][*]", []),
            ("$.assets[*].id", [1, 2, 3]), ("$.assets[*].kind", ["PLC", "HMI"]),
            ("$.assets[?@.kind == 'PLC'].id", [1]), ("$.assets[?@.kind != 'PLC'].id", [2, 3]),
            ("$.assets[*].addresses[?@.type == 'IP'].value", ["10.0.0.1", "10.0.0.2"]),
            ("$.assets[?@.addresses[0].type=='IP'].id", [1, 2]),
            ("$.assets[?@['addresses'][-1]['type']=='MAC'].id", [1]),
            ("$.list[?@ == 20]", [20]), ("$.list[?@ != 20]", [10, 30]),
            ("$ .list\t[ 0\n]", [10]), ("$.list[\r?\t@\n==\r20 ]", [20]), ("$.assets[?@ .kind == 'HMI'].id", [2]),
        ] as [(String, [JSON])])
    func selection(path: String, expected: [JSON]) throws {
        #expect(try Self.select(path, in: Self.alert) == expected)
    }

    @Test("the path $ selects the whole value, whatever it is", arguments: [nil, true, 1, "a", [], [:]] as [JSON])
    func root(value: JSON) throws {
        #expect(try Self.select("$", in: value) == [value])
    }

    @Test("a wildcard and a filter select nothing from an object, because its members have no order")
    func objects() throws {
        let json: JSON = ["a": ["x": 1, "y": 1]]
        #expect(try Self.select("$.a[*]", in: json) == [])
        #expect(try Self.select("$.a[?@ == 1]", in: json) == [])
        #expect(try Self.select("$[*].x", in: json) == [])
    }

    @Test("names are compared by their bytes: two normalizations of a letter are two names")
    func normalization() throws {
        let json = try JSON(parsing: #"{"\u00e9": 1, "e\u0301": 2}"#)
        #expect(try Self.select("$.\u{e9}", in: json) == [1])
        #expect(try Self.select("$.e\u{301}", in: json) == [2])
        #expect(try Self.select("$['e\u{301}']", in: json) == [2])
    }

    @Test("every escape of RFC 9535 is decoded in a name")
    func escapes() throws {
        let json: JSON = ["\u{8}\u{C}\n\r\t/\\": 1, "😀": 2, "\u{0}": 3, "'": 4, "\"": 5]
        #expect(try Self.select(#"$['\b\f\n\r\t\/\\']"#, in: json) == [1])
        #expect(try Self.select(#"$["\b\f\n\r\t\/\\"]"#, in: json) == [1])
        #expect(try Self.select(#"$['\uD83D\uDE00']"#, in: json) == [2])
        #expect(try Self.select(#"$['\u0000']"#, in: json) == [3])
        #expect(try Self.select(#"$['\'']"#, in: json) == [4])
        #expect(try Self.select(#"$["\""]"#, in: json) == [5])
    }

    @Test("the limit returns the first nodes in the order of the document")
    func limit() throws {
        let json = JSON.array((0..<40).map { row in .array((0..<40).map { .integer(row * 40 + $0) }) })
        let path = try JSONPath(parsing: "$[*][*]")
        #expect(path.nodes(in: json, limit: 3) == [0, 1, 2])
        #expect(path.nodes(in: json, limit: 0) == [])
        #expect(path.nodes(in: json, limit: 41).last == 40)
        #expect(path.nodes(in: json).count == JSONPath.maximumNodes)
        #expect(path.nodes(in: json, limit: .max).count == 1600)
        #expect(try JSONPath(parsing: "$").nodes(in: json, limit: 0) == [])
    }

    @Test("a path keeps its text")
    func description() throws {
        #expect(try JSONPath(parsing: "$ ['a']").description == "$ ['a']")
    }

    @Test("a path of 32 segments follows a document down to its 32nd level")
    func depth() throws {
        var json: JSON = "deep"
        for _ in 0..<32 { json = [json] }
        #expect(try Self.select("$" + String(repeating: "[*]", count: 32), in: json) == ["deep"])
        #expect(try Self.select("$" + String(repeating: "[0]", count: 32), in: json) == ["deep"])
    }

    @Test("a value nested deeper than any path is not followed to its end")
    func veryDeep() throws {
        var json: JSON = 1
        for _ in 0..<1000 { json = [json] }
        #expect(try Self.select("$[*][0][?@ != 1]", in: json).count == 1)
    }

    @Test("names with a zero byte, right-to-left marks and 100,000 combining marks are plain names")
    func hostileNames() throws {
        let marks = "a" + String(repeating: "\u{301}\u{323}", count: 50_000)
        let json: JSON = [marks: 1, "\u{202E}": 2, "a\u{0}": 3, "a": [["a": .string(marks)]]]
        #expect(try Self.select("$.\u{202E}", in: json) == [2])
        #expect(try Self.select(#"$['a\u0000']"#, in: json) == [3])
        #expect(try Self.select("$.a[?@.a == 'a\u{301}\u{323}']", in: json) == [])
    }
}

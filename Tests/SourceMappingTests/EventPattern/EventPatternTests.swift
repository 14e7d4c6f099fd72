import JSON
import Testing

@testable import SourceMapping

/// A pattern with events that match and events that do not.
struct PatternCase: CustomTestStringConvertible, Sendable {
    let name: String
    let pattern: String
    let matching: [String]
    let other: [String]

    init(_ name: String, _ pattern: String, matches matching: [String], not other: [String]) {
        (self.name, self.pattern, self.matching, self.other) = (name, pattern, matching, other)
    }

    var testDescription: String { name }

    func check() throws {
        let pattern = try EventPattern(JSON(parsing: pattern))
        for event in matching { #expect(pattern.matches(try JSON(parsing: event)), "\(event)") }
        for event in other { #expect(!pattern.matches(try JSON(parsing: event)), "\(event)") }
    }
}

@Suite struct EventPatternTests {
    static let valueCases: [PatternCase] = [
        PatternCase(
            "strings by their bytes", #"{"a": ["x", ""]}"#, matches: [#"{"a": "x"}"#, #"{"a": ""}"#],
            not: [#"{"a": "X"}"#, #"{"a": "x "}"#, #"{"a": null}"#, #"{"a": 1}"#, "{}", #"{"b": "x"}"#]),
        PatternCase(
            "no normalization: é as one scalar and as two", #"{"a": ["\u00e9"]}"#, matches: [#"{"a": "é"}"#],
            not: [#"{"a": "e\u0301"}"#]),
        PatternCase(
            "names by their bytes", #"{"\u00e9": [1]}"#, matches: [#"{"\u00e9": 1}"#], not: [#"{"e\u0301": 1}"#]),
        PatternCase(
            "a dot in a name is part of the name", #"{"a.b": [1]}"#, matches: [#"{"a.b": 1}"#],
            not: [#"{"a": {"b": 1}}"#]),
        PatternCase(
            "numbers as numbers", #"{"a": [300]}"#,
            matches: [#"{"a": 300}"#, #"{"a": 300.0}"#, #"{"a": 3e2}"#, #"{"a": 3000E-1}"#],
            not: [#"{"a": "300"}"#, #"{"a": 300.0000000000000000000001}"#, #"{"a": -300}"#, #"{"a": 3e3}"#]),
        PatternCase(
            "numbers beyond the precision of a double", #"{"a": [123456789012345678901]}"#,
            matches: [#"{"a": 123456789012345678901}"#], not: [#"{"a": 123456789012345678902}"#]),
        PatternCase(
            "zeros of every sign and exponent", #"{"a": [0]}"#, matches: [#"{"a": -0.0}"#, #"{"a": 0e5}"#],
            not: [#"{"a": 1e-9}"#, #"{"a": false}"#, #"{"a": null}"#, #"{"a": ""}"#]),
        PatternCase(
            "booleans and null", #"{"a": [true, null]}"#, matches: [#"{"a": true}"#, #"{"a": null}"#],
            not: [#"{"a": false}"#, #"{"a": "true"}"#, #"{"a": "null"}"#, #"{"a": 1}"#, "{}"]),
        PatternCase(
            "prefix", #"{"a": [{"prefix": "eu-"}]}"#, matches: [#"{"a": "eu-west-1"}"#, #"{"a": "eu-"}"#],
            not: [#"{"a": "eu"}"#, #"{"a": "EU-west-1"}"#, #"{"a": 1}"#, #"{"a": null}"#, "{}"]),
        PatternCase(
            "an empty prefix matches every string", #"{"a": [{"prefix": ""}]}"#,
            matches: [#"{"a": ""}"#, #"{"a": "x"}"#],
            not: [#"{"a": 1}"#, #"{"a": null}"#]),
        PatternCase(
            "suffix", #"{"a": [{"suffix": ".png"}]}"#, matches: [#"{"a": "x.png"}"#, #"{"a": ".png"}"#],
            not: [#"{"a": "png"}"#, #"{"a": "x.PNG"}"#, #"{"a": "x.png "}"#]),
        PatternCase(
            "prefix and suffix without regard to case",
            #"{"a": [{"prefix": {"equals-ignore-case": "Ä-"}}, {"suffix": {"equals-ignore-case": ".pNg"}}]}"#,
            matches: [#"{"a": "ä-x"}"#, #"{"a": "x.PnG"}"#], not: [#"{"a": "a-x"}"#, #"{"a": "png"}"#, #"{"a": 1}"#]),
        PatternCase(
            "equals-ignore-case", #"{"a": [{"equals-ignore-case": "StraßE Ω"}]}"#,
            matches: [#"{"a": "straße ω"}"#, #"{"a": "STRAßE Ω"}"#],
            not: [#"{"a": "strase ω"}"#, #"{"a": "straße ω "}"#, #"{"a": null}"#]),
        PatternCase(
            "wildcard", #"{"a": [{"wildcard": "a*b*c"}]}"#,
            matches: [#"{"a": "abc"}"#, #"{"a": "a-b-c"}"#, #"{"a": "abcbc"}"#, #"{"a": "a\nb\nc"}"#],
            not: [#"{"a": "ac"}"#, #"{"a": "abcd"}"#, #"{"a": "xabc"}"#, #"{"a": "ab"}"#, #"{"a": 1}"#]),
        PatternCase(
            "wildcard: first and last literal do not overlap", #"{"a": [{"wildcard": "ab*ba"}]}"#,
            matches: [#"{"a": "abba"}"#], not: [#"{"a": "aba"}"#]),
        PatternCase(
            "wildcard: a literal in the middle does not reach into the last one", #"{"a": [{"wildcard": "*ab*b"}]}"#,
            matches: [#"{"a": "abb"}"#], not: [#"{"a": "ab"}"#]),
        PatternCase(
            "wildcard alone matches every string", #"{"a": [{"wildcard": "*"}]}"#,
            matches: [#"{"a": ""}"#, #"{"a": "x"}"#], not: [#"{"a": 1}"#, #"{"a": true}"#]),
        PatternCase(
            "wildcard escapes", #"{"a": [{"wildcard": "\\**\\\\"}]}"#,
            matches: [#"{"a": "*\\"}"#, #"{"a": "*x\\"}"#], not: [#"{"a": "x\\"}"#, #"{"a": "*x"}"#]),
        PatternCase(
            "wildcard without one is an exact value", #"{"a": [{"wildcard": "x"}, {"wildcard": ""}]}"#,
            matches: [#"{"a": "x"}"#, #"{"a": ""}"#], not: [#"{"a": "xx"}"#]),
        PatternCase(
            "exists", #"{"a": [{"exists": true}]}"#,
            matches: [#"{"a": 1}"#, #"{"a": null}"#, #"{"a": ""}"#, #"{"a": [false]}"#, #"{"a": [[0]]}"#],
            not: ["{}", #"{"a": {}}"#, #"{"a": {"b": 1}}"#, #"{"a": []}"#, #"{"a": [{"b": 1}]}"#, #"{"a": [[]]}"#]),
        PatternCase(
            "exists: false is its opposite", #"{"a": [{"exists": false}]}"#,
            matches: ["{}", #"{"a": {}}"#, #"{"a": {"b": 1}}"#, #"{"a": []}"#, #"{"a": [{"b": 1}]}"#],
            not: [#"{"a": 1}"#, #"{"a": null}"#, #"{"a": [false]}"#, #"{"a": [{"b": 1}, 2]}"#]),
        PatternCase(
            "absent or a value", #"{"a": [{"exists": false}, "x"]}"#, matches: ["{}", #"{"a": "x"}"#],
            not: [#"{"a": "y"}"#, #"{"a": null}"#]),
        PatternCase(
            "cidr, IPv4", #"{"a": [{"cidr": "10.1.2.128/25"}]}"#,
            matches: [#"{"a": "10.1.2.128"}"#, #"{"a": "10.1.2.255"}"#],
            not: [
                #"{"a": "10.1.2.127"}"#, #"{"a": "10.1.3.0"}"#, #"{"a": "10.1.2.0200"}"#, #"{"a": "10.1.2.300"}"#,
                #"{"a": "::ffff:10.1.2.129"}"#, #"{"a": 10}"#, #"{"a": ""}"#,
            ]),
        PatternCase(
            "cidr, IPv6", #"{"a": [{"cidr": "2001:db8::/33"}]}"#,
            matches: [
                #"{"a": "2001:DB8:7fff::1"}"#, #"{"a": "2001:0db8:0:0:0:0:0:0"}"#, #"{"a": "2001:db8::10.0.0.1"}"#,
            ],
            not: [#"{"a": "2001:db8:8000::"}"#, #"{"a": "2001:db8:::1"}"#, #"{"a": "10.0.0.1"}"#, #"{"a": "::1%lo"}"#]),
        PatternCase(
            "cidr of one address, of all, and with bits after the prefix",
            #"{"$or": [{"a": [{"cidr": "10.0.0.1/32"}]}, {"b": [{"cidr": "0.0.0.0/0"}]}, {"c": [{"cidr": "10.9.9.9/8"}]}]}"#,
            matches: [#"{"a": "10.0.0.1"}"#, #"{"b": "255.1.2.3"}"#, #"{"c": "10.0.0.0"}"#],
            not: [#"{"a": "10.0.0.0"}"#, #"{"b": "::"}"#, #"{"c": "11.9.9.9"}"#]),
    ]

    @Test("Each value and operator matches what it names, and nothing else", arguments: valueCases)
    func values(row: PatternCase) throws { try row.check() }

    static let numericCases: [PatternCase] = [
        PatternCase(
            "greater and at most", #"{"a": [{"numeric": [">", 0, "<=", 5]}]}"#,
            matches: [#"{"a": 5}"#, #"{"a": 0.0000001}"#, #"{"a": 5.00}"#],
            not: [#"{"a": 0}"#, #"{"a": -0}"#, #"{"a": 5.0000001}"#, #"{"a": "3"}"#, #"{"a": true}"#, #"{"a": null}"#]),
        PatternCase(
            "at least and less", #"{"a": [{"numeric": [">=", -1.5, "<", 2e1]}]}"#,
            matches: [#"{"a": -1.50}"#, #"{"a": 19.999}"#, #"{"a": 0}"#],
            not: [#"{"a": -1.51}"#, #"{"a": 20}"#, #"{"a": -20}"#]),
        PatternCase(
            "less: also of numbers beyond EventBridge's range", #"{"a": [{"numeric": ["<", -10]}]}"#,
            matches: [#"{"a": -11}"#, #"{"a": -1e300}"#, #"{"a": -10.5}"#], not: [#"{"a": -10}"#, #"{"a": 11}"#]),
        PatternCase(
            "greater: also of a time in milliseconds", #"{"a": [{"numeric": [">", 5000000000]}]}"#,
            matches: [#"{"a": 1780000000000}"#], not: [#"{"a": 5e9}"#, #"{"a": 1e-999999999}"#]),
        PatternCase(
            "equal", #"{"a": [{"numeric": ["=", 3.018e2]}]}"#, matches: [#"{"a": 301.8}"#, #"{"a": 301.800}"#],
            not: [#"{"a": 301.80000000000000001}"#, #"{"a": 302}"#]),
        PatternCase(
            "an exponent out of range is no number", #"{"a": [{"numeric": [">", 0]}]}"#,
            matches: [#"{"a": 1e999999999}"#],
            not: [#"{"a": 1e99999999999999999999999}"#]),
    ]

    @Test("numeric compares numbers exactly", arguments: numericCases)
    func numeric(row: PatternCase) throws { try row.check() }

    static let anythingButCases: [PatternCase] = [
        PatternCase(
            "a string", #"{"a": [{"anything-but": "x"}]}"#,
            matches: [#"{"a": "y"}"#, #"{"a": 1}"#, #"{"a": null}"#, #"{"a": false}"#, #"{"a": ["x", "y"]}"#],
            not: [#"{"a": "x"}"#, "{}", #"{"a": ["x"]}"#, #"{"a": []}"#, #"{"a": {"b": "y"}}"#]),
        PatternCase(
            "strings", #"{"a": [{"anything-but": ["x", "y"]}]}"#, matches: [#"{"a": "z"}"#],
            not: [#"{"a": "x"}"#, #"{"a": "y"}"#]),
        PatternCase(
            "a number", #"{"a": [{"anything-but": 123}]}"#, matches: [#"{"a": 124}"#, #"{"a": "123"}"#],
            not: [#"{"a": 123.0}"#, "{}"]),
        PatternCase(
            "numbers", #"{"a": [{"anything-but": [100, 2e2]}]}"#, matches: [#"{"a": 300}"#, #"{"a": true}"#],
            not: [#"{"a": 100}"#, #"{"a": 200}"#]),
        PatternCase(
            "prefix", #"{"a": [{"anything-but": {"prefix": "init"}}]}"#, matches: [#"{"a": "Init"}"#, #"{"a": 1}"#],
            not: [#"{"a": "initializing"}"#, "{}"]),
        PatternCase(
            "prefixes", #"{"a": [{"anything-but": {"prefix": ["b", "c"]}}]}"#, matches: [#"{"a": "ab"}"#],
            not: [#"{"a": "bx"}"#, #"{"a": "c"}"#]),
        PatternCase(
            "suffix", #"{"a": [{"anything-but": {"suffix": [".txt", ".rtf"]}}]}"#, matches: [#"{"a": "x.png"}"#],
            not: [#"{"a": "x.txt"}"#, #"{"a": "x.rtf"}"#]),
        PatternCase(
            "equals-ignore-case", #"{"a": [{"anything-but": {"equals-ignore-case": ["Stopped", "idle"]}}]}"#,
            matches: [#"{"a": "stoppe"}"#], not: [#"{"a": "STOPPED"}"#, #"{"a": "Idle"}"#]),
        PatternCase(
            "wildcard", #"{"a": [{"anything-but": {"wildcard": ["*/lib/*", "*.jar"]}}]}"#,
            matches: [#"{"a": "/usr/bin/x"}"#, #"{"a": null}"#], not: [#"{"a": "/usr/lib/x"}"#, #"{"a": "x.jar"}"#]),
    ]

    @Test("anything-but matches every value that it does not name", arguments: anythingButCases)
    func anythingBut(row: PatternCase) throws { try row.check() }

    @Test("Only an object can match, even if every field may be absent")
    func noObject() throws {
        let pattern = try EventPattern(["a": [["exists": false]]])
        #expect(pattern.matches([:]))
        for event: JSON in [nil, true, 1, "a", [], [[:]]] { #expect(!pattern.matches(event)) }
    }
}

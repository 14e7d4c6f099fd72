import JSON
import Testing

@testable import SourceMapping

@Suite struct EventPatternErrorTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let pattern: String
        let location: String
        let problem: String
        var testDescription: String { pattern }

        init(_ pattern: String, _ location: String, _ problem: String) {
            (self.pattern, self.location, self.problem) = (pattern, location, problem)
        }
    }

    static let structure = [
        Row(#"["a"]"#, "", "the pattern is a list"),
        Row("null", "", "the pattern is null"),
        Row("{}", "", "the object is empty"),
        Row(#"{"detail": {"x": {}}}"#, "detail.x", "the object is empty"),
        Row(#"{"detail": {"state": "running"}}"#, "detail.state", "the value is a string, not a list or an object"),
        Row(#"{"a": 5}"#, "a", "the value is a number, not a list or an object"),
        Row(#"{"a": []}"#, "a", "the list is empty and matches nothing"),
        Row(#"{"a": [1, [2]]}"#, "a[1]", "the value is a list in a list"),
        Row(#"{"x y": {"it's": [{}]}}"#, #"['x y']['it\'s'][0]"#, "the object has 0 operators instead of one"),
        Row(#"{"\u202ea": 1}"#, #"['\u{202e}a']"#, "the value is a number, not a list or an object"),
        Row(#"{"$or": {"a": [1]}}"#, "$or", "$or is an object"),
        Row(#"{"$or": [{"a": [1]}]}"#, "$or", "$or has 1 of at least 2 alternatives"),
        Row(#"{"a": {"$or": [{"a": [1]}, 2]}}"#, "a.$or[1]", "the alternative is a number"),
        Row(#"{"$or": [{"a": [1]}, {}]}"#, "$or[1]", "the object is empty"),
        Row(#"{"a": [1], "$or": [{"a": [2]}, {"b": [3]}]}"#, "a", "the field has two conditions that apply together"),
        Row(
            #"{"a": {"b": [1]}, "$or": [{"a": {"b": {"c": [2]}}}, {"b": [3]}]}"#, "a.b",
            "the field has two conditions that apply together"),
    ]

    static let operators = [
        Row(#"{"a": [{"regex": "x"}]}"#, "a[0]", #"unknown operator "regex""#),
        Row(#"{"a": [{"exactly": "x"}]}"#, "a[0]", #"unknown operator "exactly""#),
        Row(#"{"a": [{"prefix": "x", "suffix": "y"}]}"#, "a[0]", "the object has 2 operators instead of one"),
        Row(#"{"a": ["x", {"prefix": 1}]}"#, "a[1].prefix", "the value is a number"),
        Row(#"{"a": [{"prefix": ["x"]}]}"#, "a[0].prefix", "the value is a list"),
        Row(#"{"a": [{"prefix": {"wildcard": "x"}}]}"#, "a[0].prefix", #"unknown operator "wildcard""#),
        Row(
            #"{"a": [{"suffix": {"equals-ignore-case": 1}}]}"#, "a[0].suffix.equals-ignore-case",
            "the value is a number"),
        Row(#"{"a": [{"equals-ignore-case": ["x"]}]}"#, "a[0].equals-ignore-case", "the value is a list"),
        Row(#"{"a": [{"wildcard": true}]}"#, "a[0].wildcard", "the value is a boolean"),
        Row(#"{"a": [{"wildcard": "x**y"}]}"#, "a[0].wildcard", "two wildcards in sequence at byte 1"),
        Row(#"{"a": [{"wildcard": "\\x"}]}"#, "a[0].wildcard", "a backslash escapes nothing at byte 0"),
        Row(#"{"a": [{"wildcard": "ä\\"}]}"#, "a[0].wildcard", "a backslash escapes nothing at byte 2"),
        Row(#"{"a": [{"exists": "true"}]}"#, "a[0].exists", "the value is a string"),
        Row(#"{"a": [{"cidr": 10}]}"#, "a[0].cidr", "the value is a number"),
    ]

    static let blocks = [
        "10.0.0.0", "10.0.0.0/33", "10.0.0/8", "010.0.0.0/8", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/8/8", "/8",
        "10.0.0.256/8",
        "::/129", "1:2:3:4:5:6:7/8", "1:2:3:4:5:6:7:8:9/8", ":1::2/8", "1::2::3/8", "1:::2/8", "12345::/8", "g::/8",
        "1:2:3:4:5:6:7::8/8", "::1.2.3/8", "1.2.3.4::/8", "fe80::1%eth0/64", "host/8", "",
    ].map { Row(#"{"a": [{"cidr": "\#($0)"}]}"#, "a[0].cidr", "\"\($0)\" is not an address block") }

    static let anythingBut = [
        Row(#"{"a": [{"anything-but": null}]}"#, "a[0].anything-but", "the value is null"),
        Row(#"{"a": [{"anything-but": true}]}"#, "a[0].anything-but", "the value is a boolean"),
        Row(#"{"a": [{"anything-but": []}]}"#, "a[0].anything-but", "the list is empty"),
        Row(#"{"a": [{"anything-but": ["x", 1]}]}"#, "a[0].anything-but", "the list has strings and numbers"),
        Row(#"{"a": [{"anything-but": ["x", null]}]}"#, "a[0].anything-but[1]", "the value is null"),
        Row(#"{"a": [{"anything-but": {"numeric": [">", 1]}}]}"#, "a[0].anything-but", #"unknown operator "numeric""#),
        Row(#"{"a": [{"anything-but": {"prefix": ""}}]}"#, "a[0].anything-but.prefix", "the text is empty"),
        Row(#"{"a": [{"anything-but": {"suffix": ["x", ""]}}]}"#, "a[0].anything-but.suffix[1]", "the text is empty"),
        Row(#"{"a": [{"anything-but": {"suffix": [""]}}]}"#, "a[0].anything-but.suffix[0]", "the text is empty"),
        Row(#"{"a": [{"anything-but": {"suffix": []}}]}"#, "a[0].anything-but.suffix", "the list is empty"),
        Row(#"{"a": [{"anything-but": {"wildcard": ["x", "**"]}}]}"#, "a[0].anything-but.wildcard[1]", "two wildcards"),
        Row(
            #"{"a": [{"anything-but": {"equals-ignore-case": 1}}]}"#, "a[0].anything-but.equals-ignore-case",
            "the value is a number"),
        Row(
            #"{"a": [{"anything-but": {"prefix": {"equals-ignore-case": "x"}}}]}"#, "a[0].anything-but.prefix",
            "the value is"),
    ]

    static let numeric = [
        Row(#"{"a": [{"numeric": 5}]}"#, "a[0].numeric", "the value is a number"),
        Row(#"{"a": [{"numeric": []}]}"#, "a[0].numeric", "the list has 0 elements instead of 2 or 4"),
        Row(#"{"a": [{"numeric": [">", 1, "<"]}]}"#, "a[0].numeric", "the list has 3 elements instead of 2 or 4"),
        Row(#"{"detail": {"state": [{"numeric": ["!=", 5]}]}}"#, "detail.state[0].numeric[0]", "not a comparison"),
        Row(#"{"a": [{"numeric": [5, ">"]}]}"#, "a[0].numeric[0]", "not a comparison"),
        Row(#"{"a": [{"numeric": ["=", "5"]}]}"#, "a[0].numeric[1]", "not a number between"),
        Row(#"{"a": [{"numeric": ["=", 5000000000.000001]}]}"#, "a[0].numeric[1]", "not a number between"),
        Row(#"{"a": [{"numeric": ["=", -5.1e9]}]}"#, "a[0].numeric[1]", "not a number between"),
        Row(#"{"a": [{"numeric": ["=", 0.0000001]}]}"#, "a[0].numeric[1]", "not a number between"),
        Row(#"{"a": [{"numeric": ["<", 5, ">", 1]}]}"#, "a[0].numeric", "not a lower and an upper limit"),
        Row(#"{"a": [{"numeric": ["=", 5, "=", 6]}]}"#, "a[0].numeric", "not a lower and an upper limit"),
        Row(#"{"a": [{"numeric": [">", 5, "=", 6]}]}"#, "a[0].numeric", "not a lower and an upper limit"),
        Row(#"{"a": [{"numeric": [">", 5, ">", 6]}]}"#, "a[0].numeric", "not a lower and an upper limit"),
        Row(#"{"a": [{"numeric": [">=", 5, "<=", 5.0]}]}"#, "a[0].numeric", "the lower limit is not less than"),
    ]

    static let all = structure + operators + blocks + anythingBut + numeric

    @Test("Each error names its location, the problem and what to write instead", arguments: all)
    func errors(row: Row) throws {
        let error = #expect(throws: EventPatternError.self) { try EventPattern(JSON(parsing: row.pattern)) }
        #expect(error?.location == row.location)
        #expect(error?.problem.contains(row.problem) == true, "\(error?.problem ?? "")")
        #expect(error?.fix.hasSuffix(".") == true)
    }

    @Test("An error is one line: location, problem and fix")
    func description() {
        let error = #expect(throws: EventPatternError.self) { try EventPattern(["detail": ["state": "running"]]) }
        #expect(
            error?.description == "detail.state: the value is a string, not a list or an object. "
                + #"Write a list, even of one value: ["running"]."#)
        let whole = #expect(throws: EventPatternError.self) { try EventPattern([]) }
        #expect(whole?.description.hasPrefix("event pattern: the pattern is a list. ") == true)
    }

    @Test("The limits of EventBridge on numeric are accepted")
    func numericLimits() throws {
        for number in ["5e9", "-5.0e9", "0.000001", "4999999999.999999", "0.10000000"] {
            _ = try EventPattern(JSON(parsing: #"{"a": [{"numeric": ["=", \#(number)]}]}"#))
        }
    }

    @Test("Of several errors, the first by name is reported, in every run")
    func order() {
        for _ in 0..<20 {
            let error = #expect(throws: EventPatternError.self) {
                try EventPattern(["c": 1, "b": 1, "a": ["z": 1, "y": 1], "d": 1])
            }
            #expect(error?.location == "a.y")
        }
    }

    @Test(
        "Operators cannot be names inside of $or, at any depth; outside they can",
        arguments: ["prefix", "exactly", "anything-but", "cidr", "<=", "regex", "ip-address-not-in-range"])
    func reservedNames(name: String) throws {
        let field = #""\#(name)": [1]"#
        #expect(try EventPattern(JSON(parsing: "{\(field)}")).matches(JSON(parsing: #"{"\#(name)": 1}"#)))
        for pattern in [#"{"$or": [{\#(field)}, {"a": [1]}]}"#, #"{"$or": [{"a": [1]}, {"b": {\#(field)}}]}"#] {
            let error = #expect(throws: EventPatternError.self) { try EventPattern(JSON(parsing: pattern)) }
            #expect(error?.problem.contains("reserved") == true)
        }
    }
}

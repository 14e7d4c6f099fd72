import JSON
import Testing

@testable import SourceMapping

/// Objects, arrays and `$or`.
@Suite struct EventPatternStructureTests {
    static let objects: [PatternCase] = [
        PatternCase(
            "all fields must match", #"{"a": [1], "b": {"c": [2], "d": [3]}}"#,
            matches: [#"{"a": 1, "b": {"c": 2, "d": 3}, "e": 4}"#],
            not: [#"{"a": 1, "b": {"c": 2}}"#, #"{"a": 1}"#, #"{"b": {"c": 2, "d": 3}}"#, #"{"a": 1, "b": 2}"#]),
        PatternCase(
            "a missing object has no fields", #"{"a": {"b": {"c": [{"exists": false}]}}}"#,
            matches: ["{}", #"{"a": 1}"#, #"{"a": []}"#, #"{"a": {"b": {}}}"#, #"{"a": {"b": [1, {}]}}"#],
            not: [#"{"a": {"b": {"c": 1}}}"#, #"{"a": [{"b": [{"c": 1}]}]}"#]),
    ]

    static let arrays: [PatternCase] = [
        PatternCase(
            "one element is enough", #"{"a": ["x", "y"]}"#,
            matches: [#"{"a": ["z", "y"]}"#, #"{"a": [["z"], [["x"]]]}"#],
            not: [#"{"a": ["z"]}"#, #"{"a": []}"#, #"{"a": [{"a": "x"}]}"#]),
        PatternCase(
            "fields match in the same element", #"{"a": {"b": [1], "c": [2]}}"#,
            matches: [#"{"a": [{"b": 1}, {"b": 1, "c": 2}]}"#, #"{"a": [[{"c": 2, "b": 1}], 3]}"#],
            not: [#"{"a": [{"b": 1}, {"c": 2}]}"#, #"{"a": [[{"b": 1}], [{"c": 2}]]}"#]),
        PatternCase(
            "fields of an outer element match with one inner element", #"{"a": {"b": [1], "c": {"d": [2], "e": [3]}}}"#,
            matches: [#"{"a": [{"b": 1, "c": [{"d": 2}, {"d": 2, "e": 3}]}]}"#],
            not: [
                #"{"a": [{"b": 1, "c": [{"d": 2}, {"e": 3}]}]}"#,
                #"{"a": [{"b": 1}, {"c": [{"d": 2, "e": 3}]}]}"#,
            ]),
        PatternCase(
            "different arrays are independent", #"{"a": {"x": [1]}, "b": {"x": [2]}}"#,
            matches: [#"{"a": [{"x": 1}, {}], "b": [{}, {"x": 2}]}"#], not: [#"{"a": [{"x": 1}], "b": [{"x": 1}]}"#]),
        PatternCase(
            "absence applies to the element in which the other fields match",
            #"{"a": {"b": [{"exists": false}], "c": [1]}}"#, matches: [#"{"a": [{"b": 1}, {"c": 1}]}"#],
            not: [#"{"a": [{"b": 1, "c": 1}, {}]}"#]),
        PatternCase(
            "absence alone applies to all elements", #"{"a": {"b": [{"exists": false}], "c": [{"exists": false}, 1]}}"#,
            matches: [#"{"a": [{}, {"d": 1}, 5]}"#, #"{"a": [{"b": 2}, {"c": 1}]}"#],
            not: [#"{"a": [{}, {"b": 1}]}"#, #"{"a": [{}, {"c": 2}]}"#]),
    ]

    static let alternatives: [PatternCase] = [
        PatternCase(
            "one alternative is enough, and the fields beside it must match",
            #"{"s": [1], "$or": [{"a": [1]}, {"b": [2]}]}"#,
            matches: [#"{"s": 1, "a": 1}"#, #"{"s": 1, "a": 3, "b": 2}"#],
            not: [#"{"s": 1}"#, #"{"a": 1}"#, #"{"s": 1, "a": 2, "b": 1}"#]),
        PatternCase(
            "$or in $or and in a nested object",
            #"{"a": {"$or": [{"b": [1]}, {"$or": [{"c": [2]}, {"d": {"e": [3]}}]}]}}"#,
            matches: [#"{"a": {"b": 1}}"#, #"{"a": {"c": 2}}"#, #"{"a": {"d": {"e": 3}}}"#],
            not: [#"{"b": 1}"#, #"{"a": {"d": 3}}"#, #"{"a": {}}"#]),
        PatternCase(
            "an object inside and outside of $or is one object",
            #"{"a": {"b": [1]}, "$or": [{"a": {"c": [2]}}, {"d": [3]}]}"#,
            matches: [#"{"a": [{"b": 1, "c": 2}]}"#, #"{"a": {"b": 1}, "d": 3}"#],
            not: [#"{"a": [{"b": 1}, {"c": 2}]}"#, #"{"d": 3}"#]),
        PatternCase(
            "two lists multiply", #"{"x": {"$or": [{"a": [1]}, {"b": [1]}]}, "y": {"$or": [{"a": [1]}, {"b": [1]}]}}"#,
            matches: [#"{"x": {"a": 1}, "y": {"b": 1}}"#, #"{"x": {"b": 1}, "y": {"b": 1}}"#],
            not: [#"{"x": {"a": 1, "b": 1}}"#]),
        PatternCase(
            "an alternative by absence", #"{"$or": [{"a": [{"exists": false}]}, {"a": [null]}]}"#,
            matches: ["{}", #"{"a": null}"#], not: [#"{"a": 1}"#]),
    ]

    @Test("Objects, arrays and alternatives", arguments: objects + arrays + alternatives)
    func structure(row: PatternCase) throws { try row.check() }

    @Test("Arrays nested 1,000 deep count as one array")
    func deepEvent() throws {
        var deep: JSON = ["b": 1]
        for _ in 0..<1_000 { deep = [deep] }
        #expect(try EventPattern(["a": ["b": [1]]]).matches(["a": deep]))
        #expect(try !EventPattern(["a": [1]]).matches(["a": deep]))
    }

    @Test("Hostile text in an event is text: NUL, right-to-left marks and long runs of combining marks")
    func hostileText() throws {
        let marks = "e" + String(repeating: "\u{301}\u{323}", count: 10_000)
        let pattern = try EventPattern(["a": ["x\u{0}y", "\u{202E}z", .string("\u{E9}")]])
        #expect(pattern.matches(["a": "x\u{0}y"]))
        #expect(pattern.matches(["a": "\u{202E}z"]))
        #expect(!pattern.matches(["a": "x"]))
        #expect(!pattern.matches(["a": "z"]))
        #expect(!pattern.matches(["a": .string(marks)]))
    }
}

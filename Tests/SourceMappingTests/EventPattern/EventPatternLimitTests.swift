import JSON
import TestSupport
import Testing

@testable import SourceMapping

/// Limits on patterns, and the cost of matching.
@Suite struct EventPatternLimitTests {
    private func problem(_ pattern: JSON) -> String? {
        do {
            _ = try EventPattern(pattern)
            return nil
        } catch {
            return error.problem
        }
    }

    @Test("Objects nest up to 32 deep")
    func depth() {
        var pattern: JSON = ["a": [1]]
        for _ in 1..<32 { pattern = ["a": pattern] }
        #expect(problem(pattern) == nil)
        #expect(problem(["a": pattern]) == "the pattern is nested deeper than 32 levels")
    }

    @Test("$or counts as a level")
    func depthOfOr() {
        var pattern: JSON = ["a": [1]]
        for _ in 1..<32 { pattern = ["$or": [pattern, ["b": [1]]]] }
        #expect(problem(pattern) == nil)
        #expect(problem(["$or": [pattern, ["b": [1]]]]) == "the pattern is nested deeper than 32 levels")
    }

    @Test("A pattern has up to 1,000 values, including those of anything-but")
    func values() {
        func pattern(_ count: Int) -> JSON {
            ["a": [["anything-but": .array((1..<count - 1).map { .integer($0) })], 1]]
        }
        #expect(problem(pattern(1_000)) == nil)
        #expect(problem(pattern(1_001)) == "the pattern has more than 1000 values")
    }

    /// An object with `$or` of so many fields.
    private func alternatives(_ count: Int) -> JSON {
        ["$or": .array((0..<count).map { .object([UTF8Text("f\($0)"): [1]]) })]
    }

    @Test("$or allows up to 1,000 combinations; the lists multiply")
    func combinations() {
        #expect(problem(["a": alternatives(10), "b": alternatives(10), "c": alternatives(10)]) == nil)
        #expect(
            problem(["a": alternatives(10), "b": alternatives(10), "c": alternatives(11)])
                == "the $or lists up to here allow 1100 combinations, more than 1000")
        #expect(
            problem(["$or": [["a": alternatives(900)], alternatives(101)]])?.contains("more than 1000") == true)
    }

    @Test("All combinations together have up to 10,000 fields")
    func fields() {
        func pattern(_ count: Int) -> JSON {
            var members = JSON.Members()
            for index in 0..<count { members["x\(index)"] = [1] }
            members["$or"] = alternatives(100)["$or"]
            return .object(members)
        }
        #expect(problem(pattern(99)) == nil)
        #expect(problem(pattern(100)) == "all combinations up to here have 10100 fields, more than 10000")
    }

    @Test("Names and strings have up to 4,096 bytes")
    func texts() {
        let (fits, long) = (String(repeating: "ä", count: 2_048), String(repeating: "a", count: 4_097))
        let expected = "the text is longer than 4096 bytes"
        #expect(problem(.object([UTF8Text(fits): [.string(fits)]])) == nil)
        #expect(problem(.object([UTF8Text(long): [1]])) == expected)
        let values: [JSON] = [
            .string(long), ["prefix": .string(long)], ["wildcard": .string(long)], ["cidr": .string(long)],
            ["anything-but": .string(long)], ["anything-but": ["suffix": [.string(long)]]],
            .number(String(repeating: "1", count: 4_097)),
        ]
        for value in values { #expect(problem(["a": [value]]) == expected) }
    }

    @Test("An error message is short, whatever the pattern contains")
    func messageLength() {
        let long = String(repeating: "\u{202E}\u{301}'\u{0}", count: 1_000)
        var pattern: JSON = [["cidr": .string(long)]]
        for _ in 0..<32 { pattern = .object([UTF8Text(long): pattern]) }
        let error = #expect(throws: EventPatternError.self) { try EventPattern(pattern) }
        let text = error?.description ?? ""
        #expect(text.utf8.count < 32 * 64 * 9 + 1_000)
        #expect(!text.unicodeScalars.contains { $0 == "\u{202E}" || $0 == "\u{0}" || $0 == "\u{301}" })
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let pattern: JSON
        /// Creates an event of this size that does not match, so that all of it is inspected.
        let event: @Sendable (Int) -> JSON
    }

    private static let marks: @Sendable (Int) -> JSON = { size in
        ["a": .string("e" + String(repeating: "\u{301}\u{323}", count: size))]
    }

    static let cases = [
        Case(testDescription: "many elements", pattern: ["a": ["x", ["prefix": "y"], ["numeric": [">", 5]]]]) { size in
            ["a": .array((0..<size).map { .integer($0 % 5) })]
        },
        Case(testDescription: "many objects", pattern: ["a": ["b": ["c": [1], "d": [2]]]]) { size in
            ["a": .array(Array(repeating: ["b": [["c": 1], ["d": 2]]], count: size))]
        },
        Case(testDescription: "absence in many objects", pattern: ["a": ["b": ["c": [["exists": false]]]]]) { size in
            ["a": .array(Array(repeating: ["b": [[:], ["d": 2]]], count: size) + [["b": ["c": 1]]])]
        },
        Case(testDescription: "nested arrays", pattern: ["a": [1]]) { size in
            ["a": .array(Array(repeating: [[[2]], [], [[3, 4]]], count: size))]
        },
        Case(testDescription: "a long text, exact", pattern: ["a": ["e\u{301}", "é"]], event: marks),
        Case(
            testDescription: "a long text, ignoring case", pattern: ["a": [["equals-ignore-case": "É"]]], event: marks),
        Case(
            testDescription: "a long text, wildcard",
            pattern: ["a": [["wildcard": "*\u{301}\u{301}*x"], ["wildcard": "*\u{301}\u{301}*"]]],
            event: marks),
        Case(testDescription: "a long number", pattern: ["a": [5, ["numeric": ["<", 0]]]]) { size in
            ["a": .number(String(repeating: "1", count: size))]
        },
        Case(testDescription: "many names", pattern: ["x": [1], "y": [2]]) { size in
            .object(JSON.Members(uniqueKeysWithValues: (0..<size).map { (UTF8Text("n\($0)"), JSON.integer($0)) }))
        },
    ]

    @Test("Four times the event costs far less than sixteen times as much", arguments: cases)
    func linear(row: Case) throws {
        let pattern = try EventPattern(row.pattern)
        let (small, large) = (row.event(2_000), row.event(8_000))
        #expect(!pattern.matches(small))
        #expect(!pattern.matches(large))
        let ratio = CPUTime.ratio {
            for _ in 0..<5 { _ = pattern.matches(small) }
        } to: {
            for _ in 0..<5 { _ = pattern.matches(large) }
        }
        #expect(ratio < 9)
    }

    @Test("The largest patterns are parsed in time linear in their size")
    func parsing() throws {
        func wide(_ count: Int) -> JSON {
            .object(JSON.Members(uniqueKeysWithValues: (0..<count).map { (UTF8Text("n\($0)"), [.integer($0)]) }))
        }
        let (small, large) = (wide(250), wide(1_000))
        let ratio = CPUTime.ratio {
            _ = try? EventPattern(small)
        } to: {
            _ = try? EventPattern(large)
        }
        #expect(ratio < 9)
    }
}

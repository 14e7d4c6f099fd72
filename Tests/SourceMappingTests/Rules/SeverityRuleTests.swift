import JSON
import SecurityFindings
import Testing

@testable import SourceMapping

@Suite("Severities")
struct SeverityRuleTests {
    private static let steps: JSON = [
        "path": "$.risk",
        "steps": [
            ["atLeast": 9, "is": "CRITICAL"], ["atLeast": .number("7.0"), "is": "HIGH"],
            ["atLeast": 4, "is": "MEDIUM"],
            ["is": "LOW"],
        ],
    ]
    private static let map: JSON = [
        "path": "$.risk", "map": ["Critical": "CRITICAL", "4": "HIGH", "true": "LOW", "default": "MEDIUM"],
    ]

    private func rule(_ tree: JSON) throws -> SeverityRule {
        var errors = MappingErrors()
        let rule = SeverityRule(reading: TreeReader(tree), errors: &errors)
        try #require(errors.isEmpty, "\(errors)")
        return try #require(rule)
    }

    private func label(_ tree: JSON, _ risk: JSON) throws -> SecurityFinding.Severity.Label {
        try rule(tree).severity(of: ["risk": risk]).label
    }

    @Test(
        "the first step that the number reaches applies, and the last one below all thresholds",
        arguments: [
            ("10", .critical), ("9", .critical), ("9.0", .critical), ("90e-1", .critical), ("1e999", .critical),
            ("8.999999999999999999999999999", .high), ("7", .high), ("6.9", .medium), ("4", .medium), ("3.99", .low),
            ("0", .low), ("-0", .low), ("-1e999", .low), ("0.4e1", .medium),
        ] as [(String, SecurityFinding.Severity.Label)])
    func steps(number: String, expected: SecurityFinding.Severity.Label) throws {
        #expect(try label(Self.steps, .number(number)) == expected)
        #expect(try label(Self.steps, .string(number)) == expected)
    }

    @Test("a text with leading zeros is a number")
    func leadingZeros() throws { #expect(try label(Self.steps, "08") == .high) }

    @Test(
        "with steps, a value that is no number has no severity",
        arguments: ["high", " 9", "9 ", "+9", "0x9", "9,5", "nan", "inf", ".5", "9.", "1e", "--1", "٩", "9\0", "1_0"])
    func notNumeric(text: String) {
        #expect(throws: ItemError(.notNumeric, paths: ["$.risk"])) { try label(Self.steps, .string(text)) }
    }

    @Test(
        "with steps, a boolean is no number, and a missing value has no severity",
        arguments: [nil, "", [], [:]] as [JSON])
    func missing(value: JSON) {
        #expect(throws: ItemError(.notNumeric, paths: ["$.risk"])) { try label(Self.steps, true) }
        #expect(throws: ItemError(.missing, paths: ["$.risk"])) { try label(Self.steps, value) }
    }

    @Test(
        "a map compares texts byte by byte; its default is for other texts and for a missing value",
        arguments: [
            ("Critical", .critical), ("critical", .medium), ("Critical ", .medium), (4, .high), ("4", .high),
            (.number("4.0"), .medium), (true, .low), (false, .medium), (nil, .medium), ("", .medium), ([], .medium),
            ("default", .medium),
        ] as [(JSON, SecurityFinding.Severity.Label)])
    func map(value: JSON, expected: SecurityFinding.Severity.Label) throws {
        #expect(try label(Self.map, value) == expected)
    }

    @Test("a map without a default has no severity for other texts and for a missing value")
    func mapWithoutDefault() throws {
        let tree: JSON = ["path": "$.risk", "map": ["é": "HIGH"]]
        #expect(try label(tree, "é") == .high)
        #expect(throws: ItemError(.unmapped, paths: ["$.risk"])) { try label(tree, "e\u{301}") }
        #expect(throws: ItemError(.unmapped, paths: ["$.risk"])) { try label(tree, "x") }
        #expect(throws: ItemError(.missing, paths: ["$.risk"])) { try label(tree, nil) }
    }

    @Test("several values have no severity")
    func several() throws {
        for key in ["steps", "map"] {
            var tree = try #require((key == "steps" ? Self.steps : Self.map).object)
            tree["path"] = "$.risk[*]"
            #expect(throws: ItemError(.several, paths: ["$.risk[*]"])) { try label(.object(tree), [1, 2]) }
            #expect(try label(.object(tree), [nil, 4]) == (key == "steps" ? .medium : .high))
        }
    }

    @Test("one step without threshold is enough")
    func oneStep() throws {
        #expect(try label(["path": "$.risk", "steps": [["is": "INFORMATIONAL"]]], 5) == .informational)
    }
}

@Suite("Errors of severities")
struct SeverityRuleErrorTests {
    private func read(_ tree: JSON) -> [String] {
        errors(tree) { _ = SeverityRule(reading: $0, errors: &$1) }
    }

    private func readSteps(_ steps: JSON) -> [String] { read(["path": "$.a", "steps": steps]) }

    @Test("path is required, and either steps or map")
    func keys() {
        #expect(
            read([:]) == [
                "key: missing key path. Add it, for example path: $.risk.",
                "key: neither steps, map nor suffixes. Add steps: [{atLeast: 7, is: HIGH}, {is: LOW}] for numbers, map: "
                    + "{Critical: CRITICAL, default: MEDIUM} for words, or suffixes: {-Critical: CRITICAL, default: MEDIUM} "
                    + "for names that end with a word.",
            ])
        #expect(
            read(["path": "$.a", "steps": [["is": "LOW"]], "map": ["default": "LOW"]])
                == [
                    "key: several of steps, map and suffixes. Keep steps for numbers, map for words, or suffixes for names that "
                        + "end with a word."
                ])
        #expect(
            read("HIGH") == [
                "key: text instead of keys and values. Write keys and values, for example {path: $.risk, steps: "
                    + "[{atLeast: 7, is: HIGH}, {is: LOW}]}."
            ])
    }

    @Test("all errors are found, each with its location")
    func allErrors() {
        let tree: JSON = [
            "path": "risk", "step": [],
            "steps": [
                ["atLeast": 4, "is": "MEDIUM"], ["atLeast": 9, "is": "critical"], ["is": "LOW"], 5,
                ["atLeast": "3", "is": "LOW", "label": 1], ["atLeast": 1],
            ],
        ]
        #expect(
            read(tree) == [
                "key.step: unknown key. Did you mean steps?",
                "key.path, column 1: A path begins with $. Write $.name for a member.",
                "key.steps[1].is: unknown word \"critical\". Write CRITICAL. All words: INFORMATIONAL, LOW, MEDIUM, HIGH, CRITICAL.",
                "key.steps[1].atLeast: 9 is not below the threshold of the step ahead of it, so this step never applies. "
                    + "Sort the steps by atLeast, highest first.",
                "key.steps[2]: missing key atLeast. Add it, for example atLeast: 7.",
                "key.steps[3]: a number instead of keys and values. Write keys and values, for example {atLeast: 7, is: HIGH}.",
                "key.steps[4].label: unknown key. Remove it, or use one of atLeast, is.",
                "key.steps[4].atLeast: text instead of a number. Write a number, for example atLeast: 7.",
                "key.steps[5]: missing key is. Add it, for example is: HIGH.",
                "key.steps[5].atLeast: last step with a threshold: lower numbers have no severity. Add a step without atLeast "
                    + "at the end, for example {is: LOW}.",
            ])
    }

    @Test("thresholds that are equal in value do not descend")
    func equalThresholds() {
        let steps: JSON = [["atLeast": 7, "is": "HIGH"], ["atLeast": .number("7.0"), "is": "LOW"], ["is": "LOW"]]
        #expect(readSteps(steps).count == 1)
    }

    @Test("a threshold with an exponent beyond the limit is rejected")
    func hugeThreshold() {
        let number = JSON.number("1e1000000001")
        #expect(
            readSteps([["atLeast": number, "is": "HIGH"], ["is": "LOW"]])
                == ["key.steps[0].atLeast: number whose exponent is too large. Write a number, for example atLeast: 7."]
        )
    }

    @Test("the numbers of steps and of texts are limited")
    func counts() {
        func steps(_ count: Int) -> JSON {
            .array((1..<count).map { ["atLeast": .integer(-$0), "is": "LOW"] } + [["is": "LOW"]])
        }
        #expect(readSteps(steps(32)) == [])
        #expect(readSteps(steps(33)) == ["key.steps: list of 33 elements. Write at most 32."])
        #expect(readSteps([]).count == 1)
        func map(_ count: Int) -> JSON {
            ["path": "$.a", "map": JSON(texts: Dictionary(uniqueKeysWithValues: (0..<count).map { ("\($0)", "LOW") }))]
        }
        #expect(read(map(256)) == [])
        #expect(read(map(257)) == ["key.map: 257 keys. Write at most 256."])
        #expect(read(map(0)).count == 1)
    }

    @Test("a map's labels are read, with the location of each error")
    func mapLabels() {
        #expect(
            read(["path": "$.a", "map": ["Very high": "HIHG", "default": 3, "x": nil]]) == [
                "key.map['Very high']: unknown word \"HIHG\". Write HIGH. All words: INFORMATIONAL, LOW, MEDIUM, HIGH, CRITICAL.",
                "key.map.default: a number instead of text. Write text, for example INFORMATIONAL.",
                "key.map.x: no value instead of text. Write text, for example INFORMATIONAL.",
            ])
    }
}

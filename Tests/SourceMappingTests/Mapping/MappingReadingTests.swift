import JSON
import Testing

@testable import SourceMapping

@Suite("Reading of mappings")
struct MappingReadingTests {
    private func problems(_ members: JSON.Members, without key: UTF8Text? = nil) -> [String] {
        var tree = MappingSamples.minimal.merging(members) { _, new in new }
        if let key { tree[key] = nil }
        var errors = MappingErrors()
        let mapping = Mapping(reading: TreeReader(.object(tree)), errors: &errors)
        #expect((mapping == nil) == !errors.isEmpty)
        return errors.errors.map(\.description)
    }

    @Test("the required keys are enough, and each one is required", arguments: Array(MappingSamples.minimal.keys))
    func required(key: UTF8Text) {
        #expect(problems([:]) == [])
        let problems = problems([:], without: key)
        #expect(
            problems.count == 1 && problems[0].hasPrefix("mapping: missing key \(key). Add it, for example \(key): "))
    }

    @Test("all errors are found at once")
    func all() {
        let problems = problems([
            "idd": 1, "id": "$.id", "title": "{$.name", "ignore": ["a": 1], "each": "alerts", "tests": [["message": 1]],
        ])
        #expect(problems.count == 6)
        for start in [
            "idd: unknown key. Did you mean id?", "each, column 1:", "ignore: a:", "id: text instead",
            "title, column 1:",
            "tests[0]: missing key expect",
        ] {
            #expect(problems.contains { $0.hasPrefix(start) }, "\(start): \(problems)")
        }
    }

    struct Rejection: CustomTestStringConvertible, Sendable {
        let key: UTF8Text
        let value: JSON
        let problem: String
        var testDescription: String { problem }

        init(_ key: UTF8Text, _ value: JSON, _ problem: String) {
            (self.key, self.value, self.problem) = (key, value, problem)
        }
    }

    @Test(
        "a value that cannot work is an error with its place",
        arguments: [
            Rejection("about", 7, "about: a number instead of text"),
            Rejection("decode", "xml", "decode: unknown word \"xml\". Use one of json."),
            Rejection("decode", ["cefs": "$.a"], "decode.cefs: unknown key. Did you mean cef?"),
            Rejection("decode", ["cef": "a"], "decode.cef, column 1: A path begins with $"),
            Rejection("accounts", "$.a", "accounts: text instead of a list"),
            Rejection("archivesGroupWhen", ["a": [1]], "archivesGroupWhen: no group to archive"),
            Rejection("archivesGroupAt", ["path": "$.t", "as": "iso8601"], "archivesGroupAt: no archivesGroupWhen"),
            Rejection("time", ["path": "$.t", "as": "iso"], "time.as: unknown word \"iso\""),
            Rejection("types", ["Unknown/A"], "types[0]: unknown namespace"),
            Rejection("types", ["TTP/A"], "types[0]: unknown namespace"),
            Rejection("types", [["first": ["{$.type}"]]], "types[0]: unknown namespace"),
            Rejection("resources", [], "resources: empty list"),
            Rejection(
                "resources", .array(Array(repeating: ["type": "Other", "id": "a"], count: 33)),
                "resources: list of 33 elements"),
            Rejection("resources", [["id": "a"]], "resources[0]: missing key type"),
            Rejection(
                "resources", [["type": "Other", "id": "a", "details": ["A": "{$.a}"]]],
                "resources[0].details.A, column 1:"),
            Rejection("productFields", ["aws/a": "$.a"], "productFields['aws/a']: reserved name"),
            Rejection(
                "productFields", ["defender-bridge/time": "$.a"], "productFields['defender-bridge/time']: reserved name"
            ),
            Rejection("sourceUrl", "ftp://{$.a}", "sourceUrl: no URL"),
            Rejection("remediation", ["url": "https://a"], "remediation: missing key text"),
            Rejection(
                "tests", [["message": 1, "expect": ["error": "ID"]]],
                "tests[0].expect.error: unknown word \"ID\". Write id"),
            Rejection(
                "tests", [["message": 1, "expect": ["error": "id", "title": "a"]]], "tests[0].expect: several outcomes"),
            Rejection(
                "tests", [["message": 1, "expect": ["ignored": "yes"]]],
                "tests[0].expect.ignored: text instead of true or false"),
        ])
    func rejected(rejection: Rejection) {
        let problems = problems([rejection.key: rejection.value])
        #expect(problems.first?.hasPrefix(rejection.problem) == true, "\(problems)")
    }

    @Test("names and counts of fields have limits")
    func limits() {
        func fields(_ count: Int) -> JSON {
            .object(.init(uniqueKeysWithValues: (0..<count).map { (UTF8Text("plant/\($0)"), "$.a") }))
        }
        #expect(problems(["productFields": fields(40)]) == [] && problems(["productFields": fields(41)]).count == 1)
        let long = UTF8Text(String(repeating: "x", count: 129))
        #expect(problems(["productFields": .object([long: "$.a"])]).count == 1)
        let resource: JSON = ["type": "Other", "id": "a", "details": fields(50)]
        #expect(problems(["resources": .array(Array(repeating: resource, count: 4))]) == [])
        #expect(problems(["resources": .array(Array(repeating: resource, count: 5))]).count == 1)
    }

    @Test("a test in the file passes only if its item becomes what it expects")
    func tests() throws {
        let mapping = try MappingSamples.mapping([
            "ignore": ["kind": ["test"]], "group": ["$.site"], "archivesGroupWhen": ["kind": ["removal"]],
            "tests": [
                [
                    "message": MappingSamples.item(),
                    "expect": [
                        "id": "7", "title": "Alarm", "recordState": "ACTIVE", "severity": "MEDIUM",
                        "description": "Pump runs dry.", "resources": ["pump-17"],
                    ],
                ],
                [
                    "message": MappingSamples.item(),
                    "expect": [
                        "id": "8", "title": "alarm", "recordState": "ARCHIVED", "severity": "LOW", "description": "-",
                        "resources": ["a", "b"],
                    ],
                ],
                ["message": ["kind": "test"], "expect": ["ignored": true]],
                ["message": ["kind": "test"], "expect": ["title": "Alarm"]],
                ["message": MappingSamples.item(), "expect": ["ignored": true]],
                ["message": ["kind": "removal", "site": "a"], "expect": ["archivesGroup": "a"]],
                ["message": ["kind": "removal", "site": "a"], "expect": ["archivesGroup": "b"]],
                ["message": MappingSamples.item(), "expect": ["archivesGroup": "b"]],
                ["message": MappingSamples.item(["id": nil]), "expect": ["error": "id"]],
                ["message": MappingSamples.item(["id": nil]), "expect": ["error": "title"]],
                ["message": MappingSamples.item(), "expect": ["error": "id"]],
                ["message": [1, 2], "expect": ["title": "Alarm"]],
            ],
        ])
        #expect(mapping.tests.map { mapping.differences(in: $0).count } == [0, 6, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1])
    }
}

package import JSON
import SourceMapping

/// The result of a mapping's tests.
package struct MappingTestReport: Sendable {
    private struct Failure {
        let number: Int
        let line: Int
        let name: String?
        let differences: [String]

        /// The test with its name.
        var test: String { "test \(number)" + (name.map { " (\($0))" } ?? "") }
    }

    private let mapping: String
    private let count: Int
    private let failures: [Failure]

    /// Runs the tests of a mapping file.
    package init(_ file: MappingFile) {
        mapping = file.name
        count = file.mapping.tests.count
        failures = file.mapping.tests.enumerated().compactMap { index, test in
            let differences = file.mapping.differences(in: test)
            guard !differences.isEmpty else { return nil }
            return Failure(
                number: index + 1, line: file.testLines[index], name: test.name, differences: differences)
        }
    }

    /// Whether no test failed.
    package var hasPassed: Bool { failures.isEmpty }

    /// The differences, which may contain what to do, as errors with file and line.
    var errors: [ConfigurationError] {
        failures.flatMap { failure in
            failure.differences.map { difference in
                let fix = difference.hasSuffix(".") ? "" : ". Correct the mapping or the test."
                return ConfigurationError("\(mapping):\(failure.line)", "\(failure.test): \(difference)\(fix)")
            }
        }
    }

    /// A line for each difference, then one with the numbers of tests.
    package var lines: [String] {
        let differences = failures.flatMap { failure in
            failure.differences.map { "\(mapping): \(failure.test): \($0)" }
        }
        let summary =
            switch (count, failures.count) {
            case (0, _): "no tests"
            case (_, 0): count == 1 ? "1 test passed" : "\(count) tests passed"
            default: "\(failures.count) of \(count) tests failed"
            }
        return differences + ["\(mapping): \(summary)."]
    }

    /// The report as JSON.
    package var json: JSON {
        [
            "mapping": .string(mapping), "tests": .integer(count), "passed": .bool(hasPassed),
            "failures": .array(
                failures.map { failure in
                    [
                        "test": .integer(failure.number), "name": failure.name.map(JSON.string) ?? .null,
                        "differences": .array(failure.differences.map(JSON.string)),
                    ]
                }),
        ]
    }
}

import JSON
import SecurityFindings

/// A message in a mapping file, with what its only item is expected to become.
package struct MappingTest: Sendable {
    /// What is expected; nil for what the test does not check.
    struct Expectation: Sendable {
        /// The parts of the finding's ID, as they stand in it after the source's name.
        var id: String?
        var recordState: SecurityFinding.RecordState?
        var severity: SecurityFinding.Severity.Label?
        var title: String?
        var description: String?
        var resources: [String]?
        var isIgnored: Bool?
        /// The group whose findings are archived.
        var archivesGroup: String?
        /// The key that has no result.
        var error: MappingKey?
    }

    /// The name; nil if it has none.
    package let name: String?
    /// The message as a sender writes it, for example to show it.
    let message: JSON
    let expectation: Expectation
}

extension MappingTest {
    private enum Key: String, CaseIterable { case name, message, expect }
    private enum ExpectKey: String, CaseIterable {
        case id, recordState, severity, title, description, resources, ignored, archivesGroup, error
    }

    /// Reads `{name, message, expect: {id, recordState, severity, …}}`.
    init?(reading tree: TreeReader, errors: inout MappingErrors) {
        guard let object = tree.object(Key.self, example: "{message: {…}, expect: {…}}", errors: &errors) else {
            return nil
        }
        name = object.optional(.name, errors: &errors)?.text(example: "closed alert", errors: &errors)
        let message = object.required(.message, example: "{id: 7}", errors: &errors)?.value
        let expectation = object.required(.expect, example: "{recordState: ACTIVE}", errors: &errors)
            .flatMap { Self.expectation($0, errors: &errors) }
        guard let message, let expectation else { return nil }
        self.message = message
        self.expectation = expectation
    }

    private static func expectation(_ tree: TreeReader, errors: inout MappingErrors) -> Expectation? {
        guard let object = tree.object(ExpectKey.self, example: "{recordState: ACTIVE}", errors: &errors) else {
            return nil
        }
        func text(_ key: ExpectKey, _ errors: inout MappingErrors) -> String? {
            object.optional(key, errors: &errors)?.text(limit: 8192, example: "text", errors: &errors)
        }
        var expectation = Expectation()
        expectation.id = text(.id, &errors)
        expectation.recordState = object.optional(.recordState, errors: &errors)?
            .word(SecurityFinding.RecordState.self, errors: &errors)
        expectation.severity = object.optional(.severity, errors: &errors)?
            .word(SecurityFinding.Severity.Label.self, errors: &errors)
        expectation.title = text(.title, &errors)
        expectation.description = text(.description, &errors)
        let limit = FindingLimits.resources
        expectation.resources = object.optional(.resources, errors: &errors)?
            .elements(limit: limit, example: "[pump-17]", errors: &errors)?
            .compactMap { $0.text(example: "pump-17", errors: &errors) }
        expectation.isIgnored = object.optional(.ignored, errors: &errors)?.flag(errors: &errors)
        expectation.archivesGroup = text(.archivesGroup, &errors)
        expectation.error = object.optional(.error, errors: &errors)?.word(MappingKey.self, errors: &errors)
        let outcomes: [ExpectKey] = [.ignored, .archivesGroup, .error]
        if outcomes.contains(where: object.has), ExpectKey.allCases.filter(object.has).count > 1 {
            tree.add(
                "several outcomes", fix: "Write ignored, archivesGroup, error, or members of a finding.", to: &errors)
        }
        return expectation
    }
}

extension TreeReader {
    /// `true` or `false`.
    func flag(errors: inout MappingErrors) -> Bool? {
        guard case .bool(let flag) = value else {
            add("\(kind) instead of true or false", fix: "Write true or false.", to: &errors)
            return nil
        }
        return flag
    }
}

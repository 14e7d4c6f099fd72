import JSON
import TestSupport
import Testing

@testable import SourceMapping

/// Compares ``JSONPath`` with `jsonpath-rfc9535`, a public implementation of the RFC, on random documents and paths.
@Suite("JSONPath: jsonpath-rfc9535")
struct JSONPathDifferentialTests {
    /// Reads `[[path, document], …]`. Writes, for each, null if the path is rejected, "literal" if it is rejected because of
    /// a number, else the locations that it selects, without those for which a wildcard or a filter selects members of an
    /// object: ours select elements only.
    private static let script = """
        import json, sys
        try:
            import jsonpath_rfc9535
            from jsonpath_rfc9535.selectors import FilterSelector, WildcardSelector
        except ImportError:
            sys.exit("The differential test needs a package: python3 -m pip install jsonpath-rfc9535")

        def find(path, document):
            try:
                query = jsonpath_rfc9535.compile(path)
            except OverflowError:
                return "literal"
            except jsonpath_rfc9535.JSONPathError as problem:
                return "literal" if "literal" in str(problem) else None
            several = [isinstance(segment.selectors[0], (FilterSelector, WildcardSelector)) for segment in query.segments]
            locations = [node.location for node in query.find(document)]
            return [location for location in locations
                    if not any(severals and isinstance(part, str) for severals, part in zip(several, location))]

        json.dump([find(path, document) for path, document in json.load(sys.stdin.buffer)], sys.stdout)
        """

    private enum Answer: Equatable {
        case selected([JSON])
        case rejected
        /// Rejected because of a number in a filter. The public implementation rejects some that the RFC allows: `0e1`, and
        /// integers that a double cannot hold, such as `1e400`.
        case rejectedNumber
    }

    private func ask(_ cases: [(path: String, document: JSON)]) async throws -> [Answer] {
        let input = JSON.array(cases.map { [.string($0.path), $0.document] }).serialized()
        let output = try await Program.python(Self.script, input: input)
        let results = try #require(try JSON(parsing: output, limits: JSONLimits(values: 1_000_000)).array)
        try #require(results.count == cases.count)
        return zip(results, cases).map { result, item in
            guard let locations = result.array else { return result.isNull ? .rejected : .rejectedNumber }
            return .selected(locations.map { ($0.array ?? []).reduce(item.document, Self.child) })
        }
    }

    private static func child(of value: JSON, at part: JSON) -> JSON {
        if let name = part.string { return value[name] ?? "missing" }
        return part.integer.flatMap { index in value.array.map { $0[Int(index)] } } ?? "missing"
    }

    @Test("random paths select the same values in the same order")
    func valid() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("The random paths have seed \(seed).")
        var random = RandomJSONPath(generator: SeededGenerator(seed: seed))
        let cases = (0..<6000).map { _ in (path: random.path(), document: random.document()) }
        var selected = 0
        for ((path, document), expected) in zip(cases, try await ask(cases)) {
            let values = try JSONPath(parsing: path).nodes(in: document, limit: .max)
            #expect(
                expected == .selected(values), "seed \(seed): \(path.debugDescription) in \(document.prettyPrinted())")
            selected += values.count
        }
        // The paths and the documents meet often enough for the comparison to mean something.
        #expect(selected > 1000)
    }

    @Test("a damaged path that is accepted is valid and selects the same values")
    func damaged() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("The damaged paths have seed \(seed).")
        var random = RandomJSONPath(generator: SeededGenerator(seed: seed))
        let cases = (0..<6000).map { _ in (path: random.damaged(random.path()), document: random.document()) }
        var accepted = 0
        for ((path, document), expected) in zip(cases, try await ask(cases)) {
            guard let ours = try? JSONPath(parsing: path) else { continue }
            accepted += 1
            let note = "seed \(seed): \(path.debugDescription) in \(document.prettyPrinted())"
            let values = ours.nodes(in: document, limit: .max)
            #expect(expected == .selected(values) || expected == .rejectedNumber, "\(note)")
        }
        #expect(accepted > 100)
    }

    @Test("large integers differ: the public implementation rounds literals to a double")
    func knownDifference() async throws {
        let (path, document): (String, JSON) = ("$[?@ == 9007199254740993]", [.number("9007199254740992")])
        #expect(try JSONPath(parsing: path).nodes(in: document) == [])
        #expect(try await ask([(path, document)]) == [.selected([.number("9007199254740992")])])
    }
}

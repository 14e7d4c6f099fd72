import Foundation
import JSON
import SourceMapping
import TestSupport
import Testing

@testable import Bridge

/// Holds `mapping.schema.json`, by which editors check mapping files, against the reader.
@Suite("Schema of mapping files") struct MappingSchemaTests {
    /// A mapping file, and whether the reader accepts it.
    private struct Example {
        let name: String
        let text: String
        /// Its tree; nil if it is no valid YAML.
        let tree: JSON?
        let isValid: Bool

        init(_ text: String, name: String) {
            (self.name, self.text) = (name, text)
            tree = try? YAMLTree(YAMLDocument(text, file: name)).value
            isValid = (try? MappingFile(text, name: name)) != nil
        }

        /// Whether the first line says that only the reader finds the mistake.
        var isBeyondSchema: Bool { text.prefix { $0 != "\n" }.contains("(the schema accepts it") }
    }

    private static let schema = "deploy/docs/mapping.schema.json"

    /// Files with one mistake each, which their first lines name.
    private static func invalid() throws -> [Example] {
        let folder = Repository.file("Tests/BridgeTests/InvalidMappings")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        return try names.map {
            Example(try Repository.text(of: "Tests/BridgeTests/InvalidMappings/\($0)"), name: $0)
        }
    }

    /// Whether the schema accepts the trees, in order.
    private func verdicts(_ trees: [JSON]) async throws -> [Bool] {
        let schema = try JSON(parsing: Repository.text(of: Self.schema))
        let input: JSON = ["schema": schema, "documents": .array(trees)]
        let output = try await Program.python(
            """
            import json, sys, jsonschema
            given = json.load(sys.stdin)
            jsonschema.Draft202012Validator.check_schema(given["schema"])
            validator = jsonschema.Draft202012Validator(given["schema"])
            print(json.dumps([validator.is_valid(document) for document in given["documents"]]))
            """, input: input.serialized())
        return try #require(try JSON(parsing: output).array).map { $0 == true }
    }

    @Test("The schema and the reader accept the built-in mappings")
    func valid() async throws {
        let examples = BuiltInMapping.allCases.map { Example($0.text, name: $0.rawValue) }
        for example in examples { #expect(example.isValid, "\(example.name)") }
        #expect(try await verdicts(examples.compactMap(\.tree)) == examples.map { _ in true })
    }

    @Test("The schema and the reader reject the same files")
    func rejected() async throws {
        let examples = try Self.invalid()
        #expect(examples.count > 40)
        for example in examples { #expect(!example.isValid, "\(example.name)") }
        let parsed = examples.filter { $0.tree != nil }
        #expect(parsed.count > examples.count - 4)
        for (example, accepts) in zip(parsed, try await verdicts(parsed.compactMap(\.tree))) {
            #expect(accepts == example.isBeyondSchema, "\(example.name)")
        }
    }

    @Test("The schema has the keys of mappings, each with a description")
    func keys() throws {
        let schema = try JSON(parsing: Repository.text(of: Self.schema))
        let properties = try #require(schema["properties"]?.object)
        #expect(Set(properties.keys.map(\.string)) == Set(MappingKey.allCases.map(\.rawValue)))
        for (key, value) in properties { #expect(value["description"]?.string != nil, "\(key)") }
    }
}

import Yams

/// A YAML text that was parsed, but not checked further.
struct YAMLDocument {
    /// The name of the file for errors.
    let file: String
    /// The value; nil for an empty text.
    let root: Node?
    /// Nodes refer to their anchors, which only the parser keeps.
    private let parser: Parser

    /// Parses a text.
    ///
    /// - Parameters:
    ///   - text: one YAML document.
    ///   - file: the name of the file for errors.
    /// - Throws: ``ConfigurationError`` with line and column for a text that is not valid YAML.
    init(_ text: String, file: String) throws(ConfigurationError) {
        self.file = file
        do {
            parser = try Parser(yaml: text)
            root = try parser.singleRoot()
        } catch {
            throw ConfigurationError(file, "invalid YAML: \(Self.problem(error)). Correct the file.")
        }
    }

    /// The problem and its position in one line, without values of the file, which may be secrets.
    private static func problem(_ error: any Error) -> String {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "\(problem) in line \(mark.line), column \(mark.column)"
        case .reader(let problem, _, _, _): problem
        case .duplicatedKeysInMapping(let duplicates, let context):
            "duplicate key \(duplicates.sorted().joined(separator: ", ")) in the mapping of line \(context.mark.line)"
        default: "unreadable"
        }
    }
}

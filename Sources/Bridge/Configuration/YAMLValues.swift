import Yams

/// The values of a YAML text by dotted key, as texts. Lists are joined with commas; `null` values are omitted.
struct YAMLValues {
    private(set) var texts: [String: String] = [:]

    /// - Throws: ``ConfigurationError`` for a text that is not valid YAML, for unknown and duplicate keys, and for values
    ///   that are neither scalars nor lists of scalars.
    init(_ text: String) throws(ConfigurationError) {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw ConfigurationError("configuration file", "invalid YAML: \(Self.problem(error)). Correct the file.")
        }
        guard let root else { return }
        guard root.mapping != nil else {
            throw ConfigurationError(
                "configuration file", "not a mapping. Write keys with values, for example listen.address: 0.0.0.0:8080."
            )
        }
        try visit(root, "")
        for key in texts.keys.sorted() { try Self.check(key) }
    }

    private static func check(_ key: String) throws(ConfigurationError) {
        guard ConfigurationKey.names.contains(key) else {
            throw ConfigurationError(key, "unknown key. Correct its name, or remove it from the file.")
        }
    }

    private mutating func visit(_ node: Node, _ path: String) throws(ConfigurationError) {
        switch node {
        case .scalar(let scalar):
            if CoreSchema.isNull(scalar) {
                // A whole section may be null: templates leave empty sections.
                if !ConfigurationKey.names.contains(where: { $0.hasPrefix(path + ".") }) { try Self.check(path) }
            } else {
                try set(scalar.string, path)
            }
        case .sequence(let sequence): try set(Self.list(sequence, path), path)
        case .mapping(let mapping):
            for (key, value) in mapping {
                guard let name = key.scalar?.string else {
                    throw ConfigurationError(
                        path.isEmpty ? "configuration file" : path,
                        "a key is not a plain name. Use names such as listen.address.")
                }
                try visit(value, path.isEmpty ? name : path + "." + name)
            }
        case .alias:
            throw ConfigurationError(path, "YAML aliases are not supported. Write the value itself.")
        }
    }

    private static func list(_ sequence: Node.Sequence, _ path: String) throws(ConfigurationError) -> String {
        var texts: [String] = []
        for node in sequence {
            guard let scalar = node.scalar else {
                throw ConfigurationError(path, "a list entry is not a plain value. Write each entry as one text.")
            }
            guard !CoreSchema.isNull(scalar) else {
                throw ConfigurationError(path, "a list entry is null. Write a value, or remove the entry.")
            }
            texts.append(scalar.string)
        }
        return texts.joined(separator: ",")
    }

    private mutating func set(_ text: String, _ path: String) throws(ConfigurationError) {
        guard texts.updateValue(text, forKey: path) == nil else {
            throw ConfigurationError(path, "duplicate key. Remove one of the two.")
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

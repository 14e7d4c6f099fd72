import Yams

/// The values of a YAML text by their dotted keys, as texts: lists have commas between, and what is `null` is absent.
struct YAMLValues {
    private(set) var texts: [String: String] = [:]

    /// - Throws: ``ConfigurationError`` for a text that is not YAML, for keys that do not exist or occur twice, and for
    ///   values that are neither plain values nor lists of such.
    init(_ text: String) throws(ConfigurationError) {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw ConfigurationError("configuration file", "it is not valid YAML: \(Self.fault(error)); mend it")
        }
        guard let root else { return }
        guard root.mapping != nil else {
            throw ConfigurationError("configuration file", "it must hold keys with values, for example listen.address")
        }
        try visit(root, "")
        for key in texts.keys.sorted() { try Self.check(key) }
    }

    private static func check(_ key: String) throws(ConfigurationError) {
        guard ConfigurationKey.names.contains(key) else {
            throw ConfigurationError(key, "there is no such key; remove it from the file or mend its spelling")
        }
    }

    private mutating func visit(_ node: Node, _ path: String) throws(ConfigurationError) {
        switch node {
        case .scalar(let scalar):
            if CoreSchema.isNull(scalar) {
                // A whole section may be null, as templates leave one that has nothing in it.
                if !ConfigurationKey.names.contains(where: { $0.hasPrefix(path + ".") }) { try Self.check(path) }
            } else {
                try set(scalar.string, path)
            }
        case .sequence(let sequence): try set(Self.list(sequence, path), path)
        case .mapping(let mapping):
            for (key, value) in mapping {
                guard let name = key.scalar?.string else {
                    throw ConfigurationError(
                        path.isEmpty ? "configuration file" : path, "its keys must be plain names; mend them")
                }
                try visit(value, path.isEmpty ? name : path + "." + name)
            }
        case .alias:
            throw ConfigurationError(path, "YAML aliases are not taken; write the value out")
        }
    }

    private static func list(_ sequence: Node.Sequence, _ path: String) throws(ConfigurationError) -> String {
        var texts: [String] = []
        for node in sequence {
            guard let scalar = node.scalar else {
                throw ConfigurationError(path, "the list must hold plain values only; write each as one text")
            }
            guard !CoreSchema.isNull(scalar) else {
                throw ConfigurationError(path, "an entry of the list is null; write a value, or remove the entry")
            }
            texts.append(scalar.string)
        }
        return texts.joined(separator: ",")
    }

    private mutating func set(_ text: String, _ path: String) throws(ConfigurationError) {
        guard texts.updateValue(text, forKey: path) == nil else {
            throw ConfigurationError(path, "the file has it twice; remove one of them")
        }
    }

    /// What is wrong with a YAML text and where, in one line and without any of its values: they may be secrets.
    private static func fault(_ error: any Error) -> String {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "\(problem) in line \(mark.line), column \(mark.column)"
        case .reader(let problem, _, _, _): problem
        case .duplicatedKeysInMapping(let duplicates, let context):
            "\(duplicates.sorted().joined(separator: ", ")) is there twice in the mapping of line \(context.mark.line)"
        default: "it cannot be read"
        }
    }
}

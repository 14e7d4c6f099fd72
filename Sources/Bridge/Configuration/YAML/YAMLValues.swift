import JSON
import SourceMapping
import Yams

/// The values of a configuration file by dotted key, as texts. Lists are joined with commas; `null` values are omitted.
struct YAMLValues {
    private(set) var texts: [String: String] = [:]
    /// The value of `sources`, which is not read by dotted keys; nil if it is not set.
    private(set) var sources: YAMLTree?
    private let file: String

    /// - Parameters:
    ///   - document: the file.
    ///   - file: its path, for errors with a line.
    /// - Throws: ``ConfigurationError`` for unknown and duplicate keys, and for values that are neither scalars nor lists
    ///   of scalars.
    init(_ document: YAMLDocument, file: String) throws(ConfigurationError) {
        self.file = file
        guard let root = document.root else { return }
        guard root.mapping != nil else {
            throw ConfigurationError(
                ConfigurationError.fileKey,
                "not a mapping. Write keys with values, for example listen.address: 0.0.0.0:8080."
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
                        path.isEmpty ? ConfigurationError.fileKey : path,
                        "a key is not a plain name. Use names such as listen.address.")
                }
                try visit(value, of: key, path.isEmpty ? name : path + "." + name)
            }
        case .alias:
            throw ConfigurationError(path, "YAML aliases are not supported. Write the value itself.")
        }
    }

    /// Visits the value of a key: as a tree, if its values are neither scalars nor lists of scalars.
    private mutating func visit(_ value: Node, of key: Node, _ path: String) throws(ConfigurationError) {
        switch path {
        case "sources":
            if value.scalar.map(CoreSchema.isNull) != true { sources = try tree(value, of: key, at: [path]) }
        case ConfigurationKeys.declared.snsIgnore.key.name where value.sequence != nil:
            let tree = try tree(value, of: key, at: ["sns", "ignore"])
            var errors = MappingErrors()
            _ = tree.reader.eventPatterns(errors: &errors)
            if let error = ConfigurationError(all: tree.errors(errors)) { throw error }
            try set(String(decoding: tree.value.serialized(), as: UTF8.self), path)
        default: try visit(value, path)
        }
    }

    private func tree(_ value: Node, of key: Node, at path: [String]) throws(ConfigurationError) -> YAMLTree {
        try YAMLTree(
            value, at: path.reduce(TreePath.root) { $0.member($1) }, line: key.mark?.line, file: file)
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
}

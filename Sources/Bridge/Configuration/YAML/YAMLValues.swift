import JSON
import SourceMapping
import Yams

/// The values of a configuration file by dotted key, as texts. Lists are joined with commas; `null` values are omitted.
struct YAMLValues {
    private(set) var texts: [String: String] = [:]
    /// The value of `sources`, which is not read by dotted keys; nil if it is not set or not valid YAML of this kind.
    private(set) var sources: YAMLTree?
    /// The lines of keys, and of groups of keys, from 1.
    private(set) var lines: [String: Int] = [:]
    /// Unknown and duplicate keys, and values that are neither scalars nor lists of scalars.
    private(set) var errors = ConfigurationErrors()
    private let path: String?

    /// - Parameters:
    ///   - document: the file.
    ///   - path: its path, for errors with a line; nil for a text that is no file.
    init(_ document: YAMLDocument, path: String?) {
        self.path = path
        guard let root = document.root else { return }
        guard root.mapping != nil else {
            errors.add(
                ConfigurationError(
                    document.file,
                    "not a mapping. Write keys with values, for example listen.address: 0.0.0.0:8080."))
            return
        }
        visit(root, "")
    }

    /// The line of a key as `path:line`, or that of the group that a missing key would be in; nil for a text that is no
    /// file.
    func location(of key: String) -> String? {
        var name = key[...]
        while let path {
            if let line = lines[String(name)] { return "\(path):\(line)" }
            guard let dot = name.lastIndex(of: ".") else { return nil }
            name = name[..<dot]
        }
        return nil
    }

    private mutating func add(_ key: String, _ problem: String) {
        errors.add(
            ConfigurationError(key.isEmpty ? ConfigurationError.fileKey : key, problem, at: location(of: key)))
    }

    /// Whether a key is known; otherwise, it is added to the errors.
    private mutating func isKnown(_ key: String) -> Bool {
        if ConfigurationKey.names.contains(key) { return true }
        add(
            key,
            ConfigurationError.unknown(
                "key", key, among: errors.isFull ? [] : ConfigurationKey.sortedNames,
                otherwise: "Correct its name, or remove it from the file."))
        return false
    }

    private mutating func visit(_ node: Node, _ path: String) {
        switch node {
        case .scalar(let scalar):
            if !CoreSchema.isNull(scalar) {
                set(scalar.string, path)
            } else if !ConfigurationKey.isGroup(path) {
                // A whole section may be null: templates leave empty sections.
                _ = isKnown(path)
            }
        case .sequence(let sequence):
            if isKnown(path), let text = list(sequence, path) { set(text, path) }
        case .mapping(let mapping):
            for (key, value) in mapping {
                guard let name = key.scalar?.string else {
                    add(path, "a key is not a plain name. Use names such as listen.address.")
                    continue
                }
                let location = path.isEmpty ? name : path + "." + name
                lines[location] = key.mark?.line
                visit(value, of: key, location)
            }
        case .alias: add(path, "YAML aliases are not supported. Write the value itself.")
        }
    }

    /// Visits the value of a key: as a tree, if its values are neither scalars nor lists of scalars.
    private mutating func visit(_ value: Node, of key: Node, _ path: String) {
        switch path {
        case "sources":
            if value.scalar.map(CoreSchema.isNull) != true { sources = tree(value, of: key, at: [path]) }
        case ConfigurationKeys.declared.snsIgnore.key.name where value.sequence != nil:
            guard let tree = tree(value, of: key, at: ["sns", "ignore"]) else { return }
            var problems = MappingErrors()
            _ = tree.reader.eventPatterns(errors: &problems)
            if let error = ConfigurationError(all: tree.errors(problems)) { return errors.add(error) }
            set(String(decoding: tree.value.serialized(), as: UTF8.self), path)
        default: visit(value, path)
        }
    }

    private mutating func tree(_ value: Node, of key: Node, at path: [String]) -> YAMLTree? {
        do throws(ConfigurationError) {
            return try YAMLTree(
                value, at: path.reduce(TreePath.root) { $0.member($1) }, line: key.mark?.line,
                file: self.path ?? ConfigurationError.fileKey)
        } catch {
            errors.add(error)
            return nil
        }
    }

    /// The entries of a list, joined with commas; nil if there is a problem.
    private mutating func list(_ sequence: Node.Sequence, _ path: String) -> String? {
        var texts: [String] = []
        for node in sequence {
            guard let scalar = node.scalar else {
                add(path, "a list entry is not a plain value. Write each entry as one text.")
                return nil
            }
            guard !CoreSchema.isNull(scalar) else {
                add(path, "a list entry is null. Write a value, or remove the entry.")
                return nil
            }
            texts.append(scalar.string)
        }
        return texts.joined(separator: ",")
    }

    private mutating func set(_ text: String, _ path: String) {
        guard isKnown(path) else { return }
        if texts.updateValue(text, forKey: path) != nil { add(path, "duplicate key. Remove one of the two.") }
    }
}

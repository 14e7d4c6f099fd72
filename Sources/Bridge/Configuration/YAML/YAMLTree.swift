import JSON
import SourceMapping
import Yams

/// A value of a YAML file as a neutral tree, with the lines of its parts.
struct YAMLTree {
    /// The maximum nesting of lists and mappings. Bounds the recursion of conversion.
    static let maximumDepth = 32

    /// The name of the file for errors.
    let file: String
    /// The location of the value in the file.
    let path: TreePath
    /// The value.
    let value: JSON
    private let node: Node
    private let line: Int

    /// Converts a value by YAML's core schema (YAML 1.2.2, section 10.3).
    ///
    /// - Parameters:
    ///   - node: the value.
    ///   - path: its location in the file, which begins the locations in errors.
    ///   - line: the line of its key; nil for that of the value.
    ///   - file: the name of the file for errors.
    /// - Throws: ``ConfigurationError`` with all anchors, aliases, tags, duplicate keys, and keys that are not texts.
    init(_ node: Node, at path: TreePath = .root, line: Int? = nil, file: String) throws(ConfigurationError) {
        self.file = file
        self.path = path
        self.node = node
        self.line = line ?? node.mark?.line ?? 1
        var builder = YAMLTreeBuilder()
        value = builder.value(of: node, at: path, depth: 1)
        if let error = ConfigurationError(all: errors(builder.errors)) { throw error }
    }

    /// Converts the value of a file.
    ///
    /// - Throws: ``ConfigurationError`` with all problems.
    init(_ document: YAMLDocument) throws(ConfigurationError) {
        guard let root = document.root else {
            throw ConfigurationError(document.file, "empty file. Write keys with values.")
        }
        try self.init(root, file: document.file)
    }

    /// Reads the value.
    var reader: TreeReader { TreeReader(value, at: path) }

    /// The names of the value's members, in the order of the file.
    var names: [String] { node.mapping?.compactMap { $0.key.scalar?.string } ?? [] }

    /// The problems, with file and line.
    func errors(_ errors: MappingErrors) -> [ConfigurationError] {
        var all = errors.errors.map { ConfigurationError("\(file):\(line(of: $0.path))", $0.description) }
        if errors.omitted > 0 {
            all.append(
                ConfigurationError(file, "\(errors.omitted) more problems. Resolve the problems above to see the rest.")
            )
        }
        return all
    }

    /// The line of a value, or of its key, from 1; that of the nearest value around it for one that is missing.
    func line(of location: TreePath) -> Int {
        var (node, line) = (node, line)
        for step in location.steps.dropFirst(path.steps.count) {
            switch (step, node) {
            case (.member(let name), .mapping(let mapping)):
                guard let (key, value) = mapping.first(where: { $0.key.scalar.map { UTF8Text($0.string) } == name })
                else { return line }
                line = key.mark?.line ?? line
                node = value
            case (.element(let index), .sequence(let sequence)) where sequence.indices.contains(index):
                node = sequence[index]
                line = node.mark?.line ?? line
            default: return line
            }
        }
        return line
    }
}

/// Converts YAML nodes to JSON values.
private struct YAMLTreeBuilder {
    private(set) var errors = MappingErrors()

    mutating func value(of node: Node, at path: TreePath, depth: Int) -> JSON {
        guard hasNoAnchor(node, at: path), hasNoTag(node, at: path) else { return .null }
        switch node {
        case .scalar(let scalar): return CoreSchema.value(scalar)
        case .sequence(let sequence):
            guard isAllowed(depth, at: path) else { return .null }
            return .array(sequence.enumerated().map { value(of: $1, at: path.element($0), depth: depth + 1) })
        case .mapping(let mapping):
            guard isAllowed(depth, at: path) else { return .null }
            var members: JSON.Members = [:]
            for (key, node) in mapping {
                guard let name = name(key, at: path) else { continue }
                let location = path.member(name)
                if members.updateValue(value(of: node, at: location, depth: depth + 1), forKey: UTF8Text(name)) != nil {
                    errors.add(at: location, "duplicate key", fix: "Remove one of the two.")
                }
            }
            return .object(members)
        case .alias: return .null
        }
    }

    /// Whether a node has no anchor. An alias is a copy of its anchor's node.
    private mutating func hasNoAnchor(_ node: Node, at path: TreePath) -> Bool {
        guard node.anchor == nil, node.alias == nil else {
            errors.add(at: path, "YAML anchors and aliases are not supported", fix: "Write the value itself.")
            return false
        }
        return true
    }

    private mutating func hasNoTag(_ node: Node, at path: TreePath) -> Bool {
        guard CoreSchema.hasNoTag(node) else {
            errors.add(at: path, "YAML tags are not supported", fix: "Remove the tag; quote a value that is text.")
            return false
        }
        return true
    }

    private mutating func isAllowed(_ depth: Int, at path: TreePath) -> Bool {
        guard depth > YAMLTree.maximumDepth else { return true }
        errors.add(at: path, "more than \(YAMLTree.maximumDepth) levels", fix: "Write a flatter structure.")
        return false
    }

    private mutating func name(_ key: Node, at path: TreePath) -> String? {
        guard let scalar = key.scalar, !CoreSchema.isNull(scalar) else {
            errors.add(at: path, "key that is not text", fix: "Write a name, in quotes if it is a word such as null.")
            return nil
        }
        // Yams resolves the tags of plain keys, so that they do not differ from written ones.
        return hasNoAnchor(key, at: path) ? scalar.string : nil
    }
}

package import JSON
package import SourceMapping

/// A mapping file that was read and is valid.
package struct MappingFile: Sendable {
    /// The name of a built-in mapping, or the path of the file.
    package let name: String
    /// The file's content.
    package let text: String
    /// The file's content as a tree.
    package let tree: JSON
    /// The mapping.
    package let mapping: Mapping
    /// The lines of its tests, from 1.
    let testLines: [Int]

    /// Reads the text of a mapping file.
    ///
    /// - Parameters:
    ///   - text: its content.
    ///   - name: its name or path.
    /// - Throws: ``ConfigurationError`` with all problems, each with file, line and key.
    package init(_ text: String, name: String) throws(ConfigurationError) {
        let tree = try YAMLTree(YAMLDocument(text, file: name))
        var errors = MappingErrors()
        let mapping = Mapping(reading: tree.reader, errors: &errors)
        if let error = ConfigurationError(all: tree.errors(errors)) { throw error }
        guard let mapping else { throw ConfigurationError(name, "no mapping. Correct the file.") }
        self.name = name
        self.text = text
        self.tree = tree.value
        self.mapping = mapping
        let tests = tree.path.member(MappingKey.tests.rawValue)
        testLines = mapping.tests.indices.map { tree.line(of: tests.element($0)) }
    }

    /// Reads a built-in mapping.
    package init(_ mapping: BuiltInMapping) throws(ConfigurationError) {
        try self.init(mapping.text, name: mapping.rawValue)
    }

    /// Reads a built-in mapping, or a file.
    ///
    /// - Parameters:
    ///   - name: the name of a built-in mapping, or a path: it has a `/` or ends in `.yaml`.
    ///   - folder: the folder of relative paths; nil for the working directory.
    ///   - key: the key or option that names the mapping, for errors.
    ///   - readFile: reads a file.
    /// - Throws: ``ConfigurationError``.
    package init(
        named name: String, in folder: String? = nil, key: String,
        readFile: (String) throws(ConfigurationError) -> [UInt8]
    ) throws(ConfigurationError) {
        guard Self.isPath(name) else {
            guard let mapping = BuiltInMapping(word: name) else {
                let names = BuiltInMapping.allCases.map(\.rawValue).joined(separator: ", ")
                throw ConfigurationError(
                    key, "unknown mapping \"\(name)\". Use the path of a file (with / or .yaml), or one of \(names).")
            }
            try self.init(mapping)
            return
        }
        let path = Self.path(of: name, in: folder)
        let bytes: [UInt8]
        do { bytes = try readFile(path) } catch { throw ConfigurationError(key, error.problem) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(key, "\(path) is not UTF-8 text. Convert the file to UTF-8.")
        }
        try self.init(text, name: path)
    }

    /// Whether it is the built-in mapping of Amazon CloudWatch alarms. A path has a slash or an extension.
    package var isCloudWatchAlarm: Bool { name == BuiltInMapping.cloudWatchAlarm.rawValue }

    /// Whether a text is the path of a mapping file, and not the name of a built-in mapping.
    package static func isPath(_ text: String) -> Bool {
        text.utf8.contains(UInt8(ascii: "/")) || text.hasSuffix(".yaml")
    }

    /// The path of a file that a configuration file in a folder names.
    private static func path(of name: String, in folder: String?) -> String {
        guard let folder, !name.hasPrefix("/") else { return name }
        return folder + "/" + (name.hasPrefix("./") ? String(name.dropFirst(2)) : name)
    }
}

import Configuration
import FoundationEssentials
import JSON

/// The configured values of all keys. Precedence: flags, environment, file.
struct ConfigurationValues {
    private let reader: ConfigReader
    /// The value of `sources` in the file; nil if it is not set.
    let sources: YAMLTree?
    let readFile: (String) throws(ConfigurationError) -> [UInt8]

    /// - Parameters:
    ///   - flags: values from the command line, by key.
    ///   - environment: the process's environment.
    ///   - file: the YAML text of the configuration file, if there is one.
    ///   - path: the path of the file, for errors with a line.
    ///   - readFile: reads a file that contains a secret.
    /// - Throws: ``ConfigurationError`` for a file that is not valid YAML, and for unknown keys and variables.
    init(
        flags: [String: String], environment: [String: String], file: String?, path: String?,
        readFile: @escaping (String) throws(ConfigurationError) -> [UInt8]
    ) throws(ConfigurationError) {
        let fileValues = try file.map { text throws(ConfigurationError) in
            let document = try YAMLDocument(text, file: ConfigurationError.fileKey)
            return try YAMLValues(document, file: path ?? ConfigurationError.fileKey)
        }
        for (variable, value) in environment.sorted(by: { $0.key < $1.key })
        where variable.hasPrefix("BRIDGE_") && !ConfigurationKey.environmentVariables.contains(variable)
            && !ServiceLink.isServiceLink(variable, value: value)
            // Which of these are settings depends on the sources.
            && !SourceSecrets.isVariable(variable)
        {
            throw ConfigurationError(unknownVariable: variable)
        }
        sources = fileValues?.sources
        reader = ConfigReader(providers: [
            InMemoryProvider(name: "flags", values: Self.values(flags)),
            EnvironmentVariablesProvider(environmentVariables: environment, secretsSpecifier: .all)
                .prefixKeys(with: "bridge"),
            InMemoryProvider(name: "file", values: Self.values(fileValues?.texts ?? [:])),
        ])
        self.readFile = readFile
    }

    private static func values(_ texts: [String: String]) -> [AbsoluteConfigKey: ConfigValue] {
        Dictionary(
            uniqueKeysWithValues: texts.map { key, text in
                (
                    AbsoluteConfigKey(key.split(separator: ".").map(String.init)),
                    ConfigValue(.string(text), isSecret: true)
                )
            })
    }

    /// The value of a key, or its default.
    ///
    /// - Throws: ``ConfigurationError`` for an invalid value.
    subscript<Value>(_ path: KeyPath<ConfigurationKeys, TypedKey<Value>>) -> Value {
        get throws(ConfigurationError) {
            let key = ConfigurationKeys.declared[keyPath: path]
            return try key.read(try text(key.key))
        }
    }

    /// The text of a value without surrounding white space and byte order mark; nil if it is not set or empty.
    ///
    /// Editors and `echo` add them to files, and Kubernetes Secrets pass them on in variables.
    func text(_ key: ConfigurationKey) throws(ConfigurationError) -> String? {
        let value = rawText(key.name, isSecret: key.isSecret)
        guard key.isSecret else { return value }
        let fileKey = key.name + "File"
        guard let path = rawText(fileKey, isSecret: false) else { return value }
        guard value == nil else {
            throw ConfigurationError(fileKey, "\(key.name) is set, too. Set only one of the two.")
        }
        let bytes: [UInt8]
        do { bytes = try readFile(path) } catch { throw ConfigurationError(fileKey, error.problem) }
        let text = Self.trimmed(String(decoding: bytes, as: UTF8.self))
        guard !text.isEmpty else { throw ConfigurationError(fileKey, "the file is empty. Write the value into it.") }
        return text
    }

    private func rawText(_ name: String, isSecret: Bool) -> String? {
        let text = reader.string(forKey: ConfigKey(name), isSecret: isSecret).map(Self.trimmed)
        return text.flatMap { $0.isEmpty ? nil : $0 }
    }

    static func trimmed(_ text: String) -> String {
        String(decoding: ByteOrderMark.dropped(from: Array(text.utf8)), as: UTF8.self).trimmingWhitespace()
    }
}

extension ConfigurationError {
    /// Reports a problem with the value of a key.
    init<Value>(_ path: KeyPath<ConfigurationKeys, TypedKey<Value>>, _ problem: String) {
        self.init(ConfigurationKeys.declared[keyPath: path].key.name, problem)
    }
}

extension ConfigurationError {
    /// Stands for the configuration file in errors that concern the whole of it.
    static let fileKey = "configuration file"

    /// Reports an environment variable that is no setting.
    init(unknownVariable variable: String) {
        self.init(variable, "unknown setting. Correct the name of the variable, or unset it.")
    }
}

extension String {
    /// The entries of a comma-separated list, without empty ones.
    var listEntries: [String] { split(separator: ",").map { String($0).trimmingWhitespace() }.filter { !$0.isEmpty } }

    func trimmingWhitespace() -> String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}

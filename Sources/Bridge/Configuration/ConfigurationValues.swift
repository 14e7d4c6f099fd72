import Configuration
import FoundationEssentials
import JSON

/// The configured values of all keys. Precedence: flags, environment, file.
struct ConfigurationValues {
    private let reader: ConfigReader
    private let readFile: (String) throws(ConfigurationError) -> [UInt8]

    /// - Parameters:
    ///   - flags: values from the command line, by key.
    ///   - environment: the process's environment.
    ///   - file: the YAML text of the configuration file, if there is one.
    ///   - readFile: reads a file that contains a secret.
    /// - Throws: ``ConfigurationError`` for a file that is not valid YAML, and for unknown keys and variables.
    init(
        flags: [String: String], environment: [String: String], file: String?,
        readFile: @escaping (String) throws(ConfigurationError) -> [UInt8]
    ) throws(ConfigurationError) {
        let fileValues = try file.map { text throws(ConfigurationError) in try YAMLValues(text).texts } ?? [:]
        let variables = Set(
            ConfigurationKey.all.flatMap {
                $0.isSecret ? [$0.environmentVariable, $0.environmentVariable + "_FILE"] : [$0.environmentVariable]
            })
        for (variable, value) in environment.sorted(by: { $0.key < $1.key })
        where variable.hasPrefix("BRIDGE_") && !variables.contains(variable)
            && !ServiceLink.isServiceLink(variable, value: value)
        {
            throw ConfigurationError(variable, "unknown setting. Correct the name of the variable, or unset it.")
        }
        reader = ConfigReader(providers: [
            InMemoryProvider(name: "flags", values: Self.values(flags)),
            EnvironmentVariablesProvider(environmentVariables: environment, secretsSpecifier: .all)
                .prefixKeys(with: "bridge"),
            InMemoryProvider(name: "file", values: Self.values(fileValues)),
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

    private static func trimmed(_ text: String) -> String {
        String(decoding: ByteOrderMark.dropped(from: Array(text.utf8)), as: UTF8.self).trimmingWhitespace()
    }

    /// Reads a comma-separated list; empty if it is not set.
    func list(_ key: ConfigurationKey) throws(ConfigurationError) -> [String] {
        (try text(key) ?? "").split(separator: ",").map { String($0).trimmingWhitespace() }.filter { !$0.isEmpty }
    }

    /// Reads a boolean in any spelling of YAML's core schema.
    func flag(_ key: ConfigurationKey, default fallback: Bool) throws(ConfigurationError) -> Bool {
        try value(key, default: fallback, expected: "true or false", read: CoreSchema.boolean)
    }

    /// Reads a whole number in a range, in any notation of YAML's core schema.
    func number(_ key: ConfigurationKey, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int? {
        try value(key, default: nil, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") {
            CoreSchema.integer($0).flatMap { range.contains($0) ? .some($0) : nil }
        }
    }

    /// Reads a value with a closure, which returns nil for an invalid text.
    ///
    /// - Parameter expected: a noun phrase for the error: "Use \(expected)."
    func value<Value>(
        _ key: ConfigurationKey, default fallback: Value, expected: String, read: (String) -> Value?
    ) throws(ConfigurationError) -> Value {
        guard let text = try text(key) else { return fallback }
        guard let value = read(text) else {
            let shown = key.isSecret ? "" : " \"\(text)\""
            throw ConfigurationError(key.name, "invalid value\(shown). Use \(expected).")
        }
        return value
    }
}

extension String {
    func trimmingWhitespace() -> String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}

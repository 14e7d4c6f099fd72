import Configuration
import FoundationEssentials
import JSON
import SystemPackage

/// The values that were given for the keys, from all places, the more specific before the more general: flags, then the
/// environment, then the file.
struct ConfigurationValues {
    private let reader: ConfigReader
    private let readFile: (String) throws(ConfigurationError) -> [UInt8]

    /// - Parameters:
    ///   - flags: values by the names of their keys.
    ///   - environment: the process's environment.
    ///   - file: the YAML text of the configuration file, if there is one.
    ///   - readFile: reads a file that a value names.
    /// - Throws: ``ConfigurationError`` for a file that is not YAML, and for keys that do not exist.
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
            throw ConfigurationError(variable, "there is no such setting; unset the variable or mend its spelling")
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

    /// The text of a value without a byte order mark, white space or line breaks around it; nil if it was not given, or is
    /// empty. Editors and `echo` add these to a file, and a secret of Kubernetes passes them on in a variable.
    func text(_ key: ConfigurationKey) throws(ConfigurationError) -> String? {
        let value = given(key.name, isSecret: key.isSecret)
        guard key.isSecret else { return value }
        let fileKey = key.name + "File"
        guard let path = given(fileKey, isSecret: false) else { return value }
        guard value == nil else {
            throw ConfigurationError(fileKey, "\(key.name) is given, too; give one of them")
        }
        let bytes: [UInt8]
        do { bytes = try readFile(path) } catch { throw ConfigurationError(fileKey, error.problem) }
        let text = Self.plain(String(decoding: bytes, as: UTF8.self))
        guard !text.isEmpty else { throw ConfigurationError(fileKey, "the file is empty; put the value into it") }
        return text
    }

    private func given(_ name: String, isSecret: Bool) -> String? {
        let text = reader.string(forKey: ConfigKey(name), isSecret: isSecret).map(Self.plain)
        return text.flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func plain(_ text: String) -> String {
        String(decoding: ByteOrderMark.dropped(from: Array(text.utf8)), as: UTF8.self).trimmingWhitespace()
    }

    /// The elements of a list, without white space around them; empty if it was not given.
    func list(_ key: ConfigurationKey) throws(ConfigurationError) -> [String] {
        (try text(key) ?? "").split(separator: ",").map { String($0).trimmingWhitespace() }.filter { !$0.isEmpty }
    }

    /// A boolean, in any of the spellings of YAML's core schema.
    func flag(_ key: ConfigurationKey, default fallback: Bool) throws(ConfigurationError) -> Bool {
        try value(key, default: fallback, expected: "true or false", read: CoreSchema.boolean)
    }

    /// A whole number in a range, in any of the notations of YAML's core schema.
    func number(_ key: ConfigurationKey, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int? {
        try value(key, default: nil, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") {
            CoreSchema.integer($0).flatMap { range.contains($0) ? .some($0) : nil }
        }
    }

    /// A value that is read by a closure, which answers nil for what it does not take.
    func value<Value>(
        _ key: ConfigurationKey, default fallback: Value, expected: String, read: (String) -> Value?
    ) throws(ConfigurationError) -> Value {
        guard let text = try text(key) else { return fallback }
        guard let value = read(text) else {
            let shown = key.isSecret ? "the value" : "\"\(text)\""
            throw ConfigurationError(key.name, "\(shown) is not \(expected); mend it")
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

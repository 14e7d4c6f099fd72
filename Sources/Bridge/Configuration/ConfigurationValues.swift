import Configuration
import Encoding
import FoundationEssentials
import JSON

/// The configured values of all keys. Precedence: flags, environment, file.
struct ConfigurationValues {
    /// The readers of flags, environment and file, in the order of precedence.
    private let readers: [(place: Place, reader: ConfigReader)]
    private let file: YAMLValues?
    let environment: [String: String]
    /// The path of the file; nil for a text that is no file.
    let path: String?
    let readFile: (String) throws(ConfigurationError) -> [UInt8]
    /// Unknown keys and variables, and values of the file that cannot be read as texts.
    let nameErrors: ConfigurationErrors

    /// What sets a value.
    enum Place { case flag, environment, file }

    /// The value of `sources` in the file; nil if it is not set.
    var sources: YAMLTree? { file?.sources }

    /// - Parameters:
    ///   - flags: values from the command line, by key.
    ///   - environment: the process's environment.
    ///   - file: the YAML text of the configuration file, if there is one.
    ///   - path: the path of the file, for errors with a line.
    ///   - readFile: reads a file that contains a secret.
    /// - Throws: ``ConfigurationError`` for a file that is not valid YAML.
    init(
        flags: [String: String], environment: [String: String], file: String?, path: String?,
        readFile: @escaping (String) throws(ConfigurationError) -> [UInt8]
    ) throws(ConfigurationError) {
        self.file = try file.map { text throws(ConfigurationError) in
            YAMLValues(try YAMLDocument(text, file: path ?? ConfigurationError.fileKey), path: path)
        }
        var errors = self.file?.errors ?? ConfigurationErrors()
        Self.checkNames(flags: flags, environment: environment, errors: &errors)
        nameErrors = errors
        readers = [
            (.flag, ConfigReader(providers: [InMemoryProvider(name: "flags", values: Self.values(flags))])),
            (
                .environment,
                ConfigReader(providers: [
                    EnvironmentVariablesProvider(environmentVariables: environment, secretsSpecifier: .all)
                        .prefixKeys(with: "bridge")
                ])
            ),
            (
                .file,
                ConfigReader(providers: [
                    InMemoryProvider(name: "file", values: Self.values(self.file?.texts ?? [:]))
                ])
            ),
        ]
        self.environment = environment
        self.path = path
        self.readFile = readFile
    }

    private static func checkNames(
        flags: [String: String], environment: [String: String], errors: inout ConfigurationErrors
    ) {
        for key in flags.keys.sorted() where !ConfigurationKey.names.contains(key) {
            let rule = "Run defender-bridge keys for the list of keys."
            errors.add(
                ConfigurationError(
                    key, ConfigurationError.unknown("key", key, among: ConfigurationKey.sortedNames, otherwise: rule)))
        }
        for (variable, value) in environment.sorted(by: { $0.key < $1.key })
        where variable.hasPrefix("BRIDGE_") && !ConfigurationKey.environmentVariables.contains(variable)
            && !ServiceLink.isServiceLink(variable, value: value)
            // Which of these are settings depends on the sources.
            && !SourceSecrets.isVariable(variable)
        {
            errors.add(ConfigurationError(unknownVariable: variable, among: ConfigurationKey.environmentVariables))
        }
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
        let value = setting(key.name, isSecret: key.isSecret)?.text
        guard key.isSecret else { return value }
        let fileKey = key.name + "File"
        guard let path = setting(fileKey, isSecret: false)?.text else { return value }
        guard value == nil else {
            throw ConfigurationError(fileKey, "\(key.name) is set, too. Set only one of the two.")
        }
        let bytes: [UInt8]
        do { bytes = try readFile(path) } catch { throw ConfigurationError(fileKey, error.problem) }
        let text = Self.trimmed(String(decoding: bytes, as: UTF8.self))
        guard !text.isEmpty else { throw ConfigurationError(fileKey, "the file is empty. Write the value into it.") }
        return text
    }

    /// The text of a key with what sets it; nil if it is not set or empty.
    func setting(_ name: String, isSecret: Bool) -> (text: String, place: Place)? {
        for (place, reader) in readers {
            guard let text = reader.string(forKey: ConfigKey(name), isSecret: isSecret).map(Self.trimmed) else {
                continue
            }
            return text.isEmpty ? nil : (text, place)
        }
        return nil
    }

    /// Where the file sets a key, or would: the line of the key, or of the group that it would be in; nil if the file does
    /// not set it.
    func location(of key: String) -> String? {
        let place = setting(key, isSecret: true)?.place
        return place == nil || place == .file ? file?.location(of: key) : nil
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
    ///
    /// - Parameter known: the variables that are settings.
    init(unknownVariable variable: String, among known: some Sequence<String>) {
        let rule = "Correct the name of the variable, or unset it."
        self.init(variable, Self.unknown("setting", variable, among: known, otherwise: rule))
    }

    /// The problem of an unknown name: with the name that it is probably a misspelling of, or with a rule.
    static func unknown(
        _ noun: String, _ name: String, among known: some Sequence<String>, otherwise rule: String
    ) -> String {
        "unknown \(noun). " + (NearestName.of(name, among: known).map { "Did you mean \($0)?" } ?? rule)
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

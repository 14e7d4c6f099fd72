import Configuration
import FoundationEssentials
import SystemPackage
import Yams

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
        let fileValues = try file.map { text throws(ConfigurationError) in try Self.flatten(text) } ?? [:]
        for key in fileValues.keys.sorted() where !ConfigurationKey.names.contains(key) {
            throw ConfigurationError(key, "there is no such key; remove it from the file or mend its spelling")
        }
        let variables = Set(
            ConfigurationKey.all.flatMap {
                $0.isSecret ? [$0.environmentVariable, $0.environmentVariable + "_FILE"] : [$0.environmentVariable]
            })
        for variable in environment.keys.sorted() where variable.hasPrefix("BRIDGE_") && !variables.contains(variable) {
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

    /// The plain values of a YAML text by their dotted keys; lists become texts with commas.
    private static func flatten(_ text: String) throws(ConfigurationError) -> [String: String] {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw ConfigurationError("configuration file", "it is not valid YAML: \(Self.fault(error)); mend it")
        }
        var values: [String: String] = [:]
        func set(_ text: String, _ path: String) throws(ConfigurationError) {
            guard values.updateValue(text, forKey: path) == nil else {
                throw ConfigurationError(path, "the file has it twice; remove one of them")
            }
        }
        func visit(_ node: Node, _ path: String) throws(ConfigurationError) {
            switch node {
            case .scalar(let scalar):
                try set(scalar.string, path)
            case .sequence(let sequence):
                let texts = sequence.compactMap(\.scalar?.string)
                guard texts.count == sequence.count else {
                    throw ConfigurationError(path, "the list must hold plain values only; write each as one text")
                }
                try set(texts.joined(separator: ","), path)
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
        if let root {
            guard root.mapping != nil else {
                throw ConfigurationError(
                    "configuration file", "it must hold keys with values, for example listen.address")
            }
            try visit(root, "")
        }
        return values
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

    /// The text of a value; nil if it was not given, or is empty.
    func text(_ key: ConfigurationKey) throws(ConfigurationError) -> String? {
        let value = reader.string(forKey: ConfigKey(key.name), isSecret: key.isSecret).flatMap { $0.isEmpty ? nil : $0 }
        guard key.isSecret else { return value }
        let fileKey = key.name + "File"
        guard let path = reader.string(forKey: ConfigKey(fileKey)), !path.isEmpty else { return value }
        guard value == nil else {
            throw ConfigurationError(fileKey, "\(key.name) is given, too; give one of them")
        }
        let bytes: [UInt8]
        do { bytes = try readFile(path) } catch { throw ConfigurationError(fileKey, error.problem) }
        let text = String(decoding: bytes, as: UTF8.self).trimmingWhitespace()
        guard !text.isEmpty else { throw ConfigurationError(fileKey, "the file is empty; put the value into it") }
        return text
    }

    /// The elements of a list, without white space around them; empty if it was not given.
    func list(_ key: ConfigurationKey) throws(ConfigurationError) -> [String] {
        (try text(key) ?? "").split(separator: ",").map { String($0).trimmingWhitespace() }.filter { !$0.isEmpty }
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

/// The description of a configuration key, derived from its declaration in ``ConfigurationKeys``.
package struct ConfigurationKey: Sendable, Hashable {
    /// The key as in the configuration file, for example `listen.address`.
    package let name: String
    /// The form of the value for help texts, for example `HOST:PORT`.
    package let placeholder: String
    /// The meaning, range and default of the value.
    package let help: String
    /// The value of a key that is not set, as written in a configuration; nil if it has none.
    let defaultText: String?
    /// What applies to a key that is not set, in words; nil for a key that another key requires.
    let defaultWords: String?
    /// The JSON Schema of values in a file.
    let schema: ValueSchema
    /// Whether the value must not be printed. The key with `File` appended reads a secret from a file.
    package let isSecret: Bool
    /// Whether a new value takes effect at SIGHUP. Other keys need a restart.
    package let isReloadable: Bool

    /// The environment variable, for example `BRIDGE_LISTEN_ADDRESS`.
    package var environmentVariable: String { "BRIDGE_" + words.joined(separator: "_").uppercased() }

    /// The parts of the name, split at dots and between a lowercase and an uppercase letter.
    private var words: [String] {
        var words = [""]
        var previous: Character = "."
        for character in name {
            if character == "." {
                words.append("")
            } else {
                if previous.isLowercase && character.isUppercase { words.append("") }
                words[words.count - 1].append(character.lowercased())
            }
            previous = character
        }
        return words
    }
}

extension ConfigurationKey {
    /// All keys, in the order of their declarations, which is that of the documentation.
    package static let all = ConfigurationKeys.all

    /// All accepted key names, including those with `File` appended for secrets.
    package static let names = Set(sortedNames)

    /// ``names``, in the order of the documentation.
    static let sortedNames = all.flatMap { $0.isSecret ? [$0.name, $0.name + "File"] : [$0.name] }

    /// Whether keys begin with a name and a dot.
    static func isGroup(_ name: String) -> Bool { sortedNames.contains { $0.hasPrefix(name + ".") } }

    /// All accepted environment variables, including those with `_FILE` appended for secrets.
    static let environmentVariables =
        all.flatMap {
            $0.isSecret ? [$0.environmentVariable, $0.environmentVariable + "_FILE"] : [$0.environmentVariable]
        } + [ConfigurationFile.variable]
}

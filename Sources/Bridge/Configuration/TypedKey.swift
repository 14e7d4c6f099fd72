/// When a changed value takes effect.
enum ReloadClass {
    /// At a reload of the configuration (SIGHUP).
    case live
    /// At the next start.
    case restart
}

/// The declaration of a configuration key: its name, type, default, reload class and help.
struct TypedKey<Value: Sendable>: Sendable {
    /// The description of the key, for help and documents.
    let key: ConfigurationKey
    /// Reads the text of a value; nil if the key is not set.
    let read: @Sendable (_ text: String?) throws(ConfigurationError) -> Value

    /// Declares a key with a default.
    ///
    /// - Parameters:
    ///   - name: the key as in the configuration file.
    ///   - type: the type of its values.
    ///   - defaultText: the value of a key that is not set, as written in a configuration.
    ///   - described: the default in words, for the help; nil for the text itself.
    ///   - isSecret: whether the value must not be printed.
    ///   - reload: when a changed value takes effect.
    ///   - help: the meaning, without the default. `{range}` stands for the type's range.
    init(
        _ name: String, _ type: ValueType<Value>, default defaultText: String, described: String? = nil,
        isSecret: Bool = false, reload: ReloadClass, help: String
    ) {
        key = Self.key(name, type, defaultText, described ?? defaultText, isSecret, reload, help)
        read = { text throws(ConfigurationError) in
            try type.value(of: text ?? defaultText, name: name, example: defaultText, isSecret: isSecret)
        }
    }

    /// Declares a key that is nil unless it is set.
    ///
    /// - Parameter unset: what applies to a key that is not set, for the help; nil for a key that another key requires.
    init<Wrapped>(
        _ name: String, _ type: ValueType<Wrapped>, unset: String?, isSecret: Bool = false, reload: ReloadClass,
        help: String
    ) where Value == Wrapped? {
        key = Self.key(name, type, nil, unset, isSecret, reload, help)
        read = { text throws(ConfigurationError) in
            guard let text else { return nil }
            return try type.value(of: text, name: name, example: "", isSecret: isSecret)
        }
    }

    private static func key<AnyValue>(
        _ name: String, _ type: ValueType<AnyValue>, _ defaultText: String?, _ defaultWords: String?, _ isSecret: Bool,
        _ reload: ReloadClass, _ help: String
    ) -> ConfigurationKey {
        ConfigurationKey(
            name: name, placeholder: type.placeholder,
            help: help.replacing("{range}", with: type.range) + (defaultWords.map { " Default: \($0)." } ?? ""),
            defaultText: defaultText, defaultWords: defaultWords, schema: type.schema, isSecret: isSecret,
            isReloadable: reload == .live)
    }
}

extension ValueType {
    /// Reads a value of a key.
    fileprivate func value(
        of text: String, name: String, example: String, isSecret: Bool
    ) throws(ConfigurationError) -> Value {
        do throws(InvalidValueError) {
            return try read(text)
        } catch {
            let errors = problems(error, example: example, isSecret: isSecret).map { ConfigurationError(name, $0) }
            throw ConfigurationError(all: errors) ?? ConfigurationError(name, "invalid value. Correct it.")
        }
    }

    /// The problems of an invalid value, with what to do.
    private func problems(_ error: InvalidValueError, example: String, isSecret: Bool) -> [String] {
        switch error {
        case .unexpected(let text):
            let shown = isSecret ? "" : " \"\(text)\""
            return ["invalid value\(shown). Use \(expected.replacing("{example}", with: example))."]
        case .problem(let problem): return [problem]
        case .several(let errors):
            return errors.flatMap { problems($0, example: example, isSecret: isSecret) }
        }
    }
}

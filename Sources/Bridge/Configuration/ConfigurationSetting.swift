/// The effective value of a key with what sets it. The value of a secret is masked.
package struct ConfigurationSetting: Sendable, Hashable {
    /// What sets a value.
    enum Origin: Sendable, Hashable {
        /// Nothing: the default applies.
        case standard
        /// The configuration file, as `path:line`.
        case file(String)
        /// An environment variable.
        case variable(String)
        /// The flag `--set`.
        case flag
    }

    /// Stands for the value of a secret.
    private static let mask = "********"

    /// The key as in the configuration file.
    let key: String
    /// The text as configured, or the default; nil if there is none.
    let value: String?
    /// What applies without a value, in words.
    let defaultWords: String?
    let origin: Origin
    let isSecret: Bool

    /// - Parameter isSecret: whether the value, unless it is the default, must not be shown.
    init(_ key: String, _ value: String?, _ origin: Origin, isSecret: Bool, defaultWords: String? = nil) {
        self.key = key
        self.value = isSecret && origin != .standard ? Self.mask : value
        self.origin = origin
        self.isSecret = isSecret
        self.defaultWords = defaultWords
    }
}

extension ConfigurationValues {
    /// The effective values of all keys, in the order of the documentation.
    func settings() -> [ConfigurationSetting] { ConfigurationKey.all.map(setting(of:)) }

    private func setting(of key: ConfigurationKey) -> ConfigurationSetting {
        let fileKey = key.name + "File"
        if key.isSecret, let (path, place) = setting(fileKey, isSecret: false) {
            return ConfigurationSetting(
                fileKey, path, origin(place, fileKey, key.environmentVariable + "_FILE"), isSecret: false)
        }
        guard let (text, place) = setting(key.name, isSecret: key.isSecret) else {
            let value = key.defaultText.flatMap { $0.isEmpty ? nil : $0 }
            return ConfigurationSetting(
                key.name, value, .standard, isSecret: key.isSecret, defaultWords: key.defaultWords)
        }
        return ConfigurationSetting(
            key.name, text, origin(place, key.name, key.environmentVariable),
            // The path of a file is no secret, and the URL of a database may contain a password.
            isSecret: key.isSecret
                && !(key == ConfigurationKeys.declared.storeURL.key && text.hasPrefix(StoreLocation.filePrefix)))
    }

    private func origin(_ place: Place, _ key: String, _ variable: String) -> ConfigurationSetting.Origin {
        switch place {
        case .flag: .flag
        case .environment: .variable(variable)
        case .file: .file(location(of: key) ?? ConfigurationError.fileKey)
        }
    }
}

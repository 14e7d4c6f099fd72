import Admin
package import JSON

/// The report of `config show`: the effective values with what sets them. A pure value.
package struct ConfigurationReport: Sendable {
    private let file: String?
    private let settings: [ConfigurationSetting]

    /// - Parameters:
    ///   - configuration: the configuration.
    ///   - file: the path of the configuration file; nil if there is none.
    package init(_ configuration: BridgeConfiguration, file: String?) {
        settings = configuration.settings
        self.file = file
    }

    /// The file, then a line for each key.
    package var lines: [String] {
        let rows = settings.map { [$0.key, $0.origin.words, $0.value ?? $0.defaultWords ?? "none"] }
        return ["Configuration file: \(file ?? "none")", ""] + TextTable.lines([["key", "source", "value"]] + rows)
    }

    /// The report as JSON.
    package var json: JSON {
        ["file": file.map(JSON.string) ?? .null, "settings": .array(settings.map(\.json))]
    }
}

extension ConfigurationSetting {
    fileprivate var json: JSON {
        [
            "key": .string(key), "value": value.map(JSON.string) ?? .null, "source": .string(origin.word),
            "location": origin.location.map(JSON.string) ?? .null, "isSecret": .bool(isSecret),
        ]
    }
}

extension ConfigurationSetting.Origin {
    fileprivate var words: String { location ?? word }

    fileprivate var word: String {
        switch self {
        case .standard: "default"
        case .file: "file"
        case .variable: "environment"
        case .flag: "flag"
        }
    }

    /// The line of the file, the variable or the flag; nil for a default.
    fileprivate var location: String? {
        switch self {
        case .standard: nil
        case .file(let location): location
        case .variable(let name): name
        case .flag: "--set"
        }
    }
}

import ArgumentParser
import Bridge
import Foundation

/// The flags that set configuration keys. They count before the environment, and that before the file.
struct ConfigurationOptions: ParsableArguments {
    @Option(name: .customLong("config"), help: ArgumentHelp("The YAML file with the configuration.", valueName: "file"))
    var file: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Set a key of the configuration, for example listen.address=0.0.0.0:8080. May be repeated; see defender-bridge keys.",
            valueName: "key=value"))
    var settings: [String] = []

    /// The checked configuration.
    func load(environment: [String: String]) throws -> BridgeConfiguration {
        let text = try file.map { path in
            let bytes = try ConfigurationFile.read(path, key: "--config")
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw ConfigurationError("--config", "the file \(path) is not UTF-8 text")
            }
            return text
        }
        return try BridgeConfiguration(flags: flags(), environment: environment, file: text) {
            path throws(ConfigurationError) in try ConfigurationFile.read(path, key: "secret")
        }
    }

    private func flags() throws -> [String: String] {
        var flags: [String: String] = [:]
        for setting in settings {
            let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let key = String(parts[0])
            guard parts.count == 2 else {
                throw ConfigurationError("--set", "\"\(key)\" has no value; write --set \(key)=value")
            }
            guard ConfigurationKey.names.contains(key) else {
                throw ConfigurationError(key, "there is no such key; see defender-bridge keys")
            }
            flags[key] = String(parts[1])
        }
        return flags
    }
}

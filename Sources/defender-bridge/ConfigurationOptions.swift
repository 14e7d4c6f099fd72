import ArgumentParser
import Bridge
import EventLoop
import Foundation
import Store

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

    /// The checked configuration of a command that works on the store, beside a bridge or without one.
    ///
    /// Run as root, the command continues as the owner of the folder of a SQLite store: files that it creates there
    /// are then accessible to the service.
    ///
    /// - Parameter reloadsAsOwner: whether all files are read again as that user, to check that the service can read them.
    func loadForStore(environment: [String: String], reloadsAsOwner: Bool = false) throws -> BridgeConfiguration {
        let configuration = try load(environment: environment)
        guard let folder = configuration.store.folder else { return configuration }
        let hasChanged: Bool
        do {
            hasChanged = try ProcessUser.becomeOwner(of: folder)
        } catch {
            throw ConfigurationError("store.url", "\(error). Run the command as the user of the service")
        }
        return hasChanged && reloadsAsOwner ? try load(environment: environment) : configuration
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

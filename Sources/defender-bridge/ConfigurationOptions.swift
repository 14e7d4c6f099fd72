import ArgumentParser
import Bridge
import EventLoop
import Store

/// The flags that set configuration keys. Precedence: flags, environment variables, the `--config` file, defaults.
struct ConfigurationOptions: ParsableArguments {
    @Option(name: .customLong("config"), help: ArgumentHelp("YAML configuration file.", valueName: "file"))
    var file: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Set a configuration key, for example listen.address=0.0.0.0:8080. Repeatable. Run defender-bridge keys for the "
                + "list of keys.",
            valueName: "key=value"))
    var settings: [String] = []

    /// Reads and validates the configuration.
    func load(environment: [String: String]) throws -> BridgeConfiguration {
        let text = try file.map { path in
            let bytes = try ConfigurationFile.read(path, key: "--config")
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw ConfigurationError("--config", "\(path) is not UTF-8 text. Convert the file to UTF-8.")
            }
            return text
        }
        return try BridgeConfiguration(flags: flags(), environment: environment, file: text, path: file) {
            path throws(ConfigurationError) in try ConfigurationFile.read(path, key: "secret")
        }
    }

    /// Reads and validates the configuration of a command that opens the store, with or without a running bridge.
    ///
    /// Run as root, the command continues as the owner of the folder of a SQLite store, so that the service can access the
    /// files that it creates there.
    ///
    /// - Parameter reloadsAsOwner: whether all files are read again as that user, to check that the service can read them.
    func loadForStore(environment: [String: String], reloadsAsOwner: Bool = false) throws -> BridgeConfiguration {
        let configuration = try load(environment: environment)
        let hasChanged = try Self.becomeOwner(of: configuration.store)
        return hasChanged && reloadsAsOwner ? try load(environment: environment) : configuration
    }

    /// Run as root, continues as the owner of the folder of a SQLite store.
    ///
    /// - Returns: whether the user changed.
    static func becomeOwner(of store: StoreLocation) throws -> Bool {
        guard let folder = store.folder else { return false }
        do {
            return try ProcessUser.becomeOwner(of: folder)
        } catch {
            throw ConfigurationError("store.url", "\(error). Run the command as the service's user.")
        }
    }

    private func flags() throws -> [String: String] {
        var flags: [String: String] = [:]
        for setting in settings {
            let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let key = String(parts[0])
            guard parts.count == 2 else {
                throw ConfigurationError("--set", "\"\(key)\" has no value. Use --set \(key)=VALUE.")
            }
            guard ConfigurationKey.names.contains(key) else {
                throw ConfigurationError(key, "unknown key. Run defender-bridge keys for the list of keys.")
            }
            flags[key] = String(parts[1])
        }
        return flags
    }
}

import ArgumentParser
import Bridge
import EventLoop
import Store

/// The flags that set configuration keys. Precedence: flags, environment variables, the configuration file, defaults.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp(
            "YAML configuration file. Default: $BRIDGE_CONFIG, or \(ConfigurationFile.standardPath) if it exists.",
            valueName: "file"))
    var file: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Set a configuration key, for example listen.address=0.0.0.0:8080. Repeatable. Run defender-bridge keys for the "
                + "list of keys.",
            valueName: "key=value"))
    var settings: [String] = []

    /// Reads and validates the configuration.
    ///
    /// - Parameter runsMappingTests: whether the tests of the sources' mappings must pass.
    func load(
        environment: [String: String], runsMappingTests: Bool = false
    ) throws(ConfigurationError) -> BridgeConfiguration {
        let location = ConfigurationFile.location(flag: file, environment: environment)
        let text = try location.map { location throws(ConfigurationError) in
            let bytes = try ConfigurationFile.read(location.path, key: location.key)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw ConfigurationError(location.key, "\(location.path) is not UTF-8 text. Convert the file to UTF-8.")
            }
            return text
        }
        return try BridgeConfiguration(
            flags: flags(), environment: environment, file: text, path: location?.path,
            runsMappingTests: runsMappingTests
        ) { path throws(ConfigurationError) in try ConfigurationFile.read(path, key: "secret") }
    }

    /// The path of the configuration file; nil if there is none.
    func path(environment: [String: String]) -> String? {
        ConfigurationFile.location(flag: file, environment: environment)?.path
    }

    /// Reads and validates the configuration of a command that opens the store, with or without a running bridge.
    ///
    /// Run as root, the command continues as the owner of the folder of a SQLite store, so that the service can access the
    /// files that it creates there.
    ///
    /// - Parameter reloadsAsOwner: whether all files are read again as that user, to check that the service can read them.
    func loadForStore(
        environment: [String: String], reloadsAsOwner: Bool = false
    ) throws(ConfigurationError) -> BridgeConfiguration {
        let configuration = try load(environment: environment)
        let hasChanged = try Self.becomeOwner(of: configuration.store)
        return hasChanged && reloadsAsOwner ? try load(environment: environment) : configuration
    }

    /// Run as root, continues as the owner of the folder of a SQLite store.
    ///
    /// - Returns: whether the user changed.
    static func becomeOwner(of store: StoreLocation) throws(ConfigurationError) -> Bool {
        guard let folder = store.folder else { return false }
        do {
            return try ProcessUser.becomeOwner(of: folder)
        } catch {
            throw ConfigurationError("store.url", "\(error). Run the command as the service's user.")
        }
    }

    private func flags() throws(ConfigurationError) -> [String: String] {
        var flags: [String: String] = [:]
        for setting in settings {
            let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let key = String(parts[0])
            guard parts.count == 2 else {
                throw ConfigurationError("--set", "\"\(key)\" has no value. Use --set \(key)=VALUE.")
            }
            flags[key] = String(parts[1])
        }
        return flags
    }
}

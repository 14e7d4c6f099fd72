/// The keys that a reload of the configuration changes. A pure value.
struct ConfigurationReload: Sendable, Hashable {
    /// The changed keys that take effect immediately, in the order of the documentation.
    let applied: [String]
    /// The changed keys that take effect after a restart.
    let kept: [String]

    /// - Parameters:
    ///   - started: the configuration at the start, which still applies to keys that need a restart.
    ///   - running: the current configuration.
    ///   - read: the reloaded configuration.
    init(started: BridgeConfiguration, running: BridgeConfiguration, read: BridgeConfiguration) {
        let changed = ConfigurationKey.all.filter { key in
            let before = key.isReloadable ? running : started
            return before.digests[key.name] != read.digests[key.name]
        }
        // Sources are reloadable, and no keys of the declaration.
        let names = Set(running.digests.keys).union(read.digests.keys).filter {
            $0.utf8.starts(with: "sources".utf8) && running.digests[$0] != read.digests[$0]
        }
        applied = changed.filter(\.isReloadable).map(\.name) + names.sorted()
        kept = changed.filter { !$0.isReloadable }.map(\.name)
    }
}

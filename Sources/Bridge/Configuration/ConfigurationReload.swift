/// What changes when another configuration is read while the bridge runs. A pure value.
struct ConfigurationReload: Sendable, Hashable {
    /// The keys whose values are used from now on, in the order of the documentation.
    let applied: [String]
    /// The keys whose values will be used after a restart.
    let kept: [String]

    /// - Parameters:
    ///   - started: what the bridge was started with: what cannot change is still as it says.
    ///   - running: what is in use.
    ///   - read: what was read now.
    init(started: BridgeConfiguration, running: BridgeConfiguration, read: BridgeConfiguration) {
        let changed = ConfigurationKey.all.filter { key in
            let before = key.isReloadable ? running : started
            return before.digests[key.name] != read.digests[key.name]
        }
        applied = changed.filter(\.isReloadable).map(\.name)
        kept = changed.filter { !$0.isReloadable }.map(\.name)
    }
}

extension ConfigurationKey {
    /// Whether SIGHUP has a new value be used. What the listener, the store and the clients of AWS are made from stays until
    /// a restart.
    public var isReloadable: Bool { Self.changing.contains(self) }

    private static let changing: Set<ConfigurationKey> = [
        adminHosts, adminAllowActions, adminToken, storeMaxPending, deadLettersMaxCount, deadLettersMaxBytes,
        deadLettersMaxAge, snsTopics, snsAccounts, snsMinimumSignatureVersion,
        snsMaxMessageAge, snsConfirm,
        snsResubscribe, eventBridgeAPIKey, eventBridgeAPIKeyHeader, eventBridgeBasic, eventBridgeOAuthIssuer,
        eventBridgeOAuthAudience, eventBridgeOAuthKeys, awsRegions, securityHubRequestsPerSecond, securityHubBurst,
        checkSummaries, severities, staleAfter, catchUpInterval, logLevel, logFormat,
    ]
}

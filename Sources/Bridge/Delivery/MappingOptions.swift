import SecurityFindings

/// How the team wants findings to be made.
struct MappingOptions: Sendable {
    /// Whether each check of an audit gets a finding of its own.
    var checkSummaries = true
    /// The team's own severities.
    var severities = SeverityRules.none
    /// How long a finding of an audit stays current that no audit confirms any more; nil for ever.
    var staleAfter: Duration?
}

extension MappingOptions {
    init(_ configuration: BridgeConfiguration) {
        self.init(
            checkSummaries: configuration.checkSummaries, severities: configuration.severities,
            staleAfter: configuration.staleAfter)
    }
}

import SecurityFindings

/// The configured options for findings.
struct MappingOptions: Sendable {
    /// Whether each check of an audit gets a summary finding.
    var checkSummaries = true
    /// The configured severities.
    var severities = SeverityRules.none
    /// How long an audit finding stays active that no audit confirms; nil for no limit.
    var staleAfter: Duration?
}

extension MappingOptions {
    init(_ configuration: BridgeConfiguration) {
        self.init(
            checkSummaries: configuration.checkSummaries, severities: configuration.severities,
            staleAfter: configuration.staleAfter)
    }
}

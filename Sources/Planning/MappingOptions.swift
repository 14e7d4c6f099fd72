package import AWSCore
package import SecurityFindings

/// The configured options for findings.
package struct MappingOptions: Sendable {
    /// Whether each check of an audit gets a summary finding.
    package var checkSummaries = true
    /// The configured severities.
    package var severities = SeverityRules.none
    /// How long an audit finding stays active that no audit confirms; nil for no limit.
    package var staleAfter: Duration?

    /// Creates options.
    package init(
        checkSummaries: Bool = true, severities: SeverityRules = .none, staleAfter: Duration? = nil
    ) {
        self.checkSummaries = checkSummaries
        self.severities = severities
        self.staleAfter = staleAfter
    }

    /// The fingerprint of what decides how audit findings of an AWS partition are mapped. The other options change no
    /// audit finding that an audit lists.
    package func fingerprint(of partition: Partition) -> MappingFingerprint {
        MappingFingerprint(["\(SecurityFinding.auditMappingVersion)", partition.rawValue] + severities.entries)
    }
}

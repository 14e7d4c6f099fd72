package import AWSCore
package import SecurityFindings

/// The configured options for findings.
package struct MappingOptions: Sendable {
    /// Whether each check of an audit gets a summary finding.
    package var checkSummaries = true
    /// The configured severities.
    package var severities = SeverityRules.none
    /// Which findings stay out of Security Hub.
    package var filter = FindingFilter.none
    /// The names that findings give for what they come from.
    package var product = ProductNames.none
    /// How long an audit finding stays active that no audit confirms; nil for no limit.
    package var staleAfter: Duration?

    /// Creates options.
    package init(
        checkSummaries: Bool = true, severities: SeverityRules = .none, filter: FindingFilter = .none,
        product: ProductNames = .none, staleAfter: Duration? = nil
    ) {
        self.checkSummaries = checkSummaries
        self.severities = severities
        self.filter = filter
        self.product = product
        self.staleAfter = staleAfter
    }

    /// The fingerprint of what decides how audit findings of an AWS partition are mapped. The other options change no
    /// audit finding that an audit lists.
    package func fingerprint(of partition: Partition) -> MappingFingerprint {
        // Rules of severities are never empty, so that the parts cannot be confused. Parts of later versions are absent
        // unless they are configured: an upgrade alone changes no fingerprint.
        let parts =
            [filter.entries, product.entries].contains { !$0.isEmpty }
            ? [""] + filter.entries + [""] + product.entries : []
        return MappingFingerprint(
            ["\(SecurityFinding.auditMappingVersion)", partition.rawValue] + severities.entries + parts)
    }
}

package import AWSCore
package import SecurityFindings
import Store

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
    /// The user-defined fields of findings.
    package var userDefinedFields = UserDefinedFields.none
    /// How long an audit finding stays active that no audit confirms; nil for no limit.
    package var staleAfter: Duration?

    /// Creates options.
    package init(
        checkSummaries: Bool = true, severities: SeverityRules = .none, filter: FindingFilter = .none,
        product: ProductNames = .none,
        userDefinedFields: UserDefinedFields = .none, staleAfter: Duration? = nil
    ) {
        self.checkSummaries = checkSummaries
        self.severities = severities
        self.filter = filter
        self.product = product
        self.userDefinedFields = userDefinedFields
        self.staleAfter = staleAfter
    }

    /// The fingerprint of what decides how audit findings of an AWS partition are mapped. The other options change no
    /// audit finding that an audit lists.
    package func fingerprint(of partition: Partition) -> MappingFingerprint {
        // Rules of severities are never empty, so that the parts cannot be confused. Parts of later versions are absent
        // unless they are configured: an upgrade alone changes no fingerprint.
        let later = [filter.entries, product.entries, userDefinedFields.entries]
        let parts = later.allSatisfy(\.isEmpty) ? [] : later.flatMap { [""] + $0 }
        return MappingFingerprint(
            ["\(SecurityFinding.auditMappingVersion)", partition.rawValue] + severities.entries + parts)
    }

    /// A finding as it is imported: with the names, and with the user-defined fields that it has or is created with.
    ///
    /// - Parameters:
    ///   - known: its ledger entry; nil if Security Hub does not have it.
    ///   - thing: the attributes of the thing that it is about, if they are needed and known.
    func completing(_ finding: SecurityFinding, known: LedgerEntry?, thing: ThingAttributes? = nil) -> SecurityFinding {
        var finding = product.naming(finding)
        guard userDefinedFields != .none else { return finding }
        finding.userDefinedFields =
            known.map { $0.asSent?.userDefinedFields ?? TextMap() } ?? userDefinedFields.values(of: thing)
        return finding
    }
}

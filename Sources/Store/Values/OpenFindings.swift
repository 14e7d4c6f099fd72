package import AWSCore

/// The number of findings of one account-Region, source and severity: those that are active in Security Hub, and those
/// whose latest state is not confirmed.
package struct OpenFindings: Sendable, Hashable {
    /// The account-Region.
    package let accountRegion: AccountRegion
    /// What the findings represent.
    package let kind: LedgerEntry.Kind
    /// The name of the mapped source; nil for Device Defender.
    package let source: String?
    /// The severity; nil for findings whose severity the ledger does not contain.
    package let severity: LedgerEntry.Severity?
    /// The number of findings that are active in Security Hub.
    package let count: Int
    /// The number of findings that wait to be sent: new, changed, or to be archived.
    package let unsent: Int

    /// Creates a value.
    package init(
        accountRegion: AccountRegion, kind: LedgerEntry.Kind, source: String? = nil, severity: LedgerEntry.Severity?,
        count: Int, unsent: Int = 0
    ) {
        self.accountRegion = accountRegion
        self.kind = kind
        self.source = source
        self.severity = severity
        self.count = count
        self.unsent = unsent
    }
}

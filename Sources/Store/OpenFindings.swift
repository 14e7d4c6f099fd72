public import AWSCore

/// How many findings of one account and Region are current and of one severity.
public struct OpenFindings: Sendable, Hashable {
    /// The account and Region.
    public let origin: Origin
    /// The severity; nil for findings whose severity the ledger does not know yet.
    public let severity: LedgerEntry.Severity?
    /// How many there are, at least one.
    public let count: Int

    /// Puts the parts together.
    public init(origin: Origin, severity: LedgerEntry.Severity?, count: Int) {
        self.origin = origin
        self.severity = severity
        self.count = count
    }
}

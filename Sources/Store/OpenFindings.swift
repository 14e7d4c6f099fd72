public import AWSCore

/// How many findings of one account and Region are of one severity: those that Security Hub has as active, and those whose
/// latest state it is not known to have.
public struct OpenFindings: Sendable, Hashable {
    /// The account and Region.
    public let accountRegion: AccountRegion
    /// The severity; nil for findings whose severity the ledger does not know yet.
    public let severity: LedgerEntry.Severity?
    /// How many Security Hub has as active.
    public let count: Int
    /// How many wait to be sent: new ones, changed ones, and those to be archived.
    public let unsent: Int

    /// Puts the parts together.
    public init(accountRegion: AccountRegion, severity: LedgerEntry.Severity?, count: Int, unsent: Int = 0) {
        self.accountRegion = accountRegion
        self.severity = severity
        self.count = count
        self.unsent = unsent
    }

    /// Puts rows together that are each about an origin and a severity.
    init(_ rows: [Row]) throws {
        guard let first = rows.first else { throw StoreError.unreadableRow }
        let (current, unsentCurrent) = (rows.reduce(0) { $0 + $1.current }, rows.reduce(0) { $0 + $1.unsentCurrent })
        self.init(
            accountRegion: first.accountRegion, severity: first.severity, count: max(current - unsentCurrent, 0),
            unsent: rows.reduce(0) { $0 + $1.unsent })
    }

    /// Counts of one origin and severity.
    struct Row {
        let accountRegion: AccountRegion
        let severity: LedgerEntry.Severity?
        /// How many are to be active, sent or not.
        let current: Int
        /// How many of those are not sent.
        let unsentCurrent: Int
        /// How many are not sent, whatever they are to be.
        let unsent: Int
    }

    static func all(of rows: [Row]) throws -> [OpenFindings] {
        try Dictionary(grouping: rows) { [$0.accountRegion.stored, $0.severity?.rawValue] }.values.map {
            try OpenFindings($0)
        }
    }
}

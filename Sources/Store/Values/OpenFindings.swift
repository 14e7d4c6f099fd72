package import AWSCore

/// The number of findings of one account-Region and severity: those that are active in Security Hub, and those whose
/// latest state is not confirmed.
package struct OpenFindings: Sendable, Hashable {
    /// The account-Region.
    package let accountRegion: AccountRegion
    /// The severity; nil for findings whose severity the ledger does not contain.
    package let severity: LedgerEntry.Severity?
    /// The number of findings that are active in Security Hub.
    package let count: Int
    /// The number of findings that wait to be sent: new, changed, or to be archived.
    package let unsent: Int

    /// Creates a value.
    package init(accountRegion: AccountRegion, severity: LedgerEntry.Severity?, count: Int, unsent: Int = 0) {
        self.accountRegion = accountRegion
        self.severity = severity
        self.count = count
        self.unsent = unsent
    }

    /// Adds up rows of the same account-Region and severity.
    package init(_ rows: [Row]) throws {
        guard let first = rows.first else { throw StoreError.unreadableRow }
        let (current, unsentCurrent) = (rows.reduce(0) { $0 + $1.current }, rows.reduce(0) { $0 + $1.unsentCurrent })
        self.init(
            accountRegion: first.accountRegion, severity: first.severity, count: max(current - unsentCurrent, 0),
            unsent: rows.reduce(0) { $0 + $1.unsent })
    }

    /// Counts of one account-Region and severity.
    package struct Row {
        /// The account-Region.
        package let accountRegion: AccountRegion
        /// The severity; nil if the ledger does not contain it.
        package let severity: LedgerEntry.Severity?
        /// Active in the ledger, sent or not.
        package let current: Int
        /// Active and not sent.
        package let unsentCurrent: Int
        /// Not sent, active or archived.
        package let unsent: Int
    }

    /// The sums of rows by account-Region and severity.
    package static func all(of rows: [Row]) throws -> [OpenFindings] {
        try Dictionary(grouping: rows) { [$0.accountRegion.stored, $0.severity?.rawValue] }.values.map {
            try OpenFindings($0)
        }
    }
}

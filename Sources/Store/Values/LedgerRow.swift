import Encoding

/// A ledger entry with the number of its row in the store.
package struct LedgerRow: Sendable, Hashable {
    /// The row number: positive, never used again for another finding.
    package let number: Int64
    /// The entry.
    package let entry: LedgerEntry

    /// Creates a value.
    package init(number: Int64, entry: LedgerEntry) {
        self.number = number
        self.entry = entry
    }
}

/// A finding in the ledger that its source reported unchanged.
package struct UnchangedFinding: Sendable, Hashable {
    /// The row number.
    package let number: Int64
    /// The severity as last sent; nil if the ledger does not contain it.
    package let severity: LedgerEntry.Severity?

    /// Creates a value.
    package init(number: Int64, severity: LedgerEntry.Severity?) {
        self.number = number
        self.severity = severity
    }
}

/// The place of a finding in a list that is ordered by time and row number.
package struct LedgerPosition: Sendable, Hashable {
    /// The time as it is stored, in milliseconds since 1970; a damaged row can have any.
    package let storedTime: Int64
    /// The row number.
    package let number: Int64

    /// Creates a value.
    package init(storedTime: Int64, number: Int64) {
        self.storedTime = storedTime
        self.number = number
    }

    /// The place before all others.
    package static let start = LedgerPosition(storedTime: .min, number: .min)

    /// The place of a row in a list that is ordered by ``LedgerEntry/updatedAt``.
    package init(updated row: LedgerRow) {
        // A damaged row can have a later time, which is read as the latest one. A page that follows it would begin with
        // it again.
        let time = row.entry.updatedAt
        self.init(storedTime: time == .latest ? .max : time.milliseconds, number: row.number)
    }
}

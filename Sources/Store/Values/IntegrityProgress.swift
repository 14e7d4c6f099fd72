/// The progress of an integrity check or a verification.
package struct IntegrityProgress: Sendable, Hashable {
    /// The table that is being read.
    package let table: String
    /// The number of the last row that was read.
    package let row: Int64
    /// The number of the table's last row.
    package let lastRow: Int64

    /// Creates a value.
    package init(table: String, row: Int64, lastRow: Int64) {
        self.table = table
        self.row = row
        self.lastRow = lastRow
    }
}

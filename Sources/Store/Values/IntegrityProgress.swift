/// The progress of an integrity check.
public struct IntegrityProgress: Sendable, Hashable {
    /// The table that is being read.
    public let table: String
    /// The number of the last row that was read.
    public let row: Int64
    /// The number of the table's last row.
    public let lastRow: Int64

    /// Creates a value.
    public init(table: String, row: Int64, lastRow: Int64) {
        self.table = table
        self.row = row
        self.lastRow = lastRow
    }
}

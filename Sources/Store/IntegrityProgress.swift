/// How far the check of a store is.
public struct IntegrityProgress: Sendable, Hashable {
    /// The table that is being read.
    public let table: String
    /// The number of the row that was read last.
    public let row: Int64
    /// The number of the table's last row.
    public let lastRow: Int64
}

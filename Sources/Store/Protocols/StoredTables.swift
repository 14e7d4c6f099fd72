/// A store that is read as a whole, in one state: until it is closed, no bridge and no command can change it.
package protocol TableSource: Sendable {
    /// Which store it is, without a secret.
    var name: String { get }
    /// All tables, sorted by name, except those about running bridges.
    var tables: [StoredTable] { get }

    /// The number of rows of a table.
    func count(of table: StoredTable) async throws(StoreError) -> Int

    /// The next rows of a table in the order of their keys: at most ``TablePage/rows``, and at most about
    /// ``TablePage/bytes`` of texts and bytes.
    ///
    /// - Returns: rows with their values in the order of the columns; empty at the end of the range.
    func page(of table: StoredTable, in range: TableRange) async throws(StoreError) -> [[StoredValue]]

    /// The last number that was given to a row of a table, for tables that number their rows and never use a number again.
    func lastNumbers() async throws(StoreError) -> [String: Int64]

    /// Releases the store.
    func close() async
}

/// A store that receives a copy of another one. No bridge can open it before the copy is complete.
package protocol TableTarget: TableSource {
    /// Marks the store as an unfinished copy.
    ///
    /// - Parameter source: the name of the copied store.
    /// - Throws: ``StoreError/Code/invalidPath`` if the store contains data, and is no unfinished copy of this source.
    func begin(copyOf source: String) async throws(StoreError)

    /// Replaces the rows of a range, in one transaction.
    func replace(
        _ range: TableRange, of table: StoredTable, with rows: [[StoredValue]]
    ) async throws(StoreError)

    /// Marks the copy as complete.
    ///
    /// - Parameter lastNumbers: the last numbers of the source, which are not given to other rows.
    func finish(_ lastNumbers: [String: Int64]) async throws(StoreError)
}

/// The rows of a table whose keys are within bounds.
package struct TableRange: Sendable {
    /// The key after which the range begins; nil for the beginning of the table.
    package let start: [StoredValue]?
    /// The last key of the range; nil for the end of the table.
    package let last: [StoredValue]?

    /// Creates a value.
    package init(after start: [StoredValue]?, through last: [StoredValue]? = nil) {
        (self.start, self.last) = (start, last)
    }

    /// The values of the bounds that exist, in order.
    package var bounds: [StoredValue] { (start ?? []) + (last ?? []) }

    /// The condition that selects the rows of a table; empty if there is none.
    ///
    /// - Parameter parameter: the name of a parameter in SQL, by its number.
    package func condition(of table: StoredTable, _ parameter: (Int) -> String) -> String {
        let key = SQLName.list(table.key)
        let width = table.key.count
        func values(from first: Int) -> String {
            (first..<(first + width)).map(parameter).joined(separator: ", ")
        }
        var parts: [String] = []
        if start != nil { parts.append("(\(key)) > (\(values(from: 1)))") }
        if last != nil { parts.append("(\(key)) <= (\(values(from: start == nil ? 1 : width + 1)))") }
        if table.hasOptionalRows {
            parts.append("(\(table.valueNames.map { "\(SQLName.quoted($0)) <> 0" }.joined(separator: " OR ")))")
        }
        return parts.isEmpty ? "" : "WHERE " + parts.joined(separator: " AND ")
    }
}

/// The limits of what is read and written at once, so that memory and transactions stay small.
package enum TablePage {
    /// The maximum number of rows.
    package static let rows = 1000
    /// The number of bytes in texts and bytes after which no further row is read.
    package static let bytes = 8 << 20
}

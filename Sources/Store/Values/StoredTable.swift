/// A table of a store, as both engines describe it.
///
/// Each engine derives the description from its own schema. A copy between engines requires that they are equal, so that
/// a table or column which only one engine has is noticed instead of being lost.
package struct StoredTable: Sendable, Hashable {
    /// The types of values that both engines have. Booleans are numbers.
    package enum Kind: Sendable, Hashable {
        case integer, text, bytes
    }

    /// A column.
    package struct Column: Sendable, Hashable {
        /// The name.
        package let name: String
        /// The type of its values other than NULL.
        package let kind: Kind

        /// Creates a value.
        package init(name: String, kind: Kind) {
            (self.name, self.kind) = (name, kind)
        }
    }

    /// The name.
    package let name: String
    /// The columns, sorted by name: `ALTER TABLE` adds them in an order of its own.
    package let columns: [Column]
    /// The names of the columns by which rows are identified and sorted.
    package let key: [String]

    /// Creates a description.
    ///
    /// - Parameter columns: in any order.
    /// - Throws: ``StoreError/Code/defect`` if no columns identify a row.
    package init(name: String, columns: [Column], key: [String]) throws(StoreError) {
        guard !key.isEmpty, Set(key).isSubset(of: columns.map(\.name)) else {
            throw StoreError(.defect, "The table \(name) has no key. Report it.")
        }
        self.name = name
        self.columns = columns.sorted { $0.name < $1.name }
        self.key = key
    }

    /// Whether a row whose values are all 0, apart from its key, is equivalent to no row: PostgreSQL keeps such rows to lock
    /// them.
    package var hasOptionalRows: Bool { name == "dead_letter_load" }

    /// The names of the columns that are not in the key.
    package var valueNames: [String] { columns.map(\.name).filter { !key.contains($0) } }

    /// The key of a row, whose values are in the order of the columns.
    package func key(of row: [StoredValue]) -> [StoredValue] {
        key.compactMap { name in columns.firstIndex { $0.name == name }.map { row[$0] } }
    }
}

/// Names in SQL: some columns are named like keywords.
package enum SQLName {
    /// A quoted name.
    package static func quoted(_ name: String) -> String { "\"\(name)\"" }
    /// Quoted names, separated by commas.
    package static func list(_ names: [String]) -> String { names.map(quoted).joined(separator: ", ") }
}

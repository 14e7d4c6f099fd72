import FoundationEssentials
import GRDB
import Store

/// A row of a result whose columns are found by name.
///
/// GRDB traps if a column contains another type. A damaged file can contain anything, so columns are read through this
/// type, which throws.
struct SQLiteRow: StoredRow {
    private let row: Row
    private let positions: [String: Int]

    fileprivate init(_ row: Row, _ positions: [String: Int]) {
        self.row = row
        self.positions = positions
    }

    func optionalInteger(_ column: String) throws -> Int64? { try optional(column) }

    func optionalText(_ column: String) throws -> String? { try optional(column) }

    func optionalBytes(_ column: String) throws -> [UInt8]? {
        let data: Data? = try optional(column)
        return data.map { [UInt8]($0) }
    }

    func flag(_ column: String) throws -> Bool {
        guard let value: Bool = try optional(column) else { throw StoreError.unreadableRow }
        return value
    }

    private func optional<Value: DatabaseValueConvertible>(_ column: String) throws -> Value? {
        guard let position = positions[column] else { throw StoreError.unreadableRow }
        let value: DatabaseValue = row[position]
        guard !value.isNull else { return nil }
        guard let value = Value.fromDatabaseValue(value) else { throw StoreError.unreadableRow }
        return value
    }
}

/// A prepared query, which can run several times.
struct SQLiteQuery {
    private let statement: Statement
    private let positions: [String: Int]

    /// - Parameter db: caches the prepared statement.
    init(_ sql: String, in db: Database) throws {
        statement = try db.cachedStatement(sql: sql)
        positions = Dictionary(statement.columnNames.enumerated().map { ($1, $0) }) { first, _ in first }
    }

    /// All rows.
    func rows(_ arguments: StatementArguments = []) throws -> [SQLiteRow] {
        try Row.fetchAll(statement, arguments: arguments).map { SQLiteRow($0, positions) }
    }

    /// The first row. The statement does not run to its end.
    func row(_ arguments: StatementArguments = []) throws -> SQLiteRow? {
        try Row.fetchOne(statement, arguments: arguments).map { SQLiteRow($0, positions) }
    }
}

extension Database {
    /// All rows of a query.
    func rows(_ sql: SQLStatement, _ arguments: StatementArguments = []) throws -> [SQLiteRow] {
        try SQLiteQuery(sql.sqlite, in: self).rows(arguments)
    }

    /// The first row of a query.
    func row(_ sql: SQLStatement, _ arguments: StatementArguments = []) throws -> SQLiteRow? {
        try SQLiteQuery(sql.sqlite, in: self).row(arguments)
    }

    /// All rows of a query that only SQLite needs.
    func rows(_ sql: String, _ arguments: StatementArguments = []) throws -> [SQLiteRow] {
        try SQLiteQuery(sql, in: self).rows(arguments)
    }

    /// The first row of a query that only SQLite needs.
    func row(_ sql: String, _ arguments: StatementArguments = []) throws -> SQLiteRow? {
        try SQLiteQuery(sql, in: self).row(arguments)
    }

    /// Runs a statement that changes rows.
    func run(_ sql: SQLStatement, _ arguments: StatementArguments = []) throws { try run(sql.sqlite, arguments) }

    /// Runs a statement that changes rows and that only SQLite needs.
    func run(_ sql: String, _ arguments: StatementArguments = []) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }
}

import GRDB
import GRDBSQLite
import Store

/// A prepared statement, which can run several times within one database access.
///
/// GRDB prepares and caches it; values are bound and read by SQLite's C interface. GRDB's own binding and reading take as
/// long as SQLite takes to insert or find a row.
struct PreparedStatement {
    // Keeps the statement alive.
    private let statement: Statement
    private let connection: SQLiteConnection?

    private var handle: SQLiteStatement { statement.sqliteStatement }

    /// - Parameter db: caches the prepared statement across accesses.
    init(_ sql: String, in db: Database) throws {
        statement = try db.cachedStatement(sql: sql)
        connection = db.sqliteConnection
    }

    /// Runs a statement that changes rows.
    func run(_ arguments: SQLiteArguments = []) throws {
        try bind(arguments)
        defer { reset() }
        while try step() {}
    }

    /// All rows.
    func rows(_ arguments: SQLiteArguments = []) throws -> [SQLiteRow] {
        try bind(arguments)
        defer { reset() }
        var rows: [SQLiteRow] = []
        while try step() { rows.append(SQLiteRow(handle, statement.columnNames)) }
        return rows
    }

    /// Calls a closure with each row until it returns false.
    func forEach(_ arguments: SQLiteArguments, _ body: (SQLiteRow) throws -> Bool) throws {
        try bind(arguments)
        defer { reset() }
        while try step(), try body(SQLiteRow(handle, statement.columnNames)) {}
    }

    /// The first row. The statement does not run to its end.
    func row(_ arguments: SQLiteArguments = []) throws -> SQLiteRow? {
        try bind(arguments)
        defer { reset() }
        return try step() ? SQLiteRow(handle, statement.columnNames) : nil
    }

    private func bind(_ arguments: SQLiteArguments) throws {
        guard Int(sqlite3_bind_parameter_count(handle)) == arguments.count else { throw error(SQLITE_RANGE) }
        for (place, value) in arguments.enumerated() {
            let parameter = Int32(place + 1)
            let result = value?.bind(to: parameter, of: handle) ?? sqlite3_bind_null(handle, parameter)
            guard result == SQLITE_OK else { throw error(result) }
        }
    }

    /// - Returns: whether there is a row.
    private func step() throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: true
        case SQLITE_DONE: false
        case let result: throw error(result)
        }
    }

    private func error(_ result: Int32) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: result), message: connection.map { String(cString: sqlite3_errmsg($0)) })
    }

    /// Ends the statement, and frees the bound values. A failure has been reported by the step.
    private func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }
}

extension Database {
    /// All rows of a query.
    func rows(_ sql: SQLStatement, _ arguments: SQLiteArguments = []) throws -> [SQLiteRow] {
        try rows(sql.sqlite, arguments)
    }

    /// The first row of a query.
    func row(_ sql: SQLStatement, _ arguments: SQLiteArguments = []) throws -> SQLiteRow? {
        try row(sql.sqlite, arguments)
    }

    /// All rows of a query that only SQLite needs.
    func rows(_ sql: String, _ arguments: SQLiteArguments = []) throws -> [SQLiteRow] {
        try PreparedStatement(sql, in: self).rows(arguments)
    }

    /// The first row of a query that only SQLite needs.
    func row(_ sql: String, _ arguments: SQLiteArguments = []) throws -> SQLiteRow? {
        try PreparedStatement(sql, in: self).row(arguments)
    }

    /// Runs a statement that changes rows.
    func run(_ sql: SQLStatement, _ arguments: SQLiteArguments = []) throws { try run(sql.sqlite, arguments) }

    /// Runs a statement that changes rows and that only SQLite needs.
    func run(_ sql: String, _ arguments: SQLiteArguments = []) throws {
        try PreparedStatement(sql, in: self).run(arguments)
    }
}

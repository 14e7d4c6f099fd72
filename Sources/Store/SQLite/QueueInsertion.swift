import AWSCore
import GRDB
import GRDBSQLite

/// Adds deliveries to the queue by SQLite's own interface: each delivery comes here, and GRDB's way of binding values costs
/// as much as the rows themselves.
///
/// To be used within one access to the database.
struct QueueInsertion {
    private let connection: SQLiteConnection?
    private let delivery: SQLiteStatement
    private let payload: SQLiteStatement

    /// - Parameter db: keeps the statements from one access to the next.
    init(_ db: Database) throws {
        connection = db.sqliteConnection
        delivery = try db.cachedStatement(sql: QueueSQL.insert).sqliteStatement
        payload = try db.cachedStatement(sql: QueueSQL.insertPayload).sqliteStatement
    }

    /// Adds a delivery unless its id is known.
    func add(_ new: Delivery) throws -> AppendResult {
        try Self.bind(new.id, to: 1, of: delivery)
        try Self.bind(new.accountRegion.stored, to: 2, of: delivery)
        try Self.bind(new.channel.rawValue, to: 3, of: delivery)
        try check(sqlite3_bind_int64(delivery, 4, new.receivedAt))
        try Self.bind(new.topic?.description ?? "", to: 5, of: delivery)
        try run(delivery)
        guard sqlite3_changes(connection) == 1 else { return .duplicate }
        try check(sqlite3_bind_int64(payload, 1, sqlite3_last_insert_rowid(connection)))
        try new.payload.withUnsafeBytes { bytes in
            // Bytes of which SQLite takes no copy, as they stay until the statement has run. NULL would be no BLOB.
            let result =
                bytes.isEmpty
                ? sqlite3_bind_zeroblob(payload, 2, 0)
                : sqlite3_bind_blob64(payload, 2, bytes.baseAddress, sqlite3_uint64(bytes.count), nil)
            try check(result)
            try run(payload)
        }
        return .stored
    }

    private static func bind(_ text: String, to index: Int32, of statement: SQLiteStatement) throws {
        var text = text
        let result = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                sqlite3_bind_text(statement, index, $0.baseAddress, Int32($0.count), copying)
            }
        }
        guard result == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: result)) }
    }

    /// Has SQLite copy what is bound: its header has this constant in a form that Swift does not see.
    private static var copying: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    private func run(_ statement: SQLiteStatement) throws {
        let result = sqlite3_step(statement)
        // The failure is told by the step already, and what is bound must not outlive this.
        sqlite3_reset(statement)
        sqlite3_clear_bindings(statement)
        try check(result == SQLITE_DONE ? SQLITE_OK : result)
    }

    private func check(_ result: Int32) throws {
        guard result != SQLITE_OK else { return }
        throw DatabaseError(
            resultCode: ResultCode(rawValue: result), message: connection.map { String(cString: sqlite3_errmsg($0)) })
    }
}

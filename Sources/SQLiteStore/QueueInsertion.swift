import AWSCore
import Encoding
import GRDB
import GRDBSQLite
import Store

/// Adds deliveries to the queue with SQLite's C interface: every delivery passes here, and binding values by GRDB costs
/// as much as inserting the rows.
///
/// Must be used within one database access.
struct QueueInsertion {
    private let connection: SQLiteConnection?
    private let delivery: SQLiteStatement
    private let payload: SQLiteStatement

    /// - Parameter db: caches the statements across accesses.
    init(_ db: Database) throws {
        connection = db.sqliteConnection
        delivery = try db.cachedStatement(sql: QueueSQL.append.sqlite).sqliteStatement
        payload = try db.cachedStatement(sql: SQLiteQueueSQL.insertPayload).sqliteStatement
    }

    /// Adds a delivery unless its id is known.
    func add(_ new: Delivery) throws -> AppendResult {
        try Self.bind(new.id, to: 1, of: delivery)
        try Self.bind(new.lane.stored, to: 2, of: delivery)
        try Self.bind(new.channel.rawValue, to: 3, of: delivery)
        try check(sqlite3_bind_int64(delivery, 4, new.receivedAt.milliseconds))
        try Self.bind(new.share, to: 5, of: delivery)
        try run(delivery)
        guard sqlite3_changes(connection) == 1 else { return .duplicate }
        try check(sqlite3_bind_int64(payload, 1, sqlite3_last_insert_rowid(connection)))
        try new.payload.withUnsafeBytes { bytes in
            // SQLite does not copy the bytes, as they stay valid until the statement has run. A null pointer would bind
            // NULL.
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

    /// Makes SQLite copy the bound value: `SQLITE_TRANSIENT`, which Swift does not import.
    private static var copying: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    private func run(_ statement: SQLiteStatement) throws {
        let result = sqlite3_step(statement)
        // The step has reported the failure already, and bound values must not outlive this call.
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

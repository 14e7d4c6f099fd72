import GRDB
import Glibc
package import Store
import Synchronization

/// All tables of a SQLite store, to copy them from or to another engine.
package final class SQLiteTables: TableTarget {
    /// The path of the file.
    package let name: String
    /// The tables, from the schema of the file.
    package let tables: [StoredTable]
    private let pool: DatabasePool
    private let lock: Mutex<LockFile?>
    private let isSource: Bool

    /// Opens a store to read it.
    ///
    /// - Throws: ``StoreError``, among others ``StoreError/Code/inUse`` while a bridge serves from it.
    package static func source(_ path: String) async throws(StoreError) -> SQLiteTables {
        try await offload { () throws(StoreError) in
            let (pool, lock) = try SQLiteFile.openSource(path)
            return try SQLiteTables(pool, lock, isSource: true)
        }.get()
    }

    /// Opens or creates a store that receives a copy.
    ///
    /// - Throws: ``StoreError``, among others ``StoreError/Code/inUse`` while another process uses it.
    package static func target(_ path: String) async throws(StoreError) -> SQLiteTables {
        try await offload { () throws(StoreError) in
            let (pool, lock) = try SQLiteFile.openTarget(path)
            return try SQLiteTables(pool, lock, isSource: false)
        }.get()
    }

    private init(_ pool: DatabasePool, _ lock: LockFile, isSource: Bool) throws(StoreError) {
        let path = realpath(pool.path, nil)
        defer { free(path) }
        name = "sqlite:" + (path.map { String(cString: $0) } ?? pool.path)
        do {
            tables = try pool.read(SQLiteTableSQL.tables)
        } catch {
            throw StoreError(error)
        }
        self.pool = pool
        self.lock = Mutex(lock)
        self.isSource = isSource
    }

    /// Closes the store, and releases its lock.
    package func close() async {
        let (pool, isSource) = (pool, isSource)
        _ = await offload { () throws(StoreError) in
            _ = try? pool.writeWithoutTransaction { db in
                if isSource { try db.execute(sql: "ROLLBACK") } else { try db.checkpoint(.truncate) }
            }
            try? pool.close()
        }
        lock.withLock { $0 = nil }
    }

    /// Uses the connection that holds the transaction of a source.
    private func access<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { db in
                continuation.resume(returning: Result { try body(db) }.mapError { StoreError($0) })
            }
        }
        return try result.get()
    }

    // MARK: Reading

    /// Counts rows.
    package func count(of table: StoredTable) async throws(StoreError) -> Int {
        try await access { db in try db.row(SQLiteTableSQL.count(table))?.count("count") ?? 0 }
    }

    /// Reads rows by the connection that holds the transaction.
    package func page(of table: StoredTable, in range: TableRange) async throws(StoreError) -> [[StoredValue]] {
        try await access { db in
            var rows: [[StoredValue]] = []
            var size = 0
            let statement = try PreparedStatement(SQLiteTableSQL.page(table, range), in: db)
            try statement.forEach(range.bounds.map(\.sqlite)) { row in
                let values = try row.all
                rows.append(values)
                size += values.reduce(0) { $0 + $1.size }
                return size < TablePage.bytes
            }
            return rows
        }
    }

    /// The last numbers of tables with `AUTOINCREMENT`.
    package func lastNumbers() async throws(StoreError) -> [String: Int64] {
        try await access { db in
            let rows = try db.rows(SQLiteTableSQL.lastNumbers)
            return Dictionary(try rows.map { (try $0.text("name"), try $0.integer("seq")) }) { first, _ in first }
        }
    }

    // MARK: Writing

    /// Marks the file as an unfinished copy.
    package func begin(copyOf source: String) async throws(StoreError) {
        let (marker, tables) = (MigrationStep.unfinishedCopy(of: source), tables)
        try await access { db in
            try db.inTransaction(.immediate) {
                let steps = try Schema.migrator.appliedIdentifiers(db)
                if let known = steps.first(where: MigrationStep.isUnfinishedCopy) {
                    guard known == marker else { throw StoreError.otherCopy }
                    return .rollback
                }
                for table in tables where try db.row(SQLiteTableSQL.any(table)) != nil {
                    throw StoreError.notEmpty(table.name)
                }
                try db.run(SQLiteTableSQL.mark, [marker])
                return .commit
            }
        }
    }

    /// Replaces rows.
    package func replace(
        _ range: TableRange, of table: StoredTable, with rows: [[StoredValue]]
    ) async throws(StoreError) {
        try await access { db in
            try db.inTransaction(.immediate) {
                try db.run(SQLiteTableSQL.delete(table, range), range.bounds.map(\.sqlite))
                for insertion in SQLiteTableSQL.insertions(table) {
                    let statement = try PreparedStatement(insertion.sql, in: db)
                    for row in rows {
                        let values = insertion.places.map { row[$0].sqlite }
                        if insertion.skipsNull, values.contains(where: { $0 == nil }) { continue }
                        try statement.run(values)
                    }
                }
                return .commit
            }
        }
    }

    /// Raises the last numbers, and removes the mark.
    package func finish(_ lastNumbers: [String: Int64]) async throws(StoreError) {
        try await access { db in
            try db.inTransaction(.immediate) {
                for row in try db.rows(SQLiteTableSQL.numbered) {
                    let name = try row.text("name")
                    guard let number = lastNumbers[name] else { continue }
                    try db.run(SQLiteTableSQL.raiseLastNumber, [name, number])
                    try db.run(SQLiteTableSQL.addLastNumber, [name, number])
                }
                try db.run(SQLiteTableSQL.unmark, [MigrationStep.unfinishedCopy(of: "") + "%"])
                return .commit
            }
        }
    }
}

extension StoredValue {
    fileprivate var sqlite: (any SQLiteValue)? {
        switch self {
        case .null: nil
        case .integer(let value): value
        case .text(let value): value
        case .bytes(let value): value
        }
    }
}

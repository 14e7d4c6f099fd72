import Encoding
import EventLoop
package import Store

/// All tables of a store in a PostgreSQL database, to copy them from or to another engine.
package final class PostgreSQLTables: TableTarget {
    /// The names of the database and its schema.
    package let name: String
    /// The tables, from the schema of the database.
    package let tables: [StoredTable]
    private let flags: [String: Set<String>]
    private let connection: PostgreSQLConnection
    private let loop: EventLoop

    /// Opens a store to read it.
    ///
    /// - Throws: ``StoreError``, among others ``StoreError/Code/inUse`` while bridges use it.
    package static func source(_ address: PostgreSQLAddress) async throws(StoreError) -> PostgreSQLTables {
        try await open(address) { connection in
            try await PostgreSQLSchema.bringUpToDate(connection, mayChange: false) { _ in }
            try await connection.use(.copy)
            try await checkUnused(connection)
            try await connection.runOnce("BEGIN")
            try await lock(PostgreSQLTableSQL.lockTables, by: connection)
            // One may have started until now.
            try await checkUnused(connection)
        }
    }

    /// Opens a store that receives a copy, and creates its tables if necessary.
    ///
    /// - Throws: ``StoreError``, among others ``StoreError/Code/inUse`` while bridges or another copy use it.
    package static func target(_ address: PostgreSQLAddress) async throws(StoreError) -> PostgreSQLTables {
        try await open(address) { connection in
            try await connection.use(.copy)
            try await lock(PostgreSQLTableSQL.lockTarget, by: connection)
            try await PostgreSQLSchema.checkEncoding(connection)
            try await PostgreSQLSchema.prepareTarget(connection)
            try await checkUnused(connection)
        }
    }

    private static func open(
        _ address: PostgreSQLAddress, _ prepare: @escaping @Sendable (PostgreSQLConnection) async throws -> Void
    ) async throws(StoreError) -> PostgreSQLTables {
        try address.checkFiles()
        let loop: EventLoop
        do { loop = try EventLoop(name: "bridge-copy") } catch { throw StoreError(.unavailable, "\(error)") }
        do {
            let connection = try await PostgreSQLConnection.open(address, on: loop)
            do {
                await connection.setTimeout(SessionLimits.copy.statement)
                try await PoolerCheck.check(connection, address, on: loop)
                try await prepare(connection)
                let name = try await connection.run(PostgreSQLTableSQL.name).rows.first?.text("name") ?? ""
                let (tables, flags) = try await PostgreSQLTableSQL.tables(connection)
                return PostgreSQLTables(name, tables, flags, connection, loop)
            } catch {
                await connection.close()
                throw error
            }
        } catch {
            await loop.shutdown()
            throw StoreError(postgreSQL: error)
        }
    }

    private init(
        _ name: String, _ tables: [StoredTable], _ flags: [String: Set<String>], _ connection: PostgreSQLConnection,
        _ loop: EventLoop
    ) {
        (self.name, self.tables, self.flags) = (name, tables, flags)
        (self.connection, self.loop) = (connection, loop)
    }

    private static func checkUnused(_ connection: PostgreSQLConnection) async throws {
        let count = try await connection.run(PostgreSQLTableSQL.liveReplicas).rows.first?.count("count") ?? 0
        guard count == 0 else {
            throw StoreError(
                .inUse,
                "Bridges are using the database: \(count). Stop them first; one that was killed counts for 10 s.")
        }
    }

    private static func lock(_ sql: String, by connection: PostgreSQLConnection) async throws {
        do {
            try await connection.runOnce(sql)
        } catch  where error.state == "55P03" {
            throw StoreError(
                .inUse,
                "Another process is using the database: its tables are locked. Stop it, and run the command again.")
        }
    }

    /// Closes the connection, which ends the transaction and the locks.
    package func close() async {
        await connection.close()
        await loop.shutdown()
    }

    private func use<Value: Sendable>(
        _ body: (PostgreSQLConnection) async throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            await connection.setTimeout(SessionLimits.copy.statement)
            return try await body(connection)
        } catch {
            throw StoreError(postgreSQL: error)
        }
    }

    private func flags(of table: StoredTable) -> Set<String> { flags[table.name] ?? [] }

    // MARK: Reading

    /// Counts rows.
    package func count(of table: StoredTable) async throws(StoreError) -> Int {
        try await use { try await $0.run(PostgreSQLTableSQL.count(table)).rows.first?.count("count") ?? 0 }
    }

    /// Reads rows.
    package func page(of table: StoredTable, in range: TableRange) async throws(StoreError) -> [[StoredValue]] {
        try await use { connection in
            let sql = PostgreSQLTableSQL.page(table, range, flags: flags(of: table))
            return try await connection.run(sql, range.bounds.map(\.postgreSQL)).rows.map { row in
                try table.columns.map { try StoredValue(row, $0) }
            }
        }
    }

    /// The last numbers of the tables' sequences.
    package func lastNumbers() async throws(StoreError) -> [String: Int64] {
        try await use { connection in
            let rows = try await connection.run(PostgreSQLTableSQL.lastNumbers, [.texts(tables.map(\.name))]).rows
            return Dictionary(try rows.map { (try $0.text("name"), try $0.optionalInteger("number") ?? 0) }) {
                first, _ in
                first
            }
        }
    }

    // MARK: Writing

    /// Marks the database as an unfinished copy.
    package func begin(copyOf source: String) async throws(StoreError) {
        let marker = MigrationStep.unfinishedCopy(of: source)
        try await use { connection in
            let steps = try await PostgreSQLSchema.applied(connection)
            if let known = steps.first(where: MigrationStep.isUnfinishedCopy) {
                guard known == marker else { throw StoreError.otherCopy }
                return
            }
            try await connection.transaction {
                for table in tables where try await !connection.run(PostgreSQLTableSQL.any(table)).rows.isEmpty {
                    throw StoreError.notEmpty(table.name)
                }
                _ = try await connection.run(PostgreSQLTableSQL.mark, [.text(marker)])
            }
            // From now on, none can start.
            try await Self.checkUnused(connection)
        }
    }

    /// Replaces rows.
    package func replace(
        _ range: TableRange, of table: StoredTable, with rows: [[StoredValue]]
    ) async throws(StoreError) {
        try await use { connection in
            try await connection.transaction {
                _ = try await connection.run(
                    PostgreSQLTableSQL.delete(table, range), range.bounds.map(\.postgreSQL))
                guard !rows.isEmpty else { return }
                let arrays = table.columns.indices.map { place in
                    PostgreSQLValue.array(of: table.columns[place].kind, rows.map { $0[place] })
                }
                _ = try await connection.run(PostgreSQLTableSQL.insert(table, flags: flags(of: table)), arrays)
            }
        }
    }

    /// Raises the last numbers, and removes the mark.
    package func finish(_ lastNumbers: [String: Int64]) async throws(StoreError) {
        try await use { connection in
            try await connection.transaction {
                let rows = try await connection.run(PostgreSQLTableSQL.lastNumbers, [.texts(tables.map(\.name))]).rows
                for row in rows {
                    let name = try row.text("name")
                    let sql = PostgreSQLTableSQL.raiseLastNumber(name, try row.text("column_name"))
                    _ = try await connection.run(sql, [.integer(lastNumbers[name, default: 0])])
                }
                _ = try await connection.run(
                    PostgreSQLTableSQL.unmark, [.text(MigrationStep.unfinishedCopy(of: "") + "%")])
            }
        }
    }
}

extension StoredValue {
    fileprivate init(_ row: PostgreSQLRow, _ column: StoredTable.Column) throws {
        switch column.kind {
        case .integer: self = try row.optionalInteger(column.name).map { .integer($0) } ?? .null
        case .text: self = try row.optionalText(column.name).map { .text($0) } ?? .null
        case .bytes: self = try row.optionalBytes(column.name).map { .bytes($0) } ?? .null
        }
    }

    fileprivate var postgreSQL: PostgreSQLValue {
        switch self {
        case .null: .text(nil)
        case .integer(let value): .integer(value)
        case .text(let value): .text(value)
        case .bytes(let value): .bytes(value)
        }
    }
}

extension PostgreSQLValue {
    fileprivate static func array(of kind: StoredTable.Kind, _ values: [StoredValue]) -> Self {
        switch kind {
        case .integer: .integers(values.map(\.integer))
        case .text: .texts(values.map(\.text))
        case .bytes: .byteStrings(values.map(\.bytes))
        }
    }
}

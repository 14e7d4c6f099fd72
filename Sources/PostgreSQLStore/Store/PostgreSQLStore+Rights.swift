package import Store

/// The statements that check each privilege. None affects a row.
enum RightsSQL {
    /// A writable column of each table.
    static let columns = """
        SELECT DISTINCT ON (attrelid) relname::text AS table_name, quote_ident(attname) AS column_name FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid
        WHERE attrelid = ANY (SELECT to_regclass(name) FROM unnest($1) AS given (name)) AND attnum > 0
            AND NOT attisdropped AND attidentity = ''
        ORDER BY attrelid, attnum
        """

    /// The privileges, each with a statement that requires it.
    static func trials(_ table: String, column: String) -> [(right: String, sql: String)] {
        [
            ("SELECT", "SELECT 1 FROM \(table) WHERE false"),
            ("INSERT", "INSERT INTO \(table) (\(column)) SELECT \(column) FROM \(table) WHERE false"),
            ("UPDATE", "UPDATE \(table) SET \(column) = \(column) WHERE false"),
            ("DELETE", "DELETE FROM \(table) WHERE false"),
        ]
    }
}

extension PostgreSQLStore {
    /// Checks each privilege on each table in a transaction that is rolled back, and that a delivery can be appended.
    package func checkRights() async throws(StoreError) {
        try checkAccess()
        let missing = try await use(repeats: true) { try await Self.missingRights(by: $0) }
        guard missing.isEmpty else {
            throw StoreError(
                .unavailable,
                "The database role lacks \(missing.joined(separator: "; ")). Grant it as described in deploy/docs/store.md."
            )
        }
        try await checkWritable()
    }

    /// Checks all tables in one transaction.
    private static func missingRights(by connection: PostgreSQLConnection) async throws -> [String] {
        let columns = try await connection.run(RightsSQL.columns, [.texts(PostgreSQLSchema.tables)]).rows
            .map { (table: try $0.text("table_name"), column: try $0.text("column_name")) }
        var missing: [String] = []
        try await connection.runOnce("BEGIN")
        for (table, column) in columns.sorted(by: { $0.table < $1.table }) {
            let rights = try await missingRights(table, column, connection)
            if !rights.isEmpty { missing.append("\(rights.joined(separator: ", ")) on \(table)") }
        }
        try await connection.runOnce("ROLLBACK")
        return missing
    }

    private static func missingRights(
        _ table: String, _ column: String, _ connection: PostgreSQLConnection
    ) async throws -> [String] {
        var missing: [String] = []
        for (right, sql) in RightsSQL.trials(table, column: column) {
            try await connection.runOnce("SAVEPOINT trial")
            if try await isDenied(sql, connection) {
                missing.append(right)
                try await connection.runOnce("ROLLBACK TO SAVEPOINT trial")
            }
        }
        return missing
    }

    private static func isDenied(_ sql: String, _ connection: PostgreSQLConnection) async throws -> Bool {
        do {
            try await connection.runOnce(sql)
            return false
        } catch {
            guard error.state == "42501" else {
                try? await connection.runOnce("ROLLBACK")
                throw error
            }
            return true
        }
    }
}

import Store

/// The statements that copy tables, and the description of the tables, both derived from the schema.
enum PostgreSQLTableSQL {
    private static let schema = """
        SELECT relname::text AS table_name, attname::text AS column_name, format_type(atttypid, NULL) AS type,
            coalesce(array_position(indkey::int2[], attnum), -1)::bigint AS place
        FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
            LEFT JOIN pg_index ON indrelid = pg_class.oid AND indisprimary
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname = ANY ($1) AND attnum > 0
            AND NOT attisdropped
        ORDER BY relname, attnum
        """

    /// The database, without a secret.
    static let name = """
        SELECT format('postgresql:%s/%s (%s)', current_database(), current_schema(), oid) AS name
        FROM pg_database WHERE datname = current_database()
        """

    /// The tables of a store, and the names of the columns with Booleans, which SQLite stores as numbers.
    static func tables(
        _ connection: PostgreSQLConnection
    ) async throws -> (tables: [StoredTable], flags: [String: Set<String>]) {
        let names = PostgreSQLSchema.tables.filter { !PostgreSQLSchema.processTables.contains($0) }
        let rows = try await connection.run(schema, [.texts(names)]).rows.map {
            (
                table: try $0.text("table_name"), column: try $0.text("column_name"), type: try $0.text("type"),
                place: try $0.integer("place")
            )
        }
        var flags: [String: Set<String>] = [:]
        let tables = try Dictionary(grouping: rows, by: \.table).sorted { $0.key < $1.key }.map { name, rows in
            flags[name] = Set(rows.filter { $0.type == "boolean" }.map(\.column))
            return try StoredTable(
                name: name,
                columns: rows.map { StoredTable.Column(name: $0.column, kind: try kind($0.type, of: name)) },
                key: rows.filter { $0.place >= 0 }.sorted { $0.place < $1.place }.map(\.column))
        }
        return (tables, flags)
    }

    private static func kind(_ type: String, of table: String) throws -> StoredTable.Kind {
        switch type {
        case "bigint", "boolean": .integer
        case "text": .text
        case "bytea": .bytes
        default: throw StoreError(.defect, "The table \(table) has a column of the unknown type \(type). Report it.")
        }
    }

    // MARK: Locks

    static let liveReplicas = "SELECT count(*) AS count FROM replica WHERE live_until > clock_timestamp()"

    /// Keeps all others from writing until the transaction ends.
    static let lockTables = "LOCK TABLE \(SQLName.list(PostgreSQLSchema.tables)) IN SHARE ROW EXCLUSIVE MODE"

    /// Keeps others from creating tables and from copying to the same store, until the session ends.
    static let lockTarget = "SELECT pg_advisory_lock(\(PostgreSQLSchema.lockNumber))"

    // MARK: Rows

    private static func condition(_ table: StoredTable, _ range: TableRange) -> String {
        range.condition(of: table) { "$\($0)" }
    }

    static func count(_ table: StoredTable) -> String {
        "SELECT count(*) AS count FROM \(SQLName.quoted(table.name)) \(condition(table, TableRange(after: nil)))"
    }

    static func any(_ table: StoredTable) -> String {
        "SELECT 1 FROM \(SQLName.quoted(table.name)) \(condition(table, TableRange(after: nil))) LIMIT 1"
    }

    /// Reads the first rows of a range up to a number of bytes. The inner selection reads only lengths: a page of the largest
    /// payloads would not fit into memory.
    static func page(_ table: StoredTable, _ range: TableRange, flags: Set<String>) -> String {
        let key = SQLName.list(table.key)
        let sizes = table.columns.filter { $0.kind != .integer }.map {
            "coalesce(octet_length(\(SQLName.quoted($0.name))), 0)::bigint"
        }
        let values = table.columns.map { column in
            let name = SQLName.quoted(column.name)
            return flags.contains(column.name) ? "\(name)::int::bigint AS \(name)" : name
        }
        return """
            SELECT \(values.joined(separator: ", ")) FROM (
                SELECT \(key), sum(row_size) OVER (ORDER BY \(key)) - row_size AS size_before FROM (
                    SELECT \(key), \((["0::bigint"] + sizes).joined(separator: " + ")) AS row_size
                    FROM \(SQLName.quoted(table.name)) \(condition(table, range))
                    ORDER BY \(key) LIMIT \(TablePage.rows)) AS measured
            ) AS page JOIN \(SQLName.quoted(table.name)) USING (\(key))
            WHERE size_before < \(TablePage.bytes) ORDER BY \(key)
            """
    }

    /// Deletes the rows of a range, and the rows of other tables that belong to them.
    static func delete(_ table: StoredTable, _ range: TableRange) -> String {
        let name = SQLName.quoted(table.name)
        guard table.hasOptionalRows else { return "DELETE FROM \(name) \(condition(table, range))" }
        let zeros = table.valueNames.map { "\(SQLName.quoted($0)) = 0" }.joined(separator: ", ")
        return "UPDATE \(name) SET \(zeros) \(condition(table, range))"
    }

    /// Inserts rows, given as an array for each column.
    static func insert(_ table: StoredTable, flags: Set<String>) -> String {
        let names = SQLName.list(table.columns.map(\.name))
        let arrays = (1...table.columns.count).map { "$\($0)" }.joined(separator: ", ")
        let values = table.columns.map { column in
            SQLName.quoted(column.name) + (flags.contains(column.name) ? "::int::boolean" : "")
        }
        let updates = table.valueNames.map { "\(SQLName.quoted($0)) = excluded.\(SQLName.quoted($0))" }
        return """
            INSERT INTO \(SQLName.quoted(table.name)) (\(names)) OVERRIDING SYSTEM VALUE
            SELECT \(values.joined(separator: ", ")) FROM unnest(\(arrays)) AS given (\(names))
            \(table.hasOptionalRows
                ? "ON CONFLICT (\(SQLName.list(table.key))) DO UPDATE SET \(updates.joined(separator: ", "))" : "")
            """
    }

    // MARK: Numbers and the mark

    /// The last numbers that the sequences of the tables have given.
    static let lastNumbers = """
        SELECT relname::text AS name, attname::text AS column_name,
            pg_sequence_last_value(pg_get_serial_sequence(quote_ident(relname), attname)::regclass) AS number
        FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
        WHERE relnamespace = current_schema()::regnamespace AND relname = ANY ($1) AND attidentity <> ''
        """

    static func raiseLastNumber(_ table: String, _ column: String) -> String {
        """
        SELECT setval(pg_get_serial_sequence('\(table)', '\(column)')::regclass, newest) AS number
        FROM (SELECT greatest($1, max(\(SQLName.quoted(column)))) AS newest FROM \(SQLName.quoted(table))) AS found
        WHERE newest > 0
        """
    }

    static let mark = "INSERT INTO bridge_migration (step) VALUES ($1)"
    static let unmark = "DELETE FROM bridge_migration WHERE step LIKE $1"
}

import GRDB
import Store

/// The statements that copy tables, and the description of the tables, both derived from the schema.
enum SQLiteTableSQL {
    /// An insertion of rows.
    struct Insertion {
        let sql: String
        /// The places of the values among those of a row.
        let places: [Int]
        /// Whether a row with a NULL among these values is not inserted.
        let skipsNull: Bool
    }

    // Payloads have a table of their own in SQLite only.
    private static let (queue, payloads, payload) = ("delivery", "payload", "payload")
    private static let queueWithPayloads = """
        (SELECT delivery.*, payload.bytes AS payload FROM delivery LEFT JOIN payload USING (sequence))
        """

    // MARK: The schema

    private static let names = """
        SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'
            AND name NOT LIKE 'grdb_%'
        """
    private static let columns = "SELECT name, type, pk FROM pragma_table_info(?1)"
    private static let uniqueIndexes = """
        SELECT name FROM pragma_index_list(?1) WHERE "unique" AND NOT partial ORDER BY seq
        """
    private static let indexColumns = "SELECT name FROM pragma_index_info(?1) ORDER BY seqno"

    /// The tables of a store.
    static func tables(_ db: Database) throws -> [StoredTable] {
        try db.rows(names).map { try $0.text("name") }.filter { $0 != payloads }.sorted().map { name in
            let rows = try db.rows(columns, [name])
            var columns = try rows.map {
                StoredTable.Column(name: try $0.text("name"), kind: try kind($0.text("type"), of: name))
            }
            if name == queue { columns.append(StoredTable.Column(name: payload, kind: .bytes)) }
            let key = try rows.filter { try $0.integer("pk") > 0 }.sorted { try $0.integer("pk") < $1.integer("pk") }
            return try StoredTable(
                name: name, columns: columns,
                key: key.isEmpty ? uniqueColumns(of: name, db) : key.map { try $0.text("name") })
        }
    }

    /// The columns of the first unique index of a table without a primary key.
    private static func uniqueColumns(of table: String, _ db: Database) throws -> [String] {
        guard let index = try db.row(uniqueIndexes, [table])?.text("name") else { return [] }
        return try db.rows(indexColumns, [index]).map { try $0.text("name") }
    }

    private static func kind(_ type: String, of table: String) throws -> StoredTable.Kind {
        switch type {
        case "INTEGER": .integer
        case "TEXT": .text
        case "BLOB": .bytes
        default: throw StoreError(.defect, "The table \(table) has a column of the unknown type \(type). Report it.")
        }
    }

    // MARK: Rows

    private static func origin(_ table: StoredTable) -> String {
        table.name == queue ? queueWithPayloads : SQLName.quoted(table.name)
    }

    private static func condition(_ table: StoredTable, _ range: TableRange) -> String {
        range.condition(of: table) { "?\($0)" }
    }

    static func count(_ table: StoredTable) -> String {
        "SELECT COUNT(*) AS count FROM \(SQLName.quoted(table.name)) \(condition(table, TableRange(after: nil)))"
    }

    static func any(_ table: StoredTable) -> String {
        "SELECT 1 FROM \(SQLName.quoted(table.name)) \(condition(table, TableRange(after: nil))) LIMIT 1"
    }

    static func page(_ table: StoredTable, _ range: TableRange) -> String {
        """
        SELECT \(SQLName.list(table.columns.map(\.name))) FROM \(origin(table)) \(condition(table, range))
        ORDER BY \(SQLName.list(table.key)) LIMIT \(TablePage.rows)
        """
    }

    /// Deletes the rows of a range. Rows of other tables that belong to them are deleted, too.
    static func delete(_ table: StoredTable, _ range: TableRange) -> String {
        "DELETE FROM \(SQLName.quoted(table.name)) \(condition(table, range))"
    }

    static func insertions(_ table: StoredTable) -> [Insertion] {
        let names = table.columns.map(\.name)
        let own = names.indices.filter { table.name != queue || names[$0] != payload }
        let rows = Insertion(
            sql: """
                INSERT\(table.hasOptionalRows ? " OR REPLACE" : "") INTO \(SQLName.quoted(table.name))
                (\(SQLName.list(own.map { names[$0] }))) VALUES (\(own.map { _ in "?" }.joined(separator: ", ")))
                """,
            places: own, skipsNull: false)
        guard let number = names.firstIndex(of: "sequence"), let bytes = names.firstIndex(of: payload),
            table.name == queue
        else { return [rows] }
        return [rows, Insertion(sql: SQLiteQueueSQL.insertPayload, places: [number, bytes], skipsNull: true)]
    }

    // MARK: Numbers and the mark

    static let lastNumbers = "SELECT name, seq FROM sqlite_sequence"
    static let numbered = """
        SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%PRIMARY KEY AUTOINCREMENT%'
        """
    static let raiseLastNumber = "UPDATE sqlite_sequence SET seq = max(seq, ?2) WHERE name = ?1"
    static let addLastNumber = """
        INSERT INTO sqlite_sequence (name, seq)
        SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?1)
        """
    static let mark = "INSERT INTO grdb_migrations (identifier) VALUES (?1)"
    static let unmark = "DELETE FROM grdb_migrations WHERE identifier LIKE ?1"
}

import GRDB
package import Store

/// The statements of the integrity check.
enum IntegritySQL {
    static let isLarge = "SELECT page_count > ? FROM pragma_page_count"
    /// Compares tables and indexes as little as possible, and stops at the first problem.
    static let wholeFile = "PRAGMA quick_check(1)"
    /// Checks the schema table and the list of free pages.
    static let header = "PRAGMA quick_check('sqlite_schema')"
    static let tables = """
        SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'
        ORDER BY name
        """
    static let indexes = "SELECT name FROM pragma_index_list(?) WHERE NOT partial ORDER BY name"
    /// Checks the cells of each page that is read.
    static let checkCells = "PRAGMA cell_size_check = ON"

    static func lastRow(_ table: String) -> String { "SELECT MAX(rowid) FROM \(table.quotedDatabaseIdentifier)" }
    static func all(_ table: String) -> String { "SELECT * FROM \(table.quotedDatabaseIdentifier)" }
    static func one(_ table: String) -> String { all(table) + " LIMIT 1" }
    static func rows(_ table: String) -> String {
        "SELECT rowid, * FROM \(table.quotedDatabaseIdentifier) WHERE rowid > ? ORDER BY rowid LIMIT ?"
    }
    static func entries(_ index: String, of table: String) -> String {
        "SELECT COUNT(rowid) FROM \(table.quotedDatabaseIdentifier) INDEXED BY \(index.quotedDatabaseIdentifier)"
    }
}

/// The checks that run before the store is used; the rest runs afterwards, so that opening does not take longer the
/// larger the file is.
enum IntegrityCheck {
    /// Files with more pages than this (16 MiB) are checked after opening.
    static let largestAtOpening = 4096

    /// Checks a small file as a whole, and the ends of each table of a large one.
    ///
    /// - Parameter isWhole: whether to check a large file as a whole, too.
    static func atOpening(_ db: Database, isWhole: Bool) throws {
        if try !isWhole && isLarge(db) {
            for (table, hasRows) in try tables(db) {
                _ = try Row.fetchOne(db, sql: IntegritySQL.one(table))
                if hasRows { _ = try Int64.fetchOne(db, sql: IntegritySQL.lastRow(table)) }
            }
        } else {
            try expectOK(db, IntegritySQL.wholeFile)
        }
    }

    /// Whether opening does not check the whole file.
    static func isLarge(_ db: Database) throws -> Bool {
        try Bool.fetchOne(db, sql: IntegritySQL.isLarge, arguments: [largestAtOpening]) ?? false
    }

    /// The tables, and whether each has row numbers.
    static func tables(_ db: Database) throws -> [(name: String, hasRows: Bool)] {
        try db.rows(IntegritySQL.tables).map { (try $0.text("name"), try $0.integer("wr") == 0) }
    }

    static func expectOK(_ db: Database, _ sql: String) throws {
        guard let finding = try String.fetchOne(db, sql: sql), finding != "ok" else { return }
        throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: finding)
    }
}

extension SQLiteStore {
    /// The number of rows that one transaction reads: the log cannot be checkpointed while one is open.
    private static let rowsAtOnce = 500

    /// Reads the rows of all tables and the entries of all full indexes, in short transactions and at most half of the
    /// time. Does nothing if opening has checked the whole file.
    ///
    /// `PRAGMA quick_check` is not used: on a large table it is one long transaction, which cannot be interrupted
    /// before SQLite 3.42 and during which the log grows. Partial indexes are checked when they are used.
    package func checkIntegrity(
        report: @escaping @Sendable (IntegrityProgress) -> Void
    ) async throws(StoreError) {
        guard try await read(IntegrityCheck.isLarge) else { return }
        try await read { try IntegrityCheck.expectOK($0, IntegritySQL.header) }
        for (table, hasRows) in try await read(IntegrityCheck.tables) {
            guard !Task.isCancelled else { return }
            if hasRows {
                try await checkRows(of: table, report)
                for index in try await read({ try String.fetchAll($0, sql: IntegritySQL.indexes, arguments: [table]) })
                {
                    guard !Task.isCancelled else { return }
                    try await read { db in
                        try db.execute(sql: IntegritySQL.checkCells)
                        _ = try Int64.fetchOne(db, sql: IntegritySQL.entries(index, of: table))
                    }
                }
            } else {
                _ = try await read { try Self.readAll(Row.fetchCursor($0, sql: IntegritySQL.all(table))) }
            }
        }
    }

    private func checkRows(
        of table: String, _ report: @Sendable (IntegrityProgress) -> Void
    ) async throws(StoreError) {
        let lastRow = try await read { try Int64.fetchOne($0, sql: IntegritySQL.lastRow(table)) } ?? 0
        var place: Int64? = .min
        while let start = place, !Task.isCancelled {
            let begin = ContinuousClock.now
            place = try await read { db in
                try db.execute(sql: IntegritySQL.checkCells)
                return try Self.readAll(
                    Row.fetchCursor(db, sql: IntegritySQL.rows(table), arguments: [start, Self.rowsAtOnce]))
            }
            if let place { report(IntegrityProgress(table: table, row: place, lastRow: lastRow)) }
            try? await Task.sleep(for: .now - begin)
        }
    }

    /// Reads each value of each row, and returns the number in the first column of the last row, if any.
    @discardableResult
    private static func readAll(_ rows: RowCursor) throws -> Int64? {
        var last: Int64?
        while let row = try rows.next() {
            for _ in row {}
            last = Int64.fromDatabaseValue(row[0])
        }
        return last
    }
}

import Store

extension PostgreSQLSchema {
    /// Applies the pending migration steps, or checks that there are none.
    ///
    /// One server at a time applies them; the others wait for the lock, which ends with the connection, and then find
    /// nothing to do. A role without the privilege to create tables suffices while no step is pending.
    ///
    /// - Parameter report: receives the progress of the move of findings, the only step that runs in several
    ///   transactions.
    /// - Throws: ``StoreError/Code/unsupported`` if the schema is newer than this version, ``StoreError/Code/outdated``
    ///   if it is older and must not be changed.
    static func bringUpToDate(
        _ connection: PostgreSQLConnection, mayChange: Bool, report: @escaping StoreEvent.Report
    ) async throws {
        try await checkEncoding(connection)
        guard try await !missing(connection).isEmpty else { return }
        guard mayChange else {
            throw outdated
        }
        await connection.setTimeout(SessionLimits.migration.statement)
        try await connection.use(.migration)
        _ = try await connection.run("SELECT pg_advisory_lock(\(lockNumber))")
        // Another server may have applied them meanwhile.
        let missing = try await missing(connection)
        let first = missing.prefix { $0.name != MigrationStep.movedLedger }
        try await apply(first, by: connection)
        let last = missing[first.endIndex...]
        guard !last.isEmpty else { return }
        try await LedgerMove(by: connection, report: report).run()
        await connection.setTimeout(SessionLimits.migration.statement)
        try await connection.use(.migration)
        try await apply(last, by: connection)
    }

    static func checkEncoding(_ connection: PostgreSQLConnection) async throws {
        let encoding = try await connection.run("SELECT current_setting('server_encoding') AS encoding")
        guard try encoding.rows.first?.text("encoding") == "UTF8" else {
            throw StoreError(.unsupported, "The database encoding is not UTF8. Create the database with encoding UTF8.")
        }
    }

    private static let outdated = StoreError(
        .outdated, "The store's tables are out of date. Start the bridge once to apply the pending migrations.")

    /// Applies steps in one transaction.
    private static func apply(_ steps: ArraySlice<Step>, by connection: PostgreSQLConnection) async throws {
        guard !steps.isEmpty else { return }
        try await connection.transaction {
            try await connection.runOnce(
                """
                CREATE TABLE IF NOT EXISTS bridge_migration (
                    step text COLLATE "C" PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())
                """)
            for step in steps {
                try await connection.runOnce(step.sql)
                _ = try await connection.run("INSERT INTO bridge_migration (step) VALUES ($1)", [.text(step.name)])
            }
        }
    }

    /// The advisory lock of the migration, and of a store that receives a copy: "DBridge" in ASCII.
    static let lockNumber: Int64 = 0x44_4272_6964_6765

    static func missing(_ connection: PostgreSQLConnection) async throws -> [Step] {
        let names = try await applied(connection)
        guard !names.contains(where: MigrationStep.isUnfinishedCopy) else { throw StoreError.unfinishedCopy }
        return try missing(names)
    }

    /// The names of the steps that were applied, and the mark of an unfinished copy.
    static func applied(_ connection: PostgreSQLConnection) async throws -> Set<String> {
        let table = try await connection.run("SELECT to_regclass('bridge_migration') IS NOT NULL AS exists")
        guard try table.rows.first?.flag("exists") == true else { return [] }
        let applied = try await connection.run("SELECT step FROM bridge_migration")
        return try Set(applied.rows.map { try $0.text("step") })
    }

    /// Applies the pending steps to a store that receives a copy, without rows of an earlier version.
    static func prepareTarget(_ connection: PostgreSQLConnection) async throws {
        let names = try await applied(connection)
        let missing = try missing(names.filter { !MigrationStep.isUnfinishedCopy($0) })
        guard names.isEmpty || names.contains(MigrationStep.movedLedger) else { throw outdated }
        try await apply(missing[...], by: connection)
    }

    private static func missing(_ names: Set<String>) throws -> [Step] {
        guard names.isSubset(of: steps.map(\.name)) else {
            throw StoreError(.unsupported, "The store was written by a newer version. Run that version or a later one.")
        }
        return steps.filter { !names.contains($0.name) }
    }
}

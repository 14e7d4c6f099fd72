package import Store

/// The statements of the verification that only PostgreSQL needs.
enum PostgreSQLVerification {
    /// A line for each column, constraint, index and trigger of the tables in the current schema.
    static let schema = """
        WITH table_ AS (
            SELECT oid, relname FROM pg_class
            WHERE relnamespace = $1::oid AND relkind = 'r' AND relname = ANY ($2)
        )
        SELECT format('column %s of %s: %s, collation %s, %s', attname, relname, format_type(atttypid, atttypmod),
                (SELECT collname FROM pg_collation WHERE pg_collation.oid = attcollation),
                CASE WHEN attnotnull THEN 'not null' ELSE 'nullable' END) AS line
            FROM table_ JOIN pg_attribute ON attrelid = table_.oid WHERE attnum > 0 AND NOT attisdropped
        UNION ALL
        SELECT format('constraint %s of %s: %s', conname, relname, pg_get_constraintdef(pg_constraint.oid))
            FROM table_ JOIN pg_constraint ON conrelid = table_.oid
        UNION ALL
        SELECT format('index %s of %s: %s', index.relname, table_.relname,
                substring(pg_get_indexdef(indexrelid) from ' USING .*'))
            FROM table_ JOIN pg_index ON indrelid = table_.oid JOIN pg_class AS index ON index.oid = indexrelid
            WHERE indisvalid
        UNION ALL
        SELECT format('trigger %s of %s: %s, %s', tgname, relname,
                substring(pg_get_triggerdef(pg_trigger.oid) from ' (AFTER [A-Z]+) '), prosrc)
            FROM table_ JOIN pg_trigger ON tgrelid = table_.oid JOIN pg_proc ON pg_proc.oid = tgfoid
            WHERE NOT tgisinternal AND tgenabled <> 'D'
        """
}

extension PostgreSQLStore {
    /// Does nothing: a database server checks its own files.
    package func checkIntegrity(
        report: @escaping @Sendable (IntegrityProgress) -> Void
    ) async throws(StoreError) {}

    /// Verifies the schema and each row. The database's files are the server's responsibility.
    package func verify(
        report: @escaping @Sendable (IntegrityProgress) -> Void
    ) async throws(StoreError) -> [String] {
        var problems = IntegrityReport()
        for problem in try await schemaProblems() { problems.add(problem) }
        guard problems.all.isEmpty else { return problems.all }
        let deliveries = try await lastPlace(VerificationSQL.lastDelivery)
        try await check("Delivery", VerificationSQL.deliveries, from: .integer(Int64.min), &problems) { row in
            try DeliveryRow(row).problems
        } place: {
            let place = try $0.integer("place")
            report(IntegrityProgress(table: "delivery", row: place, lastRow: deliveries))
            return .integer(place)
        }
        let findings = try await lastPlace(VerificationSQL.lastFinding)
        try await check("Finding", VerificationSQL.findings, from: .integer(Int64.min), &problems) { row in
            try row.findingProblems
        } place: {
            let place = try $0.integer("place")
            report(IntegrityProgress(table: "finding", row: place, lastRow: findings))
            return .integer(place)
        }
        try await check("Disposition of", VerificationSQL.dispositions, from: .text(""), &problems) { row in
            try Limits.check(LedgerUpdate(dispositions: [Disposition(row)]))
            return []
        } place: {
            .text(try $0.text("place"))
        }
        try await checkAll("Applied audit of", VerificationSQL.appliedAudits, &problems) {
            _ = try $0.accountRegion("origin")
        }
        try await checkAll("Ledger completion of", VerificationSQL.completeAccountRegions, &problems) {
            _ = try $0.accountRegion("origin")
        }
        try await checkAll("Watermark of", VerificationSQL.watermarks, &problems) { _ = try $0.accountRegion("origin") }
        try await checkAll("Finished audit of", VerificationSQL.audits, &problems) {
            try Limits.check(LedgerUpdate(audits: [FinishedAudit($0)]))
        }
        try await checkAll("Check completion of", VerificationSQL.completions, &problems) {
            try Limits.check(LedgerUpdate(completions: [CheckCompletion($0)]))
        }
        try await checkAll("Audit coverage of", VerificationSQL.coverages, &problems) {
            _ = try $0.accountRegion("origin")
        }
        try await checkAll("Last delivery of", VerificationSQL.lastDeliveries, &problems) {
            _ = try $0.accountRegion("origin")
        }
        try await checkAll("Last delivery of", VerificationSQL.topicDeliveries, &problems) { _ = try $0.arn("topic") }
        try await checkAll("History of", VerificationSQL.history, &problems) { try Limits.check(HistoryPoint($0)) }
        try await checkAll("Subscription to", VerificationSQL.subscriptions, &problems) {
            _ = try Subscription($0)
        }
        try await checkAll("Pause of", VerificationSQL.pauses, &problems) { try Limits.check(Pause($0)) }
        try await checkAll("State of the", VerificationSQL.clock, &problems) { _ = try ClockMark($0) }
        for sql in [DeadLetterLimitSQL.differences, DeadLetterLimitSQL.loadDifferences] {
            let found = try await read(sql) { rows in try rows.rows.map { try $0.counterMismatch } }
            for problem in found { problems.add(problem) }
        }
        let counters = try await read(OpenFindingsSQL.differences, isLong: true) { rows in
            try rows.rows.map { try $0.findingCounterMismatch }
        }
        for problem in counters { problems.add(problem) }
        return problems.all
    }

    private func lastPlace(_ sql: SQLStatement) async throws(StoreError) -> Int64 {
        try await read(sql) { rows in try rows.rows.first?.integer("place") ?? 0 }
    }

    /// Checks a table page by page, so that no transaction takes long.
    private func check(
        _ what: String, _ sql: SQLStatement, from start: PostgreSQLValue, _ problems: inout IntegrityReport,
        _ find: @Sendable (PostgreSQLRow) throws -> [String],
        place: @Sendable (PostgreSQLRow) throws -> PostgreSQLValue
    ) async throws(StoreError) {
        var next: PostgreSQLValue? = start
        while let start = next, !problems.isFull {
            let page = try await read(sql, [start, .integer(Limits.rows.upperBound)]) { rows in
                (
                    found: rows.rows.flatMap { IntegrityReport.of($0, what, find) },
                    last: try rows.rows.last.map { try place($0) }
                )
            }
            for problem in page.found { problems.add(problem) }
            next = page.last
        }
    }

    /// Checks a table that is never large.
    private func checkAll(
        _ what: String, _ sql: SQLStatement, _ problems: inout IntegrityReport,
        _ read: @Sendable (PostgreSQLRow) throws -> Void
    ) async throws(StoreError) {
        let found = try await self.read(sql) { rows in
            rows.rows.flatMap { row in
                IntegrityReport.of(row, what) { row in
                    try read(row)
                    return []
                }
            }
        }
        for problem in found { problems.add(problem) }
    }

    /// The differences between the schema and that of a new store, which is created among the session's temporary
    /// tables.
    private func schemaProblems() async throws(StoreError) -> [String] {
        let (found, expected) = try await transact { connection in
            let names = PostgreSQLSchema.tables
            let found = try await Self.schema(connection, "current_schema()::text::regnamespace", names)
            try await connection.runOnce("SAVEPOINT expected; SET LOCAL search_path = pg_temp")
            try await connection.runOnce(PostgreSQLSchema.steps.map(\.sql).joined(separator: "\n"))
            let expected = try await Self.schema(connection, "pg_my_temp_schema()", names)
            try await connection.runOnce("ROLLBACK TO SAVEPOINT expected")
            return (found, expected)
        }
        return expected.subtracting(found).sorted().map { "The database lacks the \($0)." }
            + found.subtracting(expected).sorted().map {
                "The database contains an unexpected object: \(IntegrityReport.quoted($0))."
            }
    }

    private static func schema(
        _ connection: PostgreSQLConnection, _ schema: String, _ names: [String]
    ) async throws -> Set<String> {
        let number = try await connection.run("SELECT \(schema)::oid::bigint AS number").rows.first?.integer("number")
        let rows = try await connection.run(PostgreSQLVerification.schema, [.integer(number), .texts(names)])
        return try Set(rows.rows.map { try $0.text("line") })
    }
}

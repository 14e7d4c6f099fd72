import AWSCore
import GRDB
package import Store

/// The statements of the verification that only SQLite needs.
enum SQLiteVerificationSQL {
    static let orphans = "SELECT COUNT(*) FROM payload WHERE sequence NOT IN (SELECT sequence FROM delivery)"
    static let schema = """
        SELECT type || ' ' || name AS name, sql FROM sqlite_schema
        WHERE name NOT LIKE 'sqlite_%' AND name NOT LIKE 'grdb_%'
        """
}

extension SQLiteStore {
    /// Verifies the file, its schema and each row.
    package func verify(
        report: @escaping @Sendable (IntegrityProgress) -> Void
    ) async throws(StoreError) -> [String] {
        var problems = IntegrityReport()
        try await check(&problems) { db in
            let found = try String.fetchAll(db, sql: "PRAGMA integrity_check(\(IntegrityReport.limit))")
            return found == ["ok"] ? [] : found.map { "The file is damaged: \($0)" }
        }
        try await check(&problems, Self.schemaProblems)
        try await check(&problems) { db in
            let count = try Int.fetchOne(db, sql: SQLiteVerificationSQL.orphans) ?? 0
            return count == 0 ? [] : ["\(count) payloads have no delivery."]
        }
        let deliveries = try await lastPlace(VerificationSQL.lastDelivery)
        try await checkRows(of: "Delivery", VerificationSQL.deliveries, &problems) { row in
            try DeliveryRow(row).problems
        } report: {
            report(IntegrityProgress(table: "delivery", row: $0, lastRow: deliveries))
        }
        let findings = try await lastPlace(VerificationSQL.lastFinding)
        try await checkRows(of: "Finding", VerificationSQL.findings, &problems) { row in
            try row.findingProblems
        } report: {
            report(IntegrityProgress(table: "finding", row: $0, lastRow: findings))
        }
        try await checkRows(of: "Disposition of", VerificationSQL.dispositions, &problems) { row in
            try Limits.check(LedgerUpdate(dispositions: [Disposition(row)]))
            return []
        }
        try await checkAll(of: "Applied audit of", VerificationSQL.appliedAudits, &problems) {
            _ = try $0.accountRegion("origin")
        }
        try await checkAll(of: "Ledger completion of", VerificationSQL.completeAccountRegions, &problems) {
            _ = try $0.accountRegion("origin")
        }
        try await checkAll(of: "Watermark of", VerificationSQL.watermarks, &problems) {
            _ = try $0.accountRegion("origin")
        }
        try await checkAll(of: "Finished audit of", VerificationSQL.audits, &problems) {
            try Limits.check(LedgerUpdate(audits: [FinishedAudit($0)]))
        }
        try await checkAll(of: "Check completion of", VerificationSQL.completions, &problems) {
            try Limits.check(LedgerUpdate(completions: [CheckCompletion($0)]))
        }
        try await checkAll(of: "Audit coverage of", VerificationSQL.coverages, &problems) {
            _ = try $0.accountRegion("origin")
        }
        try await checkAll(of: "Last delivery of", VerificationSQL.lastDeliveries, &problems) {
            _ = try $0.accountRegion("origin")
        }
        try await checkAll(of: "Last delivery of", VerificationSQL.topicDeliveries, &problems) {
            _ = try $0.arn("topic")
        }
        try await checkAll(of: "History of", VerificationSQL.history, &problems) { try Limits.check(HistoryPoint($0)) }
        try await checkAll(of: "Subscription to", VerificationSQL.subscriptions, &problems) {
            _ = try Subscription($0)
        }
        try await checkAll(of: "Pause of", VerificationSQL.pauses, &problems) {
            try Limits.check(Pause($0))
        }
        try await checkAll(of: "State of the", VerificationSQL.clock, &problems) {
            _ = try ClockMark($0)
        }
        try await checkCounters(&problems)
        return problems.all
    }

    /// Compares the counters with the dead letters and the findings.
    private func checkCounters(_ problems: inout IntegrityReport) async throws(StoreError) {
        for sql in [DeadLetterLimitSQL.differences, DeadLetterLimitSQL.loadDifferences] {
            try await check(&problems) { db in try db.rows(sql).map { try $0.counterMismatch } }
        }
        try await check(&problems) { db in
            try db.rows(OpenFindingsSQL.differences).map { try $0.findingCounterMismatch }
        }
    }

    /// Reads, or adds a problem if the data is damaged.
    private func attempt<Value: Sendable>(
        _ problems: inout IntegrityReport, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value? {
        guard !problems.isFull else { return nil }
        do throws(StoreError) {
            return try await read(body)
        } catch {
            guard error.code == .corrupt else { throw error }
            problems.add(error.message)
            return nil
        }
    }

    private func check(
        _ problems: inout IntegrityReport, _ find: @escaping @Sendable (Database) throws -> [String]
    ) async throws(StoreError) {
        for problem in try await attempt(&problems, find) ?? [] { problems.add(problem) }
    }

    private func lastPlace(_ sql: SQLStatement) async throws(StoreError) -> Int64 {
        try await read { db in try db.row(sql)?.integer("place") ?? 0 }
    }

    /// Checks a table page by page, so that no transaction takes long.
    private func checkRows(
        of what: String, _ sql: SQLStatement, _ problems: inout IntegrityReport,
        _ find: @escaping @Sendable (SQLiteRow) throws -> [String], report: (_ place: Int64) -> Void = { _ in }
    ) async throws(StoreError) {
        var place: Int64? = .min
        while let start = place {
            let page = try await attempt(&problems) { db in
                let rows = try db.rows(sql, [start, Limits.rows.upperBound])
                let last = try rows.last?.integer("place")
                return (last: last, found: rows.flatMap { IntegrityReport.of($0, what, find) })
            }
            for problem in page?.found ?? [] { problems.add(problem) }
            place = page?.last
            if let place { report(place) }
        }
    }

    /// Checks a table that is never large.
    private func checkAll(
        of what: String, _ sql: SQLStatement, _ problems: inout IntegrityReport,
        _ read: @escaping @Sendable (SQLiteRow) throws -> Void
    ) async throws(StoreError) {
        try await check(&problems) { db in
            try db.rows(sql).flatMap { row in
                IntegrityReport.of(row, what) { row in
                    try read(row)
                    return []
                }
            }
        }
    }

    /// The differences between the schema and that of a new store.
    static func schemaProblems(_ db: Database) throws -> [String] {
        func parts(_ db: Database) throws -> [String: String] {
            let rows = try db.rows(SQLiteVerificationSQL.schema)
            return Dictionary(try rows.map { (try $0.text("name"), try $0.optionalText("sql") ?? "") }) { first, _ in
                first
            }
        }
        let model = try DatabaseQueue()
        try Schema.migrator.migrate(model)
        let (expected, found) = (try model.read(parts), try parts(db))
        return Set(expected.keys).union(found.keys).sorted().compactMap { name in
            switch (expected[name], found[name]) {
            case (nil, _): "The file contains an unexpected object: \(IntegrityReport.quoted(name))."
            case (_, nil): "The file lacks the \(name)."
            case (let expected, let found):
                expected == found ? nil : "The \(name) differs from its expected definition."
            }
        }
    }
}

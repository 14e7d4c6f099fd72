import AWSCore
import GRDB
public import Store

extension SQLiteStore {
    /// Verifies the file, its schema and each row.
    public func verify() async throws(StoreError) -> [String] {
        var problems = IntegrityReport()
        try await check(&problems) { db in
            let found = try String.fetchAll(db, sql: "PRAGMA integrity_check(\(IntegrityReport.limit))")
            return found == ["ok"] ? [] : found.map { "The file is damaged: \($0)" }
        }
        try await check(&problems, Self.schemaProblems)
        try await check(&problems) { db in
            let count = try Int.fetchOne(db, sql: VerificationSQL.orphans) ?? 0
            return count == 0 ? [] : ["\(count) payloads have no delivery."]
        }
        try await checkRows(of: "Delivery", VerificationSQL.deliveries, &problems) { row in
            try DeliveryRow(row).problems
        }
        try await checkRows(of: "Finding", VerificationSQL.ledger, &problems) { row in
            let entry = try LedgerEntry(row.stored())
            try Limits.check([entry])
            return entry.finding.isEmpty ? ["has no content"] : []
        }
        try await checkRows(of: "Disposition of", VerificationSQL.dispositions, &problems) { row in
            try Limits.check(LedgerUpdate(dispositions: [Disposition(row.stored())]))
            return []
        }
        try await checkAll(of: "Applied audit of", VerificationSQL.marks, &problems) { _ = try $0.accountRegion(2) }
        try await checkAll(of: "Ledger completion of", VerificationSQL.completeAccountRegions, &problems) {
            _ = try $0.accountRegion(2)
        }
        try await checkAll(of: "Watermark of", VerificationSQL.watermarks, &problems) { _ = try $0.accountRegion(2) }
        try await checkAll(of: "Finished audit of", VerificationSQL.audits, &problems) {
            try Limits.check(LedgerUpdate(audits: [FinishedAudit($0.stored())]))
        }
        try await checkAll(of: "Check completion of", VerificationSQL.completions, &problems) {
            try Limits.check(LedgerUpdate(completions: [CheckCompletion($0.stored())]))
        }
        try await checkAll(of: "Audit coverage of", VerificationSQL.coverages, &problems) {
            _ = try $0.accountRegion(2)
        }
        try await checkAll(of: "Last delivery of", VerificationSQL.lastDeliveries, &problems) {
            _ = try $0.accountRegion(2)
        }
        try await checkAll(of: "Subscription to", VerificationSQL.subscriptions, &problems) {
            _ = try Subscription($0.stored())
        }
        try await checkAll(of: "Pause of", VerificationSQL.pauses, &problems) {
            try Limits.check(Pause($0.stored()))
        }
        try await checkAll(of: "State of the", VerificationSQL.clock, &problems) {
            _ = try ClockMark($0.stored())
        }
        try await checkCounters(&problems)
        return problems.all
    }

    /// Compares the dead-letter counters with the dead letters.
    private func checkCounters(_ problems: inout IntegrityReport) async throws(StoreError) {
        for sql in [DeadLetterLimitSQL.differences, DeadLetterLimitSQL.loadDifferences] {
            try await check(&problems) { db in try Self.fetch(db, sql).map { try $0.counterMismatch } }
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

    /// Checks a table page by page, so that no transaction takes long.
    private func checkRows(
        of what: String, _ sql: String, _ problems: inout IntegrityReport,
        _ find: @escaping @Sendable (Row) throws -> [String]
    ) async throws(StoreError) {
        var place: Int64? = .min
        while let start = place {
            let page = try await attempt(&problems) { db in
                let rows = try Self.fetch(db, sql, [start, Limits.rows.upperBound])
                let last = try rows.last?.required(0, as: Int64.self)
                return (last: last, found: rows.flatMap { IntegrityReport.of($0, what, find) })
            }
            for problem in page?.found ?? [] { problems.add(problem) }
            place = page?.last
        }
    }

    /// Checks a table that is never large.
    private func checkAll(
        of what: String, _ sql: String, _ problems: inout IntegrityReport,
        _ read: @escaping @Sendable (Row) throws -> Void
    ) async throws(StoreError) {
        try await check(&problems) { db in
            try Self.fetch(db, sql).flatMap { row in
                IntegrityReport.of(row, what) { row in
                    try read(row)
                    return []
                }
            }
        }
    }

    /// Reads rows that have their position and name before the stored columns.
    private static func fetch(_ db: Database, _ sql: String, _ arguments: StatementArguments = []) throws -> [Row] {
        try Row.fetchAll(
            db.cachedStatement(sql: sql), arguments: arguments,
            adapter: ScopeAdapter(["stored": SuffixRowAdapter(fromIndex: 2)]))
    }

    /// The differences between the schema and that of a new store.
    private static func schemaProblems(_ db: Database) throws -> [String] {
        func parts(_ db: Database) throws -> [String: String] {
            let rows = try Row.fetchAll(db, sql: VerificationSQL.schema)
            return Dictionary(try rows.map { (try $0.required(0), try $0.optional(1) ?? "") }) { first, _ in first }
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

extension Row {
    /// The row without position and name.
    fileprivate func stored() throws -> Row {
        guard let row = scopes["stored"] else { throw StoreError.unreadableRow }
        return row
    }
}

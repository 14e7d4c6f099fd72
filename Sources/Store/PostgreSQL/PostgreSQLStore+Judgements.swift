public import AWSCore

/// The statements about judgements and audit marks.
enum PostgreSQLJudgements {
    static let upsert = JudgementSQL.upsert.ofMany
    static let restore = JudgementSQL.restore.ofMany
    static let ofOrigin = JudgementSQL.ofOrigin.numbered
    static let due = JudgementSQL.due.numbered
    static let bySubjects = "SELECT \(JudgementSQL.columns) FROM judgement WHERE subject = ANY ($1)"

    static let purge = """
        DELETE FROM judgement WHERE subject = ANY (ARRAY(
            SELECT subject FROM judgement
            WHERE keep_until <= $1 AND NOT EXISTS (
                SELECT 1 FROM ledger
                WHERE hashtextextended(ledger.subject, 0) = hashtextextended(judgement.subject, 0)
                    AND ledger.subject = judgement.subject)
            ORDER BY keep_until LIMIT $2 FOR UPDATE SKIP LOCKED))
        """

    static let upsertMarks = AuditMarkSQL.upsert.ofMany
    static let restoreMarks = AuditMarkSQL.restore.ofMany
    static let marksOfOrigin = AuditMarkSQL.ofOrigin.numbered
}

extension PostgreSQLStore {
    /// Looks up what people said about subjects, all in one state of the store.
    public func judgements(about subjects: [String]) async throws(StoreError) -> [String: Judgement] {
        // PostgreSQL has no texts with NUL.
        let known = subjects.filter { !$0.utf8.contains(0) }
        return try await read(PostgreSQLJudgements.bySubjects, [.texts(known)]) { rows in
            Dictionary(try rows.rows.map { try Judgement($0) }.map { ($0.subject, $0) }) { first, _ in first }
        }
    }

    /// Lists the judgements of an origin.
    public func judgements(
        of origin: Origin, after last: Judgement?, limit: Int
    ) async throws(StoreError) -> [Judgement] {
        try await judgements(
            PostgreSQLJudgements.ofOrigin, [.text(origin.stored), .text(last?.subject ?? "")], limit: limit)
    }

    /// Lists the judgements that are due.
    public func dueJudgements(by time: Int64, limit: Int) async throws(StoreError) -> [Judgement] {
        try await judgements(PostgreSQLJudgements.due, [.integer(time)], limit: limit)
    }

    /// Forgets judgements that may be forgotten and concern no finding in the ledger, a thousand in a transaction.
    public func purgeJudgements(by time: Int64) async throws(StoreError) -> Int {
        try await deleteInSteps(PostgreSQLJudgements.purge, [.integer(time)])
    }

    /// Looks up the newest applied audits of an origin.
    public func auditMarks(of origin: Origin) async throws(StoreError) -> [String: AuditMark] {
        try await read(PostgreSQLJudgements.marksOfOrigin, [.text(origin.stored)]) { rows in
            Dictionary(try rows.rows.map { try AuditMark($0, of: origin) }.map { ($0.check, $0) }) { first, _ in first }
        }
    }

    private func judgements(
        _ sql: String, _ values: [PostgreSQLValue], limit: Int
    ) async throws(StoreError) -> [Judgement] {
        try Limits.check(limit: limit)
        return try await read(sql, values + [.integer(limit)]) { try $0.rows.map { try Judgement($0) } }
    }

    static func write(
        _ judgements: [Judgement], by sql: String, _ connection: PostgreSQLConnection
    ) async throws {
        for rows in chunks(of: judgements, by: \.subject) {
            _ = try await connection.run(
                sql,
                [
                    .texts(rows.map(\.subject)), .texts(rows.map(\.origin.stored)), .integers(rows.map(\.time)),
                    .integers(rows.map(\.dueAt)), .integers(rows.map(\.keepUntil)), .byteStrings(rows.map(\.content)),
                ])
        }
    }

    static func write(_ marks: [AuditMark], by sql: String, _ connection: PostgreSQLConnection) async throws {
        for rows in chunks(of: marks, by: { [$0.origin.stored, $0.check] }) {
            _ = try await connection.run(
                sql,
                [
                    .texts(rows.map(\.origin.stored)), .texts(rows.map(\.check)), .integers(rows.map(\.startTime)),
                    .texts(rows.map(\.taskID)),
                ])
        }
    }
}

package import AWSCore
package import Encoding
package import Store

extension PostgreSQLStore {
    /// Returns the dispositions of subjects, in one snapshot.
    package func dispositions(about subjects: [String]) async throws(StoreError) -> [String: Disposition] {
        // PostgreSQL rejects texts with NUL.
        let known = subjects.filter { !$0.utf8.contains(0) }
        return try await read(DispositionSQL.bySubject, [.texts(known)]) { rows in
            Dictionary(try rows.rows.map { try Disposition($0) }.map { ($0.subject, $0) }) { first, _ in first }
        }
    }

    /// Lists the dispositions of an account-Region.
    package func dispositions(
        of accountRegion: AccountRegion, after last: Disposition?, limit: Int
    ) async throws(StoreError) -> [Disposition] {
        try await dispositions(
            DispositionSQL.ofAccountRegion, [.text(accountRegion.stored), .text(last?.subject ?? "")],
            limit: limit)
    }

    /// Lists the dispositions that are due.
    package func dueDispositions(by time: Timestamp, limit: Int) async throws(StoreError) -> [Disposition] {
        try await dispositions(DispositionSQL.due, [.time(time)], limit: limit)
    }

    /// Deletes dispositions that are no longer needed and concern no finding in the ledger, a thousand in a
    /// transaction.
    package func purgeDispositions(by time: Timestamp) async throws(StoreError) -> Int {
        try await deleteInSteps(DispositionSQL.purge, [.time(time)])
    }

    /// Returns the newest applied audits of an account-Region.
    package func appliedAudits(of accountRegion: AccountRegion) async throws(StoreError) -> [String: AppliedAudit] {
        try await read(AppliedAuditSQL.ofAccountRegion, [.text(accountRegion.stored)]) { rows in
            Dictionary(try rows.rows.map { try AppliedAudit($0, of: accountRegion) }.map { ($0.check, $0) }) {
                first, _ in first
            }
        }
    }

    private func dispositions(
        _ sql: SQLStatement, _ values: [PostgreSQLValue], limit: Int
    ) async throws(StoreError) -> [Disposition] {
        try Limits.check(limit: limit)
        return try await read(sql, values + [.integer(limit)]) { try $0.rows.map { try Disposition($0) } }
    }

    static func write(
        _ dispositions: [Disposition], by sql: SQLStatement, _ connection: PostgreSQLConnection
    ) async throws {
        for rows in chunks(of: dispositions, by: \.subject) {
            _ = try await connection.run(
                sql,
                [
                    .texts(rows.map(\.subject)), .texts(rows.map(\.accountRegion.stored)), .times(rows.map(\.time)),
                    .times(rows.map(\.dueAt)), .times(rows.map(\.keepUntil)), .byteStrings(rows.map(\.content)),
                ])
        }
    }

    static func write(_ marks: [AppliedAudit], by sql: SQLStatement, _ connection: PostgreSQLConnection) async throws {
        for rows in chunks(of: marks, by: { [$0.accountRegion.stored, $0.check] }) {
            _ = try await connection.run(
                sql,
                [
                    .texts(rows.map(\.accountRegion.stored)), .texts(rows.map(\.check)),
                    .times(rows.map(\.startTime)),
                    .texts(rows.map(\.taskID)),
                ])
        }
    }
}

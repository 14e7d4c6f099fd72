package import AWSCore
package import Store

extension PostgreSQLStore {
    /// Returns the check completions of an account-Region.
    package func checkCompletions(of accountRegion: AccountRegion) async throws(StoreError) -> [String: CheckCompletion]
    {
        try await read(CompletionSQL.ofAccountRegion, [.text(accountRegion.stored)]) { rows in
            Dictionary(try rows.rows.map { try CheckCompletion($0) }.map { ($0.check, $0) }) { first, _ in first }
        }
    }

    /// Returns the audit coverage of an account-Region.
    package func auditCoverage(of accountRegion: AccountRegion) async throws(StoreError) -> AuditCoverage? {
        try await read(CompletionSQL.coverage, [.text(accountRegion.stored)]) { rows in
            try rows.rows.first.map { try AuditCoverage($0) }
        }
    }

    /// Records that all audits of a time span were listed.
    package func record(
        _ coverage: AuditCoverage, of accountRegion: AccountRegion, _ completions: [CheckCompletion]
    ) async throws(StoreError) {
        try Limits.check(LedgerUpdate(completions: completions))
        try await transact { connection in
            try await Self.write(completions, by: connection)
            _ = try await connection.run(
                CompletionSQL.cover,
                [.text(accountRegion.stored), .time(coverage.since), .time(coverage.until)])
        }
    }

    static func write(_ completions: [CheckCompletion], by connection: PostgreSQLConnection) async throws {
        // Sorted, so that two replicas that write the same rows do not deadlock.
        let sorted = completions.sorted { ($0.accountRegion, $0.check) < ($1.accountRegion, $1.check) }
        for rows in chunks(of: sorted, by: { [$0.accountRegion.stored, $0.check] }) {
            _ = try await connection.run(
                CompletionSQL.upsert,
                [
                    .texts(rows.map(\.accountRegion.stored)), .texts(rows.map(\.check)),
                    .times(rows.map(\.completedAt)),
                    .times(rows.map(\.passedAt)),
                ])
        }
    }

    /// Deletes the check completions and the audit coverage of an account-Region.
    static func clearCompletions(of accountRegion: AccountRegion, _ connection: PostgreSQLConnection) async throws {
        for sql in [CompletionSQL.clear, CompletionSQL.uncover] {
            _ = try await connection.run(sql, [.text(accountRegion.stored)])
        }
    }
}

package import AWSCore
import Encoding
import GRDB
package import Store

extension SQLiteStore {
    /// Returns the check completions of an account-Region.
    package func checkCompletions(of accountRegion: AccountRegion) async throws(StoreError) -> [String: CheckCompletion]
    {
        try await read { db in
            let rows = try db.rows(CompletionSQL.ofAccountRegion, [accountRegion.stored])
            return Dictionary(try rows.map { try CheckCompletion($0) }.map { ($0.check, $0) }) { first, _ in first }
        }
    }

    /// Returns the audit coverage of an account-Region.
    package func auditCoverage(of accountRegion: AccountRegion) async throws(StoreError) -> AuditCoverage? {
        try await read { db in
            try db.row(CompletionSQL.coverage, [accountRegion.stored])
                .map { try AuditCoverage($0) }
        }
    }

    /// Records that all audits of a time span were listed.
    package func record(
        _ coverage: AuditCoverage, of accountRegion: AccountRegion, _ completions: [CheckCompletion]
    ) async throws(StoreError) {
        try Limits.check(LedgerUpdate(completions: completions))
        try await committer.write { db in
            for completion in completions { try Self.write(completion, in: db) }
            try db.run(
                CompletionSQL.cover, [accountRegion.stored, coverage.since.milliseconds, coverage.until.milliseconds])
            return .success(())
        }
    }

    static func write(_ completion: CheckCompletion, in db: Database) throws {
        try db.run(
            CompletionSQL.upsert,
            [
                completion.accountRegion.stored, completion.check, completion.completedAt.milliseconds,
                completion.passedAt?.milliseconds,
            ])
    }

    /// Deletes the check completions and the audit coverage of an account-Region.
    static func clearCompletions(of accountRegion: AccountRegion, in db: Database) throws {
        for sql in [CompletionSQL.clear, CompletionSQL.uncover] {
            try db.run(sql, [accountRegion.stored])
        }
    }
}

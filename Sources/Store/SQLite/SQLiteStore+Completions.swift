public import AWSCore
import GRDB

/// The statements about check completions.
enum CompletionSQL {
    static let columns = "origin, check_name, completed_at, passed_at"

    static let upsert = """
        INSERT INTO check_completion (\(columns)) VALUES (?, ?, ?, ?) ON CONFLICT (origin, check_name) DO UPDATE SET
            completed_at = max(check_completion.completed_at, excluded.completed_at),
            passed_at = max(
                coalesce(check_completion.passed_at, excluded.passed_at),
                coalesce(excluded.passed_at, check_completion.passed_at))
        """

    static let ofAccountRegion = "SELECT \(columns) FROM check_completion WHERE origin = ?"

    static let clear = "DELETE FROM check_completion WHERE origin = ?"

    static let coverage = "SELECT read_from, read_to FROM audit_coverage WHERE origin = ?"

    /// A span that does not begin within the recorded one leaves a gap and replaces it.
    static let cover = """
        INSERT INTO audit_coverage (origin, read_from, read_to) VALUES (?, ?, ?) ON CONFLICT (origin) DO UPDATE SET
            read_from = CASE WHEN excluded.read_from <= audit_coverage.read_to
                THEN min(audit_coverage.read_from, excluded.read_from) ELSE excluded.read_from END,
            read_to = CASE WHEN excluded.read_from <= audit_coverage.read_to
                THEN max(audit_coverage.read_to, excluded.read_to) ELSE excluded.read_to END
        """

    static let uncover = "DELETE FROM audit_coverage WHERE origin = ?"

    /// Steps through the index from group to group, however many findings each has.
    static let groups = """
        WITH RECURSIVE found (name) AS (
            SELECT min(group_key) FROM ledger WHERE condition <> 'over' AND origin = ?1 AND kind = ?2
            UNION ALL
            SELECT (
                SELECT min(group_key) FROM ledger
                WHERE condition <> 'over' AND origin = ?1 AND kind = ?2 AND group_key > found.name)
            FROM found WHERE found.name IS NOT NULL)
        SELECT name FROM found WHERE name IS NOT NULL
        """
}

extension SQLiteStore {
    /// Returns the check completions of an account-Region.
    public func checkCompletions(of accountRegion: AccountRegion) async throws(StoreError) -> [String: CheckCompletion]
    {
        try await read { db in
            let rows = try Row.fetchAll(
                db.cachedStatement(sql: CompletionSQL.ofAccountRegion), arguments: [accountRegion.stored])
            return Dictionary(try rows.map { try CheckCompletion($0) }.map { ($0.check, $0) }) { first, _ in first }
        }
    }

    /// Returns the audit coverage of an account-Region.
    public func auditCoverage(of accountRegion: AccountRegion) async throws(StoreError) -> AuditCoverage? {
        try await read { db in
            try Row.fetchOne(db.cachedStatement(sql: CompletionSQL.coverage), arguments: [accountRegion.stored])
                .map { try AuditCoverage($0) }
        }
    }

    /// Records that all audits of a time span were listed.
    public func record(
        _ coverage: AuditCoverage, of accountRegion: AccountRegion, _ completions: [CheckCompletion]
    ) async throws(StoreError) {
        try Limits.check(LedgerUpdate(completions: completions))
        try await committer.write { db in
            for completion in completions { try Self.write(completion, in: db) }
            try db.cachedStatement(sql: CompletionSQL.cover).execute(
                arguments: [accountRegion.stored, coverage.since, coverage.until])
            return .success(())
        }
    }

    /// Lists the groups of findings that are not over.
    public func ledgerGroups(of accountRegion: AccountRegion, kind: LedgerEntry.Kind) async throws(StoreError)
        -> [String]
    {
        try await read { db in
            let statement = try db.cachedStatement(sql: CompletionSQL.groups)
            return try Row.fetchAll(statement, arguments: [accountRegion.stored, kind.rawValue]).map {
                try $0.required(0)
            }
        }
    }

    static func write(_ completion: CheckCompletion, in db: Database) throws {
        try db.cachedStatement(sql: CompletionSQL.upsert).execute(arguments: [
            completion.accountRegion.stored, completion.check, completion.completedAt, completion.passedAt,
        ])
    }

    /// Deletes the check completions and the audit coverage of an account-Region.
    static func clearCompletions(of accountRegion: AccountRegion, in db: Database) throws {
        for sql in [CompletionSQL.clear, CompletionSQL.uncover] {
            try db.cachedStatement(sql: sql).execute(arguments: [accountRegion.stored])
        }
    }
}

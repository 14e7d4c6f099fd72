/// The statements about check completions and audit coverage.
package enum CompletionSQL {
    /// The columns, in the order in which values are written.
    package static let columns = "origin, check_name, completed_at, passed_at"

    /// Records check completions; the latest times are kept.
    package static let upsert = SQLStatement(
        sqlite: """
            INSERT INTO check_completion (\(columns)) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (origin, check_name) DO UPDATE SET
                completed_at = max(check_completion.completed_at, excluded.completed_at),
                passed_at = max(
                    coalesce(check_completion.passed_at, excluded.passed_at),
                    coalesce(excluded.passed_at, check_completion.passed_at))
            """,
        postgreSQL: """
            INSERT INTO check_completion (\(columns)) SELECT * FROM unnest($1, $2, $3, $4)
            ON CONFLICT (origin, check_name) DO UPDATE SET
                completed_at = greatest(check_completion.completed_at, excluded.completed_at),
                passed_at = greatest(check_completion.passed_at, excluded.passed_at)
            """)

    /// The check completions of an account-Region.
    package static let ofAccountRegion = SQLStatement("SELECT \(columns) FROM check_completion WHERE origin = :origin")
    /// Deletes the check completions of an account-Region.
    package static let clear = SQLStatement("DELETE FROM check_completion WHERE origin = :origin")

    /// The audit coverage of an account-Region.
    package static let coverage = SQLStatement("SELECT read_from, read_to FROM audit_coverage WHERE origin = :origin")
    /// Deletes the audit coverage of an account-Region.
    package static let uncover = SQLStatement("DELETE FROM audit_coverage WHERE origin = :origin")

    /// Extends the audit coverage. A span that does not begin within the recorded one leaves a gap and replaces it.
    package static let cover = SQLStatement(
        sqlite: """
            INSERT INTO audit_coverage (origin, read_from, read_to) VALUES (?1, ?2, ?3)
            ON CONFLICT (origin) DO UPDATE SET
                read_from = CASE WHEN excluded.read_from <= audit_coverage.read_to
                    THEN min(audit_coverage.read_from, excluded.read_from) ELSE excluded.read_from END,
                read_to = CASE WHEN excluded.read_from <= audit_coverage.read_to
                    THEN max(audit_coverage.read_to, excluded.read_to) ELSE excluded.read_to END
            """,
        postgreSQL: """
            INSERT INTO audit_coverage (origin, read_from, read_to) VALUES ($1, $2, $3)
            ON CONFLICT (origin) DO UPDATE SET
                read_from = CASE WHEN excluded.read_from <= audit_coverage.read_to
                    THEN least(audit_coverage.read_from, excluded.read_from) ELSE excluded.read_from END,
                read_to = CASE WHEN excluded.read_from <= audit_coverage.read_to
                    THEN greatest(audit_coverage.read_to, excluded.read_to) ELSE excluded.read_to END
            """)

    /// The groups of findings that are not over. Steps through the index from group to group, however many findings
    /// each has. PostgreSQL's index contains hashes instead of the groups.
    package static let groups = SQLStatement(
        sqlite: """
            WITH RECURSIVE found (name) AS (
                SELECT min(group_key) FROM ledger WHERE condition <> 'over' AND origin = ?1 AND kind = ?2
                UNION ALL
                SELECT (
                    SELECT min(group_key) FROM ledger
                    WHERE condition <> 'over' AND origin = ?1 AND kind = ?2 AND group_key > found.name)
                FROM found WHERE found.name IS NOT NULL)
            SELECT name FROM found WHERE name IS NOT NULL
            """,
        postgreSQL: """
            WITH RECURSIVE found (hash, name) AS (
                (SELECT hashtextextended(group_key, 0) AS hash, group_key AS name FROM ledger
                WHERE condition <> 'over' AND origin = $1 AND kind = $2
                ORDER BY hashtextextended(group_key, 0) LIMIT 1)
                UNION ALL
                SELECT next.hash, next.name FROM found, LATERAL (
                    SELECT hashtextextended(group_key, 0) AS hash, group_key AS name FROM ledger
                    WHERE condition <> 'over' AND origin = $1 AND kind = $2
                        AND hashtextextended(group_key, 0) > found.hash
                    ORDER BY hashtextextended(group_key, 0) LIMIT 1) AS next)
            SELECT name FROM found ORDER BY name
            """)
}

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
}

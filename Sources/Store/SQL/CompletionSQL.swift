/// The statements about check completions.
package enum CompletionSQL {
    package static let columns = "origin, check_name, completed_at, passed_at"

    package static let upsert = """
        INSERT INTO check_completion (\(columns)) VALUES (?, ?, ?, ?) ON CONFLICT (origin, check_name) DO UPDATE SET
            completed_at = max(check_completion.completed_at, excluded.completed_at),
            passed_at = max(
                coalesce(check_completion.passed_at, excluded.passed_at),
                coalesce(excluded.passed_at, check_completion.passed_at))
        """

    package static let ofAccountRegion = "SELECT \(columns) FROM check_completion WHERE origin = ?"

    package static let clear = "DELETE FROM check_completion WHERE origin = ?"

    package static let coverage = "SELECT read_from, read_to FROM audit_coverage WHERE origin = ?"

    /// A span that does not begin within the recorded one leaves a gap and replaces it.
    package static let cover = """
        INSERT INTO audit_coverage (origin, read_from, read_to) VALUES (?, ?, ?) ON CONFLICT (origin) DO UPDATE SET
            read_from = CASE WHEN excluded.read_from <= audit_coverage.read_to
                THEN min(audit_coverage.read_from, excluded.read_from) ELSE excluded.read_from END,
            read_to = CASE WHEN excluded.read_from <= audit_coverage.read_to
                THEN max(audit_coverage.read_to, excluded.read_to) ELSE excluded.read_to END
        """

    package static let uncover = "DELETE FROM audit_coverage WHERE origin = ?"

    /// Steps through the index from group to group, however many findings each has.
    package static let groups = """
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

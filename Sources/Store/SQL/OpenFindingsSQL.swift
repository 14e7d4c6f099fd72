/// The statements about the severities of active findings.
package enum OpenFindingsSQL {
    /// The active findings by severity and account-Region.
    package static let active = """
        SELECT origin, severity, COUNT(*) AS active, 0 AS unsent_active, 0 AS unsent FROM ledger
        WHERE record_state = 'active' GROUP BY severity, origin
        """

    /// The findings by severity and account-Region. The unsent findings are few: they are counted by an index of their
    /// own.
    package static let count = SQLStatement(
        """
        \(active) UNION ALL
        SELECT origin, severity, 0, SUM(CASE WHEN record_state = 'active' THEN 1 ELSE 0 END), COUNT(*)
        FROM ledger WHERE is_sent = 0 GROUP BY origin, severity
        """)

    /// Active findings without a severity.
    package static let unlabeled = SQLStatement(
        """
        SELECT \(LedgerSQL.columns) FROM ledger WHERE record_state = 'active' AND severity IS NULL LIMIT :limit
        """)

    /// Sets missing severities.
    package static let label = SQLStatement(
        sqlite: "UPDATE ledger SET severity = ?2 WHERE id = ?1 AND severity IS NULL",
        postgreSQL: """
            UPDATE ledger SET severity = given.severity FROM unnest($1, $2) AS given (id, severity)
            WHERE ledger.id = given.id AND ledger.severity IS NULL
            """)
}

/// The statements about the severities of active findings.
package enum OpenFindingsSQL {
    package static let current = """
        SELECT origin, severity, COUNT(*), 0, 0 FROM ledger WHERE record_state = 'active' GROUP BY severity, origin
        """

    /// The unsent findings are few: they are counted by an index of their own.
    package static let count =
        current + """
             UNION ALL
            SELECT origin, severity, 0, SUM(CASE WHEN record_state = 'active' THEN 1 ELSE 0 END), COUNT(*)
            FROM ledger WHERE is_sent = 0 GROUP BY origin, severity
            """

    package static let unlabeled = """
        SELECT \(LedgerSQL.columns) FROM ledger WHERE record_state = 'active' AND severity IS NULL LIMIT ?
        """

    package static let label = "UPDATE ledger SET severity = ? WHERE id = ? AND severity IS NULL"
}

/// The statements about the numbers of findings, which are kept up to date: none reads a row of a finding.
package enum OpenFindingsSQL {
    /// The findings that are active or not sent, by account-Region, kind, source and severity.
    package static let bySource = SQLStatement(
        """
        SELECT account_region.name AS origin, finding_count.kind AS kind,
            nullif(finding_count.source_name, '') AS source_name, nullif(finding_count.severity, '') AS severity,
            CAST(SUM(CASE WHEN record_state = 'active' AND is_sent = 1 THEN count ELSE 0 END) AS bigint) AS active,
            CAST(SUM(CASE WHEN is_sent = 0 THEN count ELSE 0 END) AS bigint) AS unsent
        FROM finding_count JOIN account_region ON account_region.number = finding_count.account_region
        WHERE count <> 0 AND (record_state = 'active' OR is_sent = 0)
        GROUP BY account_region.name, finding_count.kind, finding_count.source_name, finding_count.severity
        """)

    /// The findings by their state in Security Hub.
    package static let total = SQLStatement(
        """
        SELECT
            CAST(coalesce(SUM(CASE WHEN record_state = 'active' AND is_sent = 1 THEN count END), 0) AS bigint) AS active,
            CAST(coalesce(SUM(CASE WHEN record_state = 'archived' AND is_sent = 1 THEN count END), 0) AS bigint)
                AS archived,
            CAST(coalesce(SUM(CASE WHEN is_sent = 0 THEN count END), 0) AS bigint) AS unsent
        FROM finding_count
        """)

    /// The account-Regions whose numbers differ from the findings.
    package static let differences = SQLStatement(
        """
        SELECT account_region.name AS name FROM (
            SELECT account_region, kind, source_name, severity, record_state, is_sent, SUM(count) AS difference FROM (
                SELECT account_region, kind, source_name, severity, record_state, is_sent, count FROM finding_count
                UNION ALL
                SELECT account_region, kind, coalesce(source_name, ''), coalesce(severity, ''), record_state, is_sent,
                    -COUNT(*)
                FROM finding GROUP BY account_region, kind, source_name, severity, record_state, is_sent) AS numbers
            GROUP BY account_region, kind, source_name, severity, record_state, is_sent) AS sums
            JOIN account_region ON account_region.number = sums.account_region
        WHERE difference <> 0 GROUP BY account_region.name ORDER BY account_region.name
        """)
}

/// The queries of the ledger.
package enum LedgerQueries {
    // What an applied audit lists without a change is not written again: the audit's start counts as the time of the
    // report.
    static let columns = """
        finding.number AS number, account_region.name AS origin, finding.kind AS kind,
        finding_group.name AS group_name, created_at, updated_at,
        CASE WHEN audit_mark.start_time > event_time THEN audit_mark.start_time ELSE event_time END AS event_time,
        first_observed_at,
        CASE WHEN audit_mark.start_time > last_observed_at THEN audit_mark.start_time ELSE last_observed_at END
            AS last_observed_at,
        condition, record_state, severity, is_sent, digest, source_name, last_reported_at, last_sequence,
        finding_content.content AS finding_content
        """

    private static func tables(_ join: String) -> String {
        """
        finding
            \(join) account_region ON account_region.number = finding.account_region
            \(join) finding_group ON finding_group.number = finding.finding_group
            \(join) finding_content ON finding_content.number = finding.number
            LEFT JOIN audit_mark ON finding.kind = 'audit' AND finding.condition <> 'over'
                AND audit_mark.origin = account_region.name AND audit_mark.check_name = finding_group.name
        """
    }

    /// The tables, with findings of which other rows are missing.
    static let outerTables = tables("LEFT JOIN")

    private static let rows = "SELECT \(columns) FROM \(tables("JOIN"))"

    /// The findings with some ids, by digest.
    package static let byID = SQLStatement(
        sqlite: "\(rows) WHERE finding.id_hash = ?1", postgreSQL: "\(rows) WHERE finding.id_hash = ANY ($1)")

    /// The findings with some row numbers.
    package static let byNumber = SQLStatement(
        sqlite: "\(rows) WHERE finding.number = ?1", postgreSQL: "\(rows) WHERE finding.number = ANY ($1)")

    /// The findings about a subject, after a row.
    package static let about = SQLStatement(
        """
        \(rows) WHERE finding.subject_hash = :subject AND finding.number > :number ORDER BY finding.number LIMIT :limit
        """)

    private static let accountRegion = "(SELECT number FROM account_region WHERE name = :origin)"

    /// The active findings that were last sent before a time, after a time and row.
    package static let stale = SQLStatement(
        """
        \(rows) WHERE finding.account_region = \(accountRegion) AND finding.record_state = 'active'
            AND finding.kind = :kind AND finding.updated_at < :before
            AND (finding.updated_at, finding.number) > (:updated_at, :number)
        ORDER BY finding.updated_at, finding.number LIMIT :limit
        """)

    /// The findings whose latest state is not confirmed, after a row.
    package static let unsent = SQLStatement(
        """
        \(rows) WHERE finding.is_sent = 0 AND finding.account_region = \(accountRegion) AND finding.kind = :kind
            AND finding.number > :number
        ORDER BY finding.number LIMIT :limit
        """)

    /// The times and row numbers of the findings of a group that are not over and were last reported before a time,
    /// after a time and row. Reads an index only.
    package static let open = SQLStatement(
        """
        SELECT event_time, number FROM finding
        WHERE condition <> 'over' AND finding_group = (
                SELECT finding_group.number FROM finding_group
                    JOIN account_region ON account_region.number = finding_group.account_region
                WHERE account_region.name = :origin AND finding_group.kind = :kind AND finding_group.name = :name)
            AND event_time < :before AND (event_time, number) > (:event_time, :number)
        ORDER BY event_time, number LIMIT :limit
        """)

    /// The findings of a mapped source that are not over and were last reported before a time, after a row. The groups of
    /// a source begin with its name, and with those of sources that begin with it.
    package static let openOfSource = SQLStatement(
        """
        \(rows) WHERE finding.condition <> 'over' AND finding.finding_group IN (
                SELECT mapped.number FROM finding_group AS mapped
                WHERE mapped.account_region = \(accountRegion) AND mapped.kind = 'mapped'
                    AND mapped.name >= :source AND mapped.name < :end)
            AND finding.source_name = :source AND finding.last_reported_at < :before AND finding.number > :number
        ORDER BY finding.number LIMIT :limit
        """)

    /// The findings that were last confirmed as reported with some digests, with the place of each digest. Reads an
    /// index only. In SQLite, the digests are joined in one value.
    package static let unchanged = SQLStatement(
        sqlite: """
            WITH RECURSIVE given (place, digest) AS (
                SELECT 0, substr(?2, 1, ?3)
                UNION ALL
                SELECT place + 1, substr(?2, (place + 1) * ?3 + 1, ?3) FROM given WHERE (place + 1) * ?3 < length(?2))
            SELECT given.place AS place, finding.number AS number, severity FROM given CROSS JOIN finding
            WHERE finding.account_region = (SELECT number FROM account_region WHERE name = ?1)
                AND finding.digest = given.digest AND finding.digest IS NOT NULL AND finding.is_sent = 1
            """,
        postgreSQL: """
            SELECT given.place - 1 AS place, known.number AS number, known.severity AS severity
            FROM unnest($2) WITH ORDINALITY AS given (digest, place)
                CROSS JOIN LATERAL (
                    SELECT number, severity FROM finding
                    WHERE account_region = (SELECT number FROM account_region WHERE name = $1)
                        AND digest = given.digest AND is_sent = 1
                    LIMIT 1) AS known
            """)

    /// The groups of findings that are not over.
    package static let groups = SQLStatement(
        """
        SELECT finding_group.name AS name FROM finding_group
        WHERE finding_group.account_region = \(accountRegion) AND finding_group.kind = :kind AND EXISTS (
            SELECT 1 FROM finding WHERE finding.finding_group = finding_group.number AND finding.condition <> 'over')
        ORDER BY finding_group.name
        """)

    /// The audit whose list of findings is being imported.
    package static let listing = SQLStatement("SELECT listing FROM account_region WHERE name = :origin")
}

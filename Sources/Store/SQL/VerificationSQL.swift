/// The statements of the verification. Each returns the name of a row as `name`; those that read page by page return
/// its position as `place`.
package enum VerificationSQL {
    private static let deliveryColumns = """
        sequence AS place, id AS name, id, origin, source, state, ready_at, attempts, lease_number, lease_owner,
        first_failed_at, last_failed_at, reason, bookmark, completed_at
        """

    /// Deliveries, after a position.
    package static let deliveries = SQLStatement(
        sqlite: """
            SELECT \(deliveryColumns), length(bytes) AS payload_length FROM delivery LEFT JOIN payload USING (sequence)
            WHERE sequence > ?1 ORDER BY sequence LIMIT ?2
            """,
        postgreSQL: """
            SELECT \(deliveryColumns), octet_length(payload)::bigint AS payload_length FROM delivery
            WHERE sequence > $1 ORDER BY sequence LIMIT $2
            """)

    /// Findings, after a position.
    package static let findings = SQLStatement(
        """
        SELECT finding.number AS place, CAST(finding.number AS TEXT) AS name, id_hash, subject_hash,
            \(LedgerQueries.columns)
        FROM \(LedgerQueries.outerTables) WHERE finding.number > :number ORDER BY finding.number LIMIT :limit
        """)

    /// The last position of deliveries.
    package static let lastDelivery = SQLStatement("SELECT coalesce(MAX(sequence), 0) AS place FROM delivery")
    /// The last position of findings.
    package static let lastFinding = SQLStatement("SELECT coalesce(MAX(number), 0) AS place FROM finding")

    /// Dispositions, after a position.
    package static let dispositions = SQLStatement(
        sqlite: """
            SELECT rowid AS place, subject AS name, \(DispositionSQL.columns) FROM judgement
            WHERE rowid > ?1 ORDER BY rowid LIMIT ?2
            """,
        postgreSQL: """
            SELECT subject AS place, subject AS name, \(DispositionSQL.columns) FROM judgement
            WHERE subject > $1 ORDER BY subject LIMIT $2
            """)

    /// Applied audits.
    package static let appliedAudits = SQLStatement("SELECT check_name AS name, origin FROM audit_mark")
    /// Account-Regions whose ledger is complete.
    package static let completeAccountRegions = SQLStatement("SELECT origin AS name, origin FROM ledger_origin")
    /// Catch-up watermarks.
    package static let watermarks = SQLStatement("SELECT origin AS name, origin FROM catch_up")
    /// Finished audits.
    package static let audits = SQLStatement("SELECT origin AS name, \(ArrivalSQL.auditColumns) FROM finished_audit")
    /// Check completions.
    package static let completions = SQLStatement(
        "SELECT check_name AS name, \(CompletionSQL.columns) FROM check_completion")
    /// Audit coverages.
    package static let coverages = SQLStatement("SELECT origin AS name, origin FROM audit_coverage")
    /// Times of the last deliveries.
    package static let lastDeliveries = SQLStatement("SELECT origin AS name, origin FROM last_delivery")
    /// Times of the last deliveries of topics.
    package static let topicDeliveries = SQLStatement("SELECT topic AS name, topic FROM topic_delivery")
    /// The history of findings.
    package static let history = SQLStatement("SELECT series AS name, \(StatusSQL.columns) FROM finding_history")
    /// Subscriptions.
    package static let subscriptions = SQLStatement(
        "SELECT topic AS name, \(SubscriptionSQL.columns) FROM subscription")
    /// Pauses.
    package static let pauses = SQLStatement("SELECT account AS name, \(PauseSQL.columns) FROM pause")
    /// The state of the clock.
    package static let clock = SQLStatement("SELECT 'clock' AS name, \(ClockSQL.columns) FROM clock_mark")
}

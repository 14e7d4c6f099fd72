import Encoding

/// The statements about the last audits and deliveries.
package enum ArrivalSQL {
    /// The columns of finished audits.
    package static let auditColumns = "origin, schedule, task_id, start_time, finished_at"

    /// Keeps the end of an audit that is reported again without its end.
    private static let keepEnd = """
        ON CONFLICT (origin, schedule) DO UPDATE SET
            finished_at = coalesce(
                excluded.finished_at,
                CASE WHEN finished_audit.task_id = excluded.task_id THEN finished_audit.finished_at END),
            task_id = excluded.task_id, start_time = excluded.start_time
        WHERE (excluded.start_time, excluded.task_id) >= (finished_audit.start_time, finished_audit.task_id)
        """

    /// Records finished audits, unless newer ones are recorded.
    package static let upsertAudit = SQLStatement(
        sqlite: "INSERT INTO finished_audit (\(auditColumns)) VALUES (?1, ?2, ?3, ?4, ?5) \(keepEnd)",
        postgreSQL: """
            INSERT INTO finished_audit (\(auditColumns)) SELECT * FROM unnest($1, $2, $3, $4, $5) \(keepEnd)
            """)

    /// The finished audits.
    package static let audits = SQLStatement("SELECT \(auditColumns) FROM finished_audit")

    /// When deliveries last arrived.
    package static let deliveries = SQLStatement("SELECT origin, received_at FROM last_delivery")

    /// The end of an insertion of times: keeps the later one, unless it is far ahead and was recorded before the clock was set
    /// back.
    ///
    /// - Parameter key: the column by which the table has one time.
    static func keepLatest(in table: String, by key: String) -> String {
        """
        ON CONFLICT (\(key)) DO UPDATE SET received_at = excluded.received_at
        WHERE \(table).received_at < excluded.received_at
            OR \(table).received_at > excluded.received_at + \(QueueTime.longestWait.milliseconds)
        """
    }

    private static let keepLatest = keepLatest(in: "last_delivery", by: "origin")

    /// Records when deliveries arrived.
    package static let noteDelivery = SQLStatement(
        sqlite: "INSERT INTO last_delivery (origin, received_at) VALUES (?1, ?2) \(keepLatest)",
        postgreSQL: "INSERT INTO last_delivery (origin, received_at) SELECT * FROM unnest($1, $2) \(keepLatest)")
}

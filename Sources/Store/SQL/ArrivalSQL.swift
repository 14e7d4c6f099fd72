/// The statements about the last audits and deliveries.
package enum ArrivalSQL {
    package static let auditColumns = "origin, schedule, task_id, start_time, finished_at"

    /// Keeps the end of an audit that is reported again without its end.
    package static let upsertAudit = """
        INSERT INTO finished_audit (\(auditColumns)) VALUES (?, ?, ?, ?, ?) ON CONFLICT (origin, schedule) DO UPDATE SET
            finished_at = coalesce(
                excluded.finished_at,
                CASE WHEN finished_audit.task_id = excluded.task_id THEN finished_audit.finished_at END),
            task_id = excluded.task_id, start_time = excluded.start_time
        WHERE (excluded.start_time, excluded.task_id) >= (finished_audit.start_time, finished_audit.task_id)
        """

    package static let audits = "SELECT \(auditColumns) FROM finished_audit"

    package static let deliveries = "SELECT origin, received_at FROM last_delivery"

    package static let noteDelivery = """
        INSERT INTO last_delivery (origin, received_at) VALUES (?, ?)
        ON CONFLICT (origin) DO UPDATE SET received_at = excluded.received_at
        WHERE last_delivery.received_at < excluded.received_at
            OR last_delivery.received_at > excluded.received_at + \(QueueTime.longestWait)
        """
}

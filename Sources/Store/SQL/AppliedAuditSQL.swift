/// The statements about applied audits.
package enum AppliedAuditSQL {
    private static let insert = """
        INSERT INTO audit_mark (origin, check_name, start_time, task_id) VALUES (?, ?, ?, ?)
        ON CONFLICT (origin, check_name)
        """

    package static let restore = insert + " DO NOTHING"

    package static let upsert = insert + " DO UPDATE SET start_time = excluded.start_time, task_id = excluded.task_id"

    package static let ofAccountRegion = "SELECT check_name, start_time, task_id FROM audit_mark WHERE origin = ?"
}

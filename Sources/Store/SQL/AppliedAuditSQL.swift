/// The statements about applied audits.
package enum AppliedAuditSQL {
    private static let overwrite = "DO UPDATE SET start_time = excluded.start_time, task_id = excluded.task_id"

    /// Adds applied audits, and keeps existing ones.
    package static let restore = insert(onConflict: "DO NOTHING")
    /// Adds or replaces applied audits.
    package static let upsert = insert(onConflict: overwrite)

    private static func insert(onConflict action: String) -> SQLStatement {
        SQLStatement(
            sqlite: """
                INSERT INTO audit_mark (origin, check_name, start_time, task_id) VALUES (?1, ?2, ?3, ?4)
                ON CONFLICT (origin, check_name) \(action)
                """,
            postgreSQL: """
                INSERT INTO audit_mark (origin, check_name, start_time, task_id) SELECT * FROM unnest($1, $2, $3, $4)
                ON CONFLICT (origin, check_name) \(action)
                """)
    }

    /// The applied audits of an account-Region.
    package static let ofAccountRegion = SQLStatement(
        "SELECT check_name, start_time, task_id FROM audit_mark WHERE origin = :origin")
    /// Deletes the applied audits of an account-Region.
    package static let clear = SQLStatement("DELETE FROM audit_mark WHERE origin = :origin")
}

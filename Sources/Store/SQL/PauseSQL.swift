/// The statements about pauses.
package enum PauseSQL {
    /// The columns, in the order in which values are written. The column `account` has a stored ``Pause/Scope``.
    package static let columns = "account, paused_by, paused_at, reason"

    /// Adds or replaces a pause.
    package static let upsert = SQLStatement(
        """
        INSERT INTO pause (\(columns)) VALUES (:account, :paused_by, :paused_at, :reason)
        ON CONFLICT (account) DO UPDATE SET
            paused_by = excluded.paused_by, paused_at = excluded.paused_at, reason = excluded.reason
        """)

    /// Deletes a pause, and returns it.
    package static let delete = SQLStatement("DELETE FROM pause WHERE account = :account RETURNING \(columns)")

    /// The pauses; the pause of all accounts first, those of sources last.
    package static let list = SQLStatement("SELECT \(columns) FROM pause ORDER BY account")
}

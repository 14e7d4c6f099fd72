/// The statements about pauses.
package enum PauseSQL {
    package static let columns = "account, paused_by, paused_at, reason"

    /// The stored name of all accounts.
    package static let all = "*"

    package static let upsert = """
        INSERT INTO pause (\(columns)) VALUES (?, ?, ?, ?) ON CONFLICT (account) DO UPDATE SET
            paused_by = excluded.paused_by, paused_at = excluded.paused_at, reason = excluded.reason
        """

    package static let delete = "DELETE FROM pause WHERE account = ? RETURNING \(columns)"

    package static let list = "SELECT \(columns) FROM pause ORDER BY account"
}

/// The statements of the ledger.
package enum LedgerSQL {
    package static let columns = """
        id, origin, kind, group_key, subject, created_at, updated_at, event_time, first_observed_at, last_observed_at,
        condition, record_state, finding, is_sent, severity
        """

    package static let insert = """
        INSERT INTO ledger (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id)
        """

    package static let restore = insert + " DO NOTHING"

    package static let upsert =
        insert + """
             DO UPDATE SET
                origin = excluded.origin, kind = excluded.kind, group_key = excluded.group_key,
                subject = excluded.subject, created_at = excluded.created_at, updated_at = excluded.updated_at,
                event_time = excluded.event_time, first_observed_at = excluded.first_observed_at,
                last_observed_at = excluded.last_observed_at, condition = excluded.condition,
                record_state = excluded.record_state, finding = excluded.finding, is_sent = excluded.is_sent,
                severity = excluded.severity
            """

    package static let sent = "UPDATE ledger SET is_sent = 1 WHERE id = ? AND updated_at = ?"

    package static let delete = "DELETE FROM ledger WHERE id = ?"

    package static let byID = "SELECT \(columns) FROM ledger WHERE id = ?"

    package static let about = """
        SELECT \(columns) FROM ledger WHERE subject = ? AND id > ? ORDER BY id LIMIT ?
        """

    package static let unseen = """
        SELECT \(columns) FROM ledger
        WHERE condition <> 'over' AND origin = ? AND kind = ? AND group_key = ? AND event_time < ?
            AND (event_time, id) > (?, ?)
        ORDER BY event_time, id LIMIT ?
        """

    package static let stale = """
        SELECT \(columns) FROM ledger
        WHERE record_state = 'active' AND origin = ? AND kind = ? AND updated_at < ? AND (updated_at, id) > (?, ?)
        ORDER BY updated_at, id LIMIT ?
        """

    package static let unsent = """
        SELECT \(columns) FROM ledger WHERE is_sent = 0 AND origin = ? AND kind = ? AND id > ? ORDER BY id LIMIT ?
        """

    package static let purge = """
        DELETE FROM ledger WHERE rowid IN (
            SELECT rowid FROM ledger WHERE record_state = 'archived' AND updated_at < ? AND condition = 'over'
            ORDER BY updated_at LIMIT ?)
        """
}

/// The statements of the ledger.
///
/// PostgreSQL's indexes contain hashes of subjects and groups: an index entry has at most 2,704 bytes.
package enum LedgerSQL {
    /// The columns, in the order in which values are written.
    package static let columns = """
        id, origin, kind, group_key, subject, created_at, updated_at, event_time, first_observed_at, last_observed_at,
        condition, record_state, finding, is_sent, severity
        """

    private static let overwrite = """
        DO UPDATE SET
            origin = excluded.origin, kind = excluded.kind, group_key = excluded.group_key,
            subject = excluded.subject, created_at = excluded.created_at, updated_at = excluded.updated_at,
            event_time = excluded.event_time, first_observed_at = excluded.first_observed_at,
            last_observed_at = excluded.last_observed_at, condition = excluded.condition,
            record_state = excluded.record_state, finding = excluded.finding, is_sent = excluded.is_sent,
            severity = excluded.severity
        """

    /// Adds findings, and keeps existing ones.
    package static let restore = insert(onConflict: "DO NOTHING")
    /// Adds or replaces findings.
    package static let upsert = insert(onConflict: overwrite)

    private static func insert(onConflict action: String) -> SQLStatement {
        SQLStatement(
            sqlite: """
                INSERT INTO ledger (\(columns))
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
                ON CONFLICT (id) \(action)
                """,
            postgreSQL: """
                INSERT INTO ledger (\(columns))
                SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
                ON CONFLICT (id) \(action)
                """)
    }

    /// Records that Security Hub confirmed the state that a finding had at a time.
    package static let sent = SQLStatement(
        sqlite: "UPDATE ledger SET is_sent = 1 WHERE id = ?1 AND updated_at = ?2",
        postgreSQL: """
            UPDATE ledger SET is_sent = 1 FROM unnest($1, $2) AS given (id, updated_at)
            WHERE ledger.id = given.id AND ledger.updated_at = given.updated_at
            """)

    /// Deletes findings.
    package static let delete = SQLStatement(
        sqlite: "DELETE FROM ledger WHERE id = ?1", postgreSQL: "DELETE FROM ledger WHERE id = ANY ($1)")

    /// The findings with some ids.
    package static let byID = SQLStatement(
        sqlite: "SELECT \(columns) FROM ledger WHERE id = ?1",
        postgreSQL: "SELECT \(columns) FROM ledger WHERE id = ANY ($1)")

    /// The findings about a subject, after an id.
    package static let about = SQLStatement(
        sqlite: "SELECT \(columns) FROM ledger WHERE subject = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        postgreSQL: """
            SELECT \(columns) FROM ledger
            WHERE hashtextextended(subject, 0) = hashtextextended($1, 0) AND subject = $1 AND id > $2
            ORDER BY id LIMIT $3
            """)

    /// The findings of a group that are not over and were last reported before a time, after a time and id.
    package static let unseen = SQLStatement(
        sqlite: """
            SELECT \(columns) FROM ledger
            WHERE condition <> 'over' AND origin = ?1 AND kind = ?2 AND group_key = ?3 AND event_time < ?4
                AND (event_time, id) > (?5, ?6)
            ORDER BY event_time, id LIMIT ?7
            """,
        postgreSQL: """
            SELECT \(columns) FROM ledger
            WHERE condition <> 'over' AND origin = $1 AND kind = $2
                AND hashtextextended(group_key, 0) = hashtextextended($3, 0) AND group_key = $3 AND event_time < $4
                AND (event_time, id) > ($5, $6)
            ORDER BY event_time, id LIMIT $7
            """)

    /// The active findings that were last sent before a time, after a time and id.
    package static let stale = SQLStatement(
        """
        SELECT \(columns) FROM ledger
        WHERE record_state = 'active' AND origin = :origin AND kind = :kind AND updated_at < :before
            AND (updated_at, id) > (:updated_at, :id)
        ORDER BY updated_at, id LIMIT :limit
        """)

    /// The findings whose latest state is not confirmed, after an id.
    package static let unsent = SQLStatement(
        """
        SELECT \(columns) FROM ledger WHERE is_sent = 0 AND origin = :origin AND kind = :kind AND id > :id
        ORDER BY id LIMIT :limit
        """)

    /// Deletes archived findings that are over.
    package static let purge = SQLStatement(
        sqlite: """
            DELETE FROM ledger WHERE rowid IN (
                SELECT rowid FROM ledger WHERE record_state = 'archived' AND updated_at < ?1 AND condition = 'over'
                ORDER BY updated_at LIMIT ?2)
            """,
        postgreSQL: """
            DELETE FROM ledger WHERE id = ANY (ARRAY(
                SELECT id FROM ledger WHERE record_state = 'archived' AND updated_at < $1 AND condition = 'over'
                ORDER BY updated_at LIMIT $2 FOR UPDATE SKIP LOCKED))
            """)
}

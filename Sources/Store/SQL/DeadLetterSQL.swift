/// The statements about dead letters.
package enum DeadLetterSQL {
    private static let columns = """
        sequence, id, origin, source, topic, received_at, attempts, first_failed_at, last_failed_at, reason
        """

    /// The dead letters that match a filter, after one of them.
    ///
    /// The column `origin` has an account, a Region and maybe a source, separated by slashes.
    /// PostgreSQL's `lower` affects only ASCII letters under the collation "C", like SQLite's.
    package static let list = SQLStatement(
        sqlite: """
            SELECT \(columns), bytes AS payload FROM delivery JOIN payload USING (sequence)
            WHERE state = 'dead' AND (last_failed_at, id) > (?1, ?2) AND last_failed_at < ?3
                AND (?4 IS NULL OR substr(origin, 1, 12) = ?4)
                AND (?5 IS NULL OR instr(substr(origin, 14) || '/', ?5 || '/') = 1)
                AND (?8 IS NULL OR substr(origin, 14 + instr(substr(origin, 14) || '/', '/')) = ?8)
                AND (?6 IS NULL OR instr(?6, ' ' || source || ' ') > 0)
                AND (?7 IS NULL OR instr(lower(reason), lower(?7)) > 0)
            ORDER BY last_failed_at, id LIMIT ?9
            """,
        postgreSQL: """
            SELECT \(columns), payload FROM delivery
            WHERE state = 'dead' AND (last_failed_at, id) > ($1, $2) AND last_failed_at < $3
                AND ($4 IS NULL OR substr(origin, 1, 12) = $4)
                AND ($5 IS NULL OR strpos(substr(origin, 14) || '/', $5 || '/') = 1)
                AND ($8 IS NULL OR substr(origin, 14 + strpos(substr(origin, 14) || '/', '/')) = $8)
                AND ($6 IS NULL OR strpos($6, ' ' || source || ' ') > 0)
                AND ($7 IS NULL OR strpos(lower(reason), lower($7 COLLATE "C")) > 0)
            ORDER BY last_failed_at, id LIMIT $9
            """)

    /// The newest dead letters.
    package static let newest = SQLStatement(
        sqlite: """
            SELECT \(columns), length(bytes) AS payload_length FROM delivery JOIN payload USING (sequence)
            WHERE state = 'dead' ORDER BY last_failed_at DESC, id DESC LIMIT ?1
            """,
        postgreSQL: """
            SELECT \(columns), octet_length(payload)::bigint AS payload_length FROM delivery
            WHERE state = 'dead' ORDER BY last_failed_at DESC, id DESC LIMIT $1
            """)

    /// The dead letters after one of them.
    package static let summaries = SQLStatement(
        sqlite: """
            SELECT \(columns), length(bytes) AS payload_length FROM delivery JOIN payload USING (sequence)
            WHERE state = 'dead' AND (last_failed_at, id) > (?1, ?2) ORDER BY last_failed_at, id LIMIT ?3
            """,
        postgreSQL: """
            SELECT \(columns), octet_length(payload)::bigint AS payload_length FROM delivery
            WHERE state = 'dead' AND (last_failed_at, id) > ($1, $2) ORDER BY last_failed_at, id LIMIT $3
            """)

    /// What the queue knows about a delivery.
    package static let record = SQLStatement(
        """
        SELECT origin, source, received_at, state, ready_at, attempts, lease_owner, last_failed_at, reason, completed_at
        FROM delivery WHERE id = :id
        """)

    /// The dead letter with an id.
    package static let byID = SQLStatement(
        sqlite: """
            SELECT \(columns), bytes AS payload FROM delivery JOIN payload USING (sequence)
            WHERE id = ?1 AND state = 'dead'
            """,
        postgreSQL: "SELECT \(columns), payload FROM delivery WHERE id = $1 AND state = 'dead'")

    /// Returns dead letters to the queue.
    package static let requeue = SQLStatement(
        sqlite: """
            UPDATE delivery SET state = 'pending', ready_at = received_at, attempts = 0, first_failed_at = NULL,
                last_failed_at = NULL, reason = NULL, bookmark = NULL
            WHERE id = ?1 AND state = 'dead'
            """,
        postgreSQL: """
            UPDATE delivery SET state = 'pending', ready_at = received_at, attempts = 0, first_failed_at = NULL,
                last_failed_at = NULL, reason = NULL, bookmark = NULL
            WHERE id = ANY ($1) AND state = 'dead'
            """)

    /// Deletes dead letters by id.
    package static let discard = SQLStatement(
        sqlite: "DELETE FROM delivery WHERE id = ?1 AND state = 'dead'",
        postgreSQL: "DELETE FROM delivery WHERE id = ANY ($1) AND state = 'dead'")
}

/// The statements about leases, one delivery at a time, and about payloads, which have a table of their own.
enum SQLiteQueueSQL {
    static let insertPayload = "INSERT INTO payload (sequence, bytes) VALUES (?1, ?2)"

    /// The lanes in the queue, each with the times of its first and last ready delivery. Steps through the
    /// index from one to the next, so that the cost grows with their number and not with the deliveries.
    static let lanes = """
        WITH RECURSIVE queued (origin) AS (
            SELECT (SELECT MIN(origin) FROM delivery WHERE ready_at IS NOT NULL)
            UNION ALL
            SELECT (SELECT MIN(origin) FROM delivery WHERE ready_at IS NOT NULL AND origin > queued.origin)
            FROM queued WHERE queued.origin IS NOT NULL
        )
        SELECT origin,
            (SELECT MIN(ready_at) FROM delivery WHERE ready_at IS NOT NULL AND delivery.origin = queued.origin)
                AS first_ready_at,
            (SELECT MAX(ready_at) FROM delivery WHERE ready_at IS NOT NULL AND delivery.origin = queued.origin)
                AS last_ready_at
        FROM queued WHERE origin IS NOT NULL
        """

    static let ready = """
        SELECT sequence, id, origin, source, topic, received_at, attempts, lease_number, bytes AS payload, bookmark,
            state = 'leased' AS is_expired
        FROM delivery JOIN payload USING (sequence)
        WHERE origin = ?1 AND ready_at <= ?2 ORDER BY ready_at, sequence LIMIT ?3
        """

    static let lease = """
        UPDATE delivery SET state = 'leased', ready_at = ?1, attempts = ?2, lease_number = ?3, lease_owner = ?4
        WHERE sequence = ?5
        """

    static let extend = "UPDATE delivery SET ready_at = ?1 WHERE sequence = ?2"

    static let complete = """
        UPDATE delivery SET state = 'completed', ready_at = NULL, completed_at = ?1, lease_owner = NULL,
            bookmark = NULL, topic = ''
        WHERE sequence = ?2
        """

    static let deletePayload = "DELETE FROM payload WHERE sequence = ?1"

    static let retry = """
        UPDATE delivery SET state = 'pending', ready_at = ?1, lease_owner = NULL, reason = ?2,
            first_failed_at = ifnull(first_failed_at, ?3), last_failed_at = ?3,
            attempts = attempts - CASE WHEN ?5 THEN 0 ELSE 1 END
        WHERE sequence = ?4
        """

    static let release = """
        UPDATE delivery SET state = 'pending', ready_at = received_at, lease_owner = NULL, attempts = attempts - 1
        WHERE sequence = ?1
        """

    static let deadLetter = """
        UPDATE delivery SET state = 'dead', ready_at = NULL, lease_owner = NULL, bookmark = NULL, reason = ?1,
            first_failed_at = ifnull(first_failed_at, ?2), last_failed_at = ?2
        WHERE sequence = ?3
        """
}

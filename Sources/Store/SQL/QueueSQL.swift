/// The statements about the queue.
package enum QueueSQL {
    package static let insert = """
        INSERT INTO delivery (id, origin, source, received_at, state, ready_at, topic)
        VALUES (?1, ?2, ?3, ?4, 'pending', ?4, ?5)
        ON CONFLICT (id) DO NOTHING
        """

    package static let insertPayload = "INSERT INTO payload (sequence, bytes) VALUES (?, ?)"

    /// The account-Regions in the queue, each with the times of its first and last ready delivery. Steps through the
    /// index from one to the next, so that the cost grows with their number and not with the deliveries.
    package static let accountRegions = """
        WITH RECURSIVE queued (origin) AS (
            SELECT (SELECT MIN(origin) FROM delivery WHERE ready_at IS NOT NULL)
            UNION ALL
            SELECT (SELECT MIN(origin) FROM delivery WHERE ready_at IS NOT NULL AND origin > queued.origin)
            FROM queued WHERE queued.origin IS NOT NULL
        )
        SELECT origin,
            (SELECT MIN(ready_at) FROM delivery WHERE ready_at IS NOT NULL AND delivery.origin = queued.origin),
            (SELECT MAX(ready_at) FROM delivery WHERE ready_at IS NOT NULL AND delivery.origin = queued.origin)
        FROM queued WHERE origin IS NOT NULL
        """

    package static let ready = """
        SELECT sequence, id, origin, source, received_at, attempts, lease_number, bytes, bookmark, state = 'leased',
            topic
        FROM delivery JOIN payload USING (sequence)
        WHERE origin = ? AND ready_at <= ? ORDER BY ready_at, sequence LIMIT ?
        """

    package static let lease = """
        UPDATE delivery SET state = 'leased', ready_at = ?, attempts = ?, lease_number = ?, lease_owner = ?
        WHERE sequence = ?
        """

    package static let isHeld = "SELECT 1 FROM delivery WHERE sequence = ? AND lease_number = ? AND id = ? AND state = 'leased'"

    package static let extend = "UPDATE delivery SET ready_at = ? WHERE sequence = ?"

    package static let checkpoint = "UPDATE delivery SET bookmark = ? WHERE sequence = ?"

    package static let complete = """
        UPDATE delivery SET state = 'completed', ready_at = NULL, completed_at = ?, lease_owner = NULL, bookmark = NULL,
            topic = ''
        WHERE sequence = ?
        """

    package static let deletePayload = "DELETE FROM payload WHERE sequence = ?"

    package static let retry = """
        UPDATE delivery SET state = 'pending', ready_at = ?1, lease_owner = NULL, reason = ?2,
            first_failed_at = ifnull(first_failed_at, ?3), last_failed_at = ?3,
            attempts = attempts - CASE WHEN ?5 THEN 0 ELSE 1 END
        WHERE sequence = ?4
        """

    package static let release = """
        UPDATE delivery SET state = 'pending', ready_at = received_at, lease_owner = NULL, attempts = attempts - 1
        WHERE sequence = ?
        """

    package static let purge = """
        DELETE FROM delivery WHERE sequence IN (
            SELECT sequence FROM delivery WHERE completed_at < ? ORDER BY completed_at LIMIT ?)
        """

    package static let completionTime = """
        SELECT completed_at FROM delivery WHERE completed_at IS NOT NULL ORDER BY completed_at DESC LIMIT 1 OFFSET ?
        """
}

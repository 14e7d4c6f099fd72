/// The statements about the queue that both engines have. Leasing and the end of a lease are different: SQLite changes
/// one delivery after another, PostgreSQL many at once.
package enum QueueSQL {
    /// Adds deliveries with new ids. PostgreSQL returns the added ids.
    package static let append = SQLStatement(
        sqlite: """
            INSERT INTO delivery (id, origin, source, received_at, state, ready_at, topic)
            VALUES (?1, ?2, ?3, ?4, 'pending', ?4, ?5)
            ON CONFLICT (id) DO NOTHING
            """,
        postgreSQL: """
            INSERT INTO delivery (id, origin, source, received_at, state, ready_at, payload, topic)
            SELECT id, origin, source, received_at, 'pending', received_at, payload, topic
            FROM unnest($1, $2, $3, $4, $5, $6) AS given (id, origin, source, received_at, payload, topic)
            ON CONFLICT (id) DO NOTHING RETURNING id
            """)

    /// A row if a lease is held. PostgreSQL locks it until the transaction ends.
    package static let isHeld = SQLStatement(
        sqlite: """
            SELECT 1 FROM delivery WHERE sequence = ?1 AND lease_number = ?2 AND id = ?3 AND state = 'leased'
            """,
        postgreSQL: """
            SELECT 1 FROM delivery WHERE sequence = $1 AND lease_number = $2 AND id = $3 AND state = 'leased' FOR UPDATE
            """)

    /// Records the checkpoint of a delivery.
    package static let checkpoint = SQLStatement(
        "UPDATE delivery SET bookmark = :checkpoint WHERE sequence = :sequence")

    /// Deletes completed deliveries.
    package static let purge = SQLStatement(
        sqlite: """
            DELETE FROM delivery WHERE sequence IN (
                SELECT sequence FROM delivery WHERE completed_at < ?1 ORDER BY completed_at LIMIT ?2)
            """,
        postgreSQL: """
            DELETE FROM delivery WHERE sequence = ANY (ARRAY(
                SELECT sequence FROM delivery WHERE completed_at < $1 ORDER BY completed_at LIMIT $2
                FOR UPDATE SKIP LOCKED))
            """)

    /// When the oldest delivery of a lane arrived that is pending, waiting for a retry or leased, tasks of the bridge apart.
    package static let oldestUnfinished = SQLStatement(
        """
        SELECT MIN(received_at) AS received_at FROM delivery
        WHERE origin = :origin AND ready_at IS NOT NULL AND source <> '\(Delivery.Channel.schedule.rawValue)'
        """)

    /// The completion time of the newest completed delivery after a number of newer ones.
    package static let completionTime = SQLStatement(
        """
        SELECT completed_at FROM delivery WHERE completed_at IS NOT NULL
        ORDER BY completed_at DESC LIMIT 1 OFFSET :count
        """)

    /// Corrects times that violate ``QueueTime``: 1 is the lane (PostgreSQL: several), 2 the current time, 3
    /// the end of a lease that begins now, 4 the latest valid time.
    package static let clampTimes = SQLStatement(
        sqlite: """
            UPDATE delivery SET ready_at = CASE state WHEN 'leased' THEN ?3 ELSE ?2 END
            WHERE origin = ?1 AND ready_at IS NOT NULL AND ready_at > ?4 AND (state <> 'leased' OR ready_at > ?3)
            """,
        postgreSQL: """
            UPDATE delivery SET ready_at = CASE state WHEN 'leased' THEN $3 ELSE $2 END
            WHERE origin = ANY ($1) AND ready_at IS NOT NULL AND ready_at > $4 AND (state <> 'leased' OR ready_at > $3)
            """)
}

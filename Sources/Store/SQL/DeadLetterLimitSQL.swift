/// The statements that keep dead letters within their limits. The column `topic` has the name of a share, see
/// ``Delivery/share``.
package enum DeadLetterLimitSQL {
    private static let sqliteSize = "length(bytes) + ifnull(length(CAST(reason AS BLOB)), 0)"
    private static let postgreSQLSize = "(octet_length(payload) + coalesce(octet_length(reason), 0))::bigint"

    /// The number and size of the dead letters of each channel.
    package static let loads = SQLStatement("SELECT source, count, bytes, dropped FROM dead_letter_load")

    private static let addToCounters = """
        ON CONFLICT (source, topic) DO UPDATE SET
            count = dead_letter_share.count + excluded.count, bytes = dead_letter_share.bytes + excluded.bytes
        """

    /// Changes the counters of shares.
    package static let addToShare = SQLStatement(
        sqlite: """
            INSERT INTO dead_letter_share (source, topic, count, bytes) VALUES (?1, ?2, ?3, ?4) \(addToCounters)
            """,
        postgreSQL: """
            INSERT INTO dead_letter_share (source, topic, count, bytes) SELECT * FROM unnest($1, $2, $3, $4)
            \(addToCounters)
            """)

    /// Deletes the counters of shares that have no dead letters.
    package static let removeEmptyShare = SQLStatement(
        sqlite: "DELETE FROM dead_letter_share WHERE source = ?1 AND topic = ?2 AND count <= 0",
        postgreSQL: """
            DELETE FROM dead_letter_share USING unnest($1, $2) AS given (source, topic)
            WHERE dead_letter_share.source = given.source AND dead_letter_share.topic = given.topic AND count <= 0
            """)

    private static let addToSums = """
        ON CONFLICT (source) DO UPDATE SET
            count = dead_letter_load.count + excluded.count, bytes = dead_letter_load.bytes + excluded.bytes,
            dropped = dead_letter_load.dropped + excluded.dropped
        """

    /// Changes the counters of channels.
    package static let addToLoad = SQLStatement(
        sqlite: """
            INSERT INTO dead_letter_load (source, count, bytes, dropped) VALUES (?1, ?2, ?3, ?4) \(addToSums)
            """,
        postgreSQL: """
            INSERT INTO dead_letter_load (source, count, bytes, dropped) SELECT * FROM unnest($1, $2, $3, $4)
            \(addToSums)
            """)

    /// The two shares of a channel that have the most dead letters.
    package static let largestByCount = SQLStatement(
        """
        SELECT source, topic, count, bytes FROM dead_letter_share WHERE source = :source ORDER BY count DESC LIMIT 2
        """)
    /// The two shares of a channel that use the most bytes.
    package static let largestByBytes = SQLStatement(
        """
        SELECT source, topic, count, bytes FROM dead_letter_share WHERE source = :source ORDER BY bytes DESC LIMIT 2
        """)

    /// The statement that finds the largest shares.
    package static func largest(by cause: DroppedDeadLetters.Cause) -> SQLStatement {
        cause == .bytes ? largestByBytes : largestByCount
    }

    /// The oldest dead letters of a share.
    package static let oldest = SQLStatement(
        sqlite: """
            SELECT source, topic, 1 AS count, \(sqliteSize) AS bytes, sequence
            FROM delivery JOIN payload USING (sequence)
            WHERE state = 'dead' AND source = ?1 AND topic = ?2 ORDER BY last_failed_at, sequence LIMIT ?3
            """,
        postgreSQL: """
            SELECT source, topic, 1::bigint AS count, \(postgreSQLSize) AS bytes, sequence FROM delivery
            WHERE state = 'dead' AND source = $1 AND topic = $2 ORDER BY last_failed_at, sequence LIMIT $3
            """)

    /// The dead letters that failed before a time, oldest first.
    package static let expired = SQLStatement(
        sqlite: """
            SELECT source, topic, 1 AS count, \(sqliteSize) AS bytes, sequence
            FROM delivery JOIN payload USING (sequence)
            WHERE state = 'dead' AND last_failed_at < ?1 ORDER BY last_failed_at, id LIMIT ?2
            """,
        postgreSQL: """
            SELECT source, topic, 1::bigint AS count, \(postgreSQLSize) AS bytes, sequence FROM delivery
            WHERE state = 'dead' AND last_failed_at < $1 ORDER BY last_failed_at, id LIMIT $2
            """)

    /// Deletes dead letters by position.
    package static let drop = SQLStatement(
        sqlite: "DELETE FROM delivery WHERE sequence = ?1 AND state = 'dead'",
        postgreSQL: "DELETE FROM delivery WHERE sequence = ANY ($1) AND state = 'dead'")

    /// When the oldest dead letter failed last.
    package static let oldestFailure = SQLStatement(
        "SELECT MIN(last_failed_at) AS oldest FROM delivery WHERE state = 'dead'")

    /// The number and size of dead letters with some positions, by share.
    package static let sharesBySequence = SQLStatement(
        sqlite: """
            SELECT source, topic, 1 AS count, \(sqliteSize) AS bytes FROM delivery JOIN payload USING (sequence)
            WHERE sequence = ?1
            """,
        postgreSQL: """
            SELECT source, topic, count(*) AS count, coalesce(sum(\(postgreSQLSize)), 0)::bigint AS bytes FROM delivery
            WHERE sequence = ANY ($1) AND state = 'dead' GROUP BY source, topic
            """)

    /// The number and size of dead letters with some ids, by share.
    package static let sharesByID = SQLStatement(
        sqlite: """
            SELECT source, topic, 1 AS count, \(sqliteSize) AS bytes FROM delivery JOIN payload USING (sequence)
            WHERE id = ?1 AND state = 'dead'
            """,
        postgreSQL: """
            SELECT source, topic, count(*) AS count, coalesce(sum(\(postgreSQLSize)), 0)::bigint AS bytes FROM delivery
            WHERE id = ANY ($1) AND state = 'dead' GROUP BY source, topic
            """)

    /// The shares whose counters are wrong.
    package static let differences = SQLStatement(
        sqlite: """
            SELECT source || ' ' || topic AS name FROM (
                SELECT source, topic, count, bytes FROM dead_letter_share
                UNION ALL SELECT source, topic, -COUNT(*), -SUM(\(sqliteSize))
                FROM delivery JOIN payload USING (sequence) WHERE state = 'dead' GROUP BY source, topic) AS figure
            GROUP BY source, topic HAVING SUM(count) <> 0 OR SUM(bytes) <> 0
            """,
        postgreSQL: """
            SELECT source || ' ' || topic AS name FROM (
                SELECT source, topic, count, bytes FROM dead_letter_share
                UNION ALL SELECT source, topic, -count(*), -sum(\(postgreSQLSize))
                FROM delivery WHERE state = 'dead' GROUP BY source, topic) AS figure
            GROUP BY source, topic HAVING sum(count) <> 0 OR sum(bytes) <> 0
            """)

    /// The channels whose counters are not the sums of their shares' counters.
    package static let loadDifferences = SQLStatement(
        """
        SELECT source AS name FROM (
            SELECT source, count, bytes FROM dead_letter_load
            UNION ALL SELECT source, -count, -bytes FROM dead_letter_share) AS figure
        GROUP BY source HAVING SUM(count) <> 0 OR SUM(bytes) <> 0
        """)
}

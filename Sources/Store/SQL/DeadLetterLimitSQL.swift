/// The statements that keep dead letters within their limits.
package enum DeadLetterLimitSQL {
    private static let size = "length(bytes) + ifnull(length(CAST(reason AS BLOB)), 0)"

    private static let load = "SELECT source, topic, 1, \(size) FROM delivery JOIN payload USING (sequence)"
    package static let loadBySequence = load + " WHERE sequence = ?"
    package static let loadByID = load + " WHERE id = ? AND state = 'dead'"

    package static let loads = "SELECT source, count, bytes, dropped FROM dead_letter_load"

    package static let addToShare = """
        INSERT INTO dead_letter_share (source, topic, count, bytes) VALUES (?, ?, ?, ?)
        ON CONFLICT (source, topic) DO UPDATE SET
            count = dead_letter_share.count + excluded.count, bytes = dead_letter_share.bytes + excluded.bytes
        """

    package static let removeEmptyShare = "DELETE FROM dead_letter_share WHERE source = ? AND topic = ? AND count <= 0"

    package static let addToLoad = """
        INSERT INTO dead_letter_load (source, count, bytes, dropped) VALUES (?, ?, ?, ?)
        ON CONFLICT (source) DO UPDATE SET
            count = dead_letter_load.count + excluded.count, bytes = dead_letter_load.bytes + excluded.bytes,
            dropped = dead_letter_load.dropped + excluded.dropped
        """

    private static let largest = "SELECT source, topic, count, bytes FROM dead_letter_share WHERE source = ? ORDER BY "
    package static let largestByCount = largest + "count DESC LIMIT 2"
    package static let largestByBytes = largest + "bytes DESC LIMIT 2"

    package static func largest(by cause: DroppedDeadLetters.Cause) -> String {
        cause == .bytes ? largestByBytes : largestByCount
    }

    /// Channel, topic, 1, size and queue position of the oldest dead letters of a topic.
    package static let oldest = """
        SELECT source, topic, 1, \(size), sequence FROM delivery JOIN payload USING (sequence)
        WHERE state = 'dead' AND source = ? AND topic = ? ORDER BY last_failed_at, sequence LIMIT ?
        """

    package static let expired = """
        SELECT source, topic, 1, \(size), sequence FROM delivery JOIN payload USING (sequence)
        WHERE state = 'dead' AND last_failed_at < ? ORDER BY last_failed_at, id LIMIT ?
        """

    package static let drop = "DELETE FROM delivery WHERE sequence = ? AND state = 'dead'"

    package static let oldestFailure = "SELECT MIN(last_failed_at) FROM delivery WHERE state = 'dead'"

    /// A row for each topic whose counters are wrong.
    package static let differences = """
        SELECT 0, source || ' ' || topic FROM (
            SELECT source, topic, count, bytes FROM dead_letter_share
            UNION ALL SELECT source, topic, -COUNT(*), -SUM(\(size))
            FROM delivery JOIN payload USING (sequence) WHERE state = 'dead' GROUP BY source, topic) AS figure
        GROUP BY source, topic HAVING SUM(count) <> 0 OR SUM(bytes) <> 0
        """

    package static let loadDifferences = """
        SELECT 0, source FROM (
            SELECT source, count, bytes FROM dead_letter_load
            UNION ALL SELECT source, -count, -bytes FROM dead_letter_share) AS figure
        GROUP BY source HAVING SUM(count) <> 0 OR SUM(bytes) <> 0
        """
}

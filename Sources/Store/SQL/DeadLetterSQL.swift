/// The statements about dead letters.
package enum DeadLetterSQL {
    package static let deadLetter = """
        UPDATE delivery SET state = 'dead', ready_at = NULL, lease_owner = NULL, bookmark = NULL, reason = ?1,
            first_failed_at = ifnull(first_failed_at, ?2), last_failed_at = ?2
        WHERE sequence = ?3
        """

    private static let columns = """
        sequence, id, origin, source, received_at, attempts, first_failed_at, last_failed_at, reason, bytes, topic
        """

    package static let list = """
        SELECT \(columns) FROM delivery JOIN payload USING (sequence)
        WHERE state = 'dead' AND (last_failed_at, id) > (?1, ?2) AND last_failed_at < ?3
            AND (?4 IS NULL OR substr(origin, 1, 12) = ?4) AND (?5 IS NULL OR substr(origin, 14) = ?5)
            AND (?6 IS NULL OR instr(?6, ' ' || source || ' ') > 0) AND (?7 IS NULL OR instr(lower(reason), lower(?7)) > 0)
        ORDER BY last_failed_at, id LIMIT ?8
        """

    package static let newest = """
        SELECT sequence, id, origin, source, received_at, attempts, first_failed_at, last_failed_at, reason, length(bytes)
        FROM delivery JOIN payload USING (sequence)
        WHERE state = 'dead' ORDER BY last_failed_at DESC, id DESC LIMIT ?
        """

    package static let byID = "SELECT \(columns) FROM delivery JOIN payload USING (sequence) WHERE id = ? AND state = 'dead'"

    package static let requeue = """
        UPDATE delivery SET state = 'pending', ready_at = received_at, attempts = 0, first_failed_at = NULL,
            last_failed_at = NULL, reason = NULL, bookmark = NULL
        WHERE id = ? AND state = 'dead'
        """

    package static let discard = "DELETE FROM delivery WHERE id = ? AND state = 'dead'"
}

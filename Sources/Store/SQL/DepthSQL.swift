/// The statements about the depth of the queue.
package enum DepthSQL {
    /// The first account-Region after another with a delivery that is not completed.
    package static let nextAccountRegion = """
        SELECT MIN(origin) FROM (
            SELECT (SELECT MIN(origin) FROM delivery WHERE ready_at IS NOT NULL AND origin > ?1) AS origin
            UNION ALL SELECT (SELECT MIN(origin) FROM delivery WHERE state = 'dead' AND origin > ?1))
        """

    package static let queued = """
        SELECT
            COUNT(*) FILTER (WHERE state = 'pending' AND (ready_at <= ?2 OR ready_at > ?3)),
            MIN(received_at) FILTER (WHERE state = 'pending' AND (ready_at <= ?2 OR ready_at > ?3)),
            COUNT(*) FILTER (WHERE state = 'pending' AND ready_at > ?2 AND ready_at <= ?3),
            MIN(received_at) FILTER (WHERE state = 'pending' AND ready_at > ?2 AND ready_at <= ?3),
            COUNT(*) FILTER (WHERE state = 'leased'), MIN(received_at) FILTER (WHERE state = 'leased')
        FROM delivery WHERE ready_at IS NOT NULL AND origin = ?1
        """

    package static let dead = "SELECT COUNT(*), MIN(received_at) FROM delivery WHERE state = 'dead' AND origin = ?"
}

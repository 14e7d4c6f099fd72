public import AWSCore

extension PostgreSQLStore {
    /// Goes from one origin to the next through the indexes.
    static let depths = """
        WITH RECURSIVE place (origin, number) AS (
            SELECT $1 COLLATE "C", 0::bigint
            UNION ALL
            SELECT least(
                    (SELECT min(origin) FROM delivery WHERE ready_at IS NOT NULL AND delivery.origin > place.origin),
                    (SELECT min(origin) FROM delivery WHERE state = 'dead' AND delivery.origin > place.origin)),
                number + 1
            FROM place WHERE place.origin IS NOT NULL AND number < $2
        )
        SELECT place.origin, queued.*, dead.* FROM place
        CROSS JOIN LATERAL (
            SELECT
                count(*) FILTER (WHERE state = 'pending' AND (ready_at <= $3 OR ready_at > $4)),
                min(received_at) FILTER (WHERE state = 'pending' AND (ready_at <= $3 OR ready_at > $4)),
                count(*) FILTER (WHERE state = 'pending' AND ready_at > $3 AND ready_at <= $4),
                min(received_at) FILTER (WHERE state = 'pending' AND ready_at > $3 AND ready_at <= $4),
                count(*) FILTER (WHERE state = 'leased'), min(received_at) FILTER (WHERE state = 'leased')
            FROM delivery WHERE ready_at IS NOT NULL AND delivery.origin = place.origin) AS queued
        CROSS JOIN LATERAL (
            SELECT count(*), min(received_at) FROM delivery
            WHERE state = 'dead' AND delivery.origin = place.origin) AS dead
        WHERE number > 0 AND place.origin IS NOT NULL ORDER BY number
        """

    /// Counts deliveries that are not done by origin and state, in one state of the store.
    public func queueDepths(
        now: Int64, after accountRegion: AccountRegion?, limit: Int
    ) async throws(StoreError) -> [QueueDepth] {
        try Limits.check(limit: limit)
        let now = clock.database(now)
        return try await read(
            Self.depths,
            [
                .text(accountRegion?.stored ?? ""), .integer(limit), .integer(now),
                .integer(QueueTime.latest(after: now)),
            ], isLong: true
        ) { rows in
            try rows.rows.flatMap { row in
                let accountRegion = try row.accountRegion(0)
                return try zip(QueueDepth.State.allCases, [1, 3, 5, 7]).compactMap { state, column in
                    // Without any, there is no oldest.
                    try row.optionalInteger(column + 1).map { oldest in
                        QueueDepth(
                            accountRegion: accountRegion, state: state, count: try row.count(column),
                            oldestReceivedAt: clock.local(oldest))
                    }
                }
            }
        }
    }
}

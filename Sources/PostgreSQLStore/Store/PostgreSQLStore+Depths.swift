public import AWSCore
public import Store

extension PostgreSQLStore {
    /// Steps through the indexes from one account-Region to the next.
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

    /// Counts the deliveries that are not completed by account-Region and state, in one snapshot.
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
                    // NULL if there are none.
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

package import Encoding
package import Store

extension PostgreSQLStore {
    /// Steps through the indexes from one lane to the next.
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
        SELECT place.origin AS origin, queued.*, dead.* FROM place
        CROSS JOIN LATERAL (
            SELECT
                count(*) FILTER (WHERE state = 'pending' AND (ready_at <= $3 OR ready_at > $4)) AS pending,
                min(received_at) FILTER (WHERE state = 'pending' AND (ready_at <= $3 OR ready_at > $4))
                    AS oldest_pending,
                count(*) FILTER (WHERE state = 'pending' AND ready_at > $3 AND ready_at <= $4) AS waiting,
                min(received_at) FILTER (WHERE state = 'pending' AND ready_at > $3 AND ready_at <= $4)
                    AS oldest_waiting,
                count(*) FILTER (WHERE state = 'leased') AS leased,
                min(received_at) FILTER (WHERE state = 'leased') AS oldest_leased
            FROM delivery WHERE ready_at IS NOT NULL AND delivery.origin = place.origin) AS queued
        CROSS JOIN LATERAL (
            SELECT count(*) AS dead, min(received_at) AS oldest_dead FROM delivery
            WHERE state = 'dead' AND delivery.origin = place.origin) AS dead
        WHERE number > 0 AND place.origin IS NOT NULL ORDER BY number
        """

    /// Counts the deliveries that are not completed by lane and state, in one snapshot.
    package func queueDepths(
        now: Timestamp, after lane: DeliveryLane?, limit: Int
    ) async throws(StoreError) -> [QueueDepth] {
        try Limits.check(limit: limit)
        let now = clock.database(now)
        return try await read(
            Self.depths,
            [
                .text(lane?.stored ?? ""), .integer(limit), .time(now),
                .time(QueueTime.latest(after: now)),
            ], isLong: true
        ) { rows in
            try rows.rows.flatMap { row in
                let lane = try row.lane("origin")
                return try QueueDepth.State.allCases.compactMap { state in
                    try QueueDepth(row, of: lane, state).map { depth in
                        QueueDepth(
                            accountRegion: lane.accountRegion, source: lane.source, state: state, count: depth.count,
                            oldestReceivedAt: clock.local(depth.oldestReceivedAt))
                    }
                }
            }
        }
    }
}

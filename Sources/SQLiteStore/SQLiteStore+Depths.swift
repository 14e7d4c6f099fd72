package import Encoding
import GRDB
package import Store

/// The statements about the depth of the queue.
enum SQLiteDepthSQL {
    /// The first lane after another with a delivery that is not completed.
    static let nextLane = """
        SELECT MIN(origin) AS origin FROM (
            SELECT (SELECT MIN(origin) FROM delivery WHERE ready_at IS NOT NULL AND origin > ?1) AS origin
            UNION ALL SELECT (SELECT MIN(origin) FROM delivery WHERE state = 'dead' AND origin > ?1))
        """

    static let queued = """
        SELECT
            COUNT(*) FILTER (WHERE state = 'pending' AND (ready_at <= ?2 OR ready_at > ?3)) AS pending,
            MIN(received_at) FILTER (WHERE state = 'pending' AND (ready_at <= ?2 OR ready_at > ?3)) AS oldest_pending,
            COUNT(*) FILTER (WHERE state = 'pending' AND ready_at > ?2 AND ready_at <= ?3) AS waiting,
            MIN(received_at) FILTER (WHERE state = 'pending' AND ready_at > ?2 AND ready_at <= ?3) AS oldest_waiting,
            COUNT(*) FILTER (WHERE state = 'leased') AS leased,
            MIN(received_at) FILTER (WHERE state = 'leased') AS oldest_leased
        FROM delivery WHERE ready_at IS NOT NULL AND origin = ?1
        """

    static let dead = """
        SELECT COUNT(*) AS dead, MIN(received_at) AS oldest_dead FROM delivery WHERE state = 'dead' AND origin = ?1
        """
}

extension SQLiteStore {
    /// Counts the deliveries that are not completed by lane and state, in one snapshot.
    package func queueDepths(
        now: Timestamp, after lane: DeliveryLane?, limit: Int
    ) async throws(StoreError) -> [QueueDepth] {
        try Limits.check(limit: limit)
        return try await read { db in
            var depths: [QueueDepth] = []
            var last = lane?.stored ?? ""
            for _ in 0..<limit {
                guard let next = try db.row(SQLiteDepthSQL.nextLane, [last])?.optionalText("origin") else {
                    break
                }
                guard let lane = DeliveryLane(stored: next) else { throw StoreError.unreadableRow }
                depths += try Self.depths(of: lane, now: now, in: db)
                last = next
            }
            return depths
        }
    }

    private static func depths(of lane: DeliveryLane, now: Timestamp, in db: Database) throws -> [QueueDepth] {
        let queued = try db.row(
            SQLiteDepthSQL.queued, [lane.stored, now.milliseconds, QueueTime.latest(after: now).milliseconds])
        let dead = try db.row(SQLiteDepthSQL.dead, [lane.stored])
        return try QueueDepth.State.allCases.compactMap { state in
            guard let row = state == .dead ? dead : queued else { return nil }
            return try QueueDepth(row, of: lane, state)
        }
    }
}

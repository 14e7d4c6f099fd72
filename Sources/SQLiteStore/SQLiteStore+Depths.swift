public import AWSCore
import GRDB
public import Store

extension SQLiteStore {
    /// Counts the deliveries that are not completed by account-Region and state, in one snapshot.
    public func queueDepths(
        now: Int64, after accountRegion: AccountRegion?, limit: Int
    ) async throws(StoreError) -> [QueueDepth] {
        try Limits.check(limit: limit)
        return try await read { db in
            var depths: [QueueDepth] = []
            var last = accountRegion?.stored ?? ""
            for _ in 0..<limit {
                let next = try Row.fetchOne(db.cachedStatement(sql: DepthSQL.nextAccountRegion), arguments: [last])
                guard let next, let name = try next.optional(0, as: String.self) else { break }
                depths += try Self.depths(of: next.accountRegion(0), now: now, in: db)
                last = name
            }
            return depths
        }
    }

    private static func depths(of accountRegion: AccountRegion, now: Int64, in db: Database) throws -> [QueueDepth] {
        let queued = try Row.fetchOne(
            db.cachedStatement(sql: DepthSQL.queued),
            arguments: [accountRegion.stored, now, QueueTime.latest(after: now)])
        let dead = try Row.fetchOne(db.cachedStatement(sql: DepthSQL.dead), arguments: [accountRegion.stored])
        func depth(_ state: QueueDepth.State, _ row: Row?, _ index: Int) throws -> QueueDepth? {
            // NULL if there are none.
            guard let row, let oldest = try row.optional(index + 1, as: Int64.self) else { return nil }
            return QueueDepth(
                accountRegion: accountRegion, state: state, count: try row.required(index), oldestReceivedAt: oldest)
        }
        return try [
            depth(.pending, queued, 0), depth(.waiting, queued, 2), depth(.leased, queued, 4), depth(.dead, dead, 0),
        ].compactMap { $0 }
    }
}

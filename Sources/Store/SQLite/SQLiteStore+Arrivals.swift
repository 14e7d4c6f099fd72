public import AWSCore
import GRDB

/// The statements about the last audits and deliveries.
enum ArrivalSQL {
    static let auditColumns = "origin, schedule, task_id, start_time, finished_at"

    /// Keeps the end of an audit that is reported again without its end.
    static let upsertAudit = """
        INSERT INTO finished_audit (\(auditColumns)) VALUES (?, ?, ?, ?, ?) ON CONFLICT (origin, schedule) DO UPDATE SET
            finished_at = coalesce(
                excluded.finished_at,
                CASE WHEN finished_audit.task_id = excluded.task_id THEN finished_audit.finished_at END),
            task_id = excluded.task_id, start_time = excluded.start_time
        WHERE (excluded.start_time, excluded.task_id) >= (finished_audit.start_time, finished_audit.task_id)
        """

    static let audits = "SELECT \(auditColumns) FROM finished_audit"

    static let deliveries = "SELECT origin, received_at FROM last_delivery"

    static let noteDelivery = """
        INSERT INTO last_delivery (origin, received_at) VALUES (?, ?)
        ON CONFLICT (origin) DO UPDATE SET received_at = excluded.received_at
        WHERE last_delivery.received_at < excluded.received_at
            OR last_delivery.received_at > excluded.received_at + \(QueueTime.longestWait)
        """
}

extension SQLiteStore {
    /// Lists the newest finished audit of each account-Region and schedule.
    public func finishedAudits() async throws(StoreError) -> [FinishedAudit] {
        try await read { db in
            try Row.fetchAll(db.cachedStatement(sql: ArrivalSQL.audits)).map { try FinishedAudit($0) }
        }
    }

    static func write(_ audit: FinishedAudit, in db: Database) throws {
        try db.cachedStatement(sql: ArrivalSQL.upsertAudit).execute(arguments: [
            audit.accountRegion.stored, audit.schedule ?? "", audit.taskID, audit.startTime, audit.finishedAt,
        ])
    }

    /// Lists when deliveries last arrived.
    public func lastDeliveries() async throws(StoreError) -> [AccountRegion: Int64] {
        try await read { db in
            let rows = try Row.fetchAll(db.cachedStatement(sql: ArrivalSQL.deliveries))
            var times: [AccountRegion: Int64] = [:]
            for row in rows { times[try row.accountRegion(0)] = try row.required(1) }
            return times
        }
    }

    /// Records when deliveries last arrived.
    public func recordLastDeliveries(_ times: [AccountRegion: Int64]) async throws(StoreError) {
        try await committer.write { db in
            for (accountRegion, time) in times {
                try db.cachedStatement(sql: ArrivalSQL.noteDelivery).execute(arguments: [accountRegion.stored, time])
            }
            return .success(())
        }
    }
}

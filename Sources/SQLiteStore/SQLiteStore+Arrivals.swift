package import AWSCore
package import Encoding
import GRDB
package import Store

extension SQLiteStore {
    /// Lists the newest finished audit of each account-Region and schedule.
    package func finishedAudits() async throws(StoreError) -> [FinishedAudit] {
        try await read { db in
            try db.rows(ArrivalSQL.audits).map { try FinishedAudit($0) }
        }
    }

    static func write(_ audit: FinishedAudit, in db: Database) throws {
        try db.run(
            ArrivalSQL.upsertAudit,
            [
                audit.accountRegion.stored, audit.schedule ?? "", audit.taskID, audit.startTime.milliseconds,
                audit.finishedAt?.milliseconds,
            ])
    }

    /// Lists when deliveries last arrived.
    package func lastDeliveries() async throws(StoreError) -> [AccountRegion: Timestamp] {
        try await read { db in
            let rows = try db.rows(ArrivalSQL.deliveries)
            var times: [AccountRegion: Timestamp] = [:]
            for row in rows { times[try row.accountRegion("origin")] = try row.timestamp("received_at") }
            return times
        }
    }

    /// Records when deliveries last arrived.
    package func recordLastDeliveries(_ times: [AccountRegion: Timestamp]) async throws(StoreError) {
        try await committer.write { db in
            for (accountRegion, time) in times {
                try db.run(ArrivalSQL.noteDelivery, [accountRegion.stored, time.milliseconds])
            }
            return .success(())
        }
    }
}

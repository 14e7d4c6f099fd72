package import AWSCore
package import Encoding
package import Store

extension PostgreSQLStore {
    /// Lists the newest finished audit of each account-Region and schedule.
    package func finishedAudits() async throws(StoreError) -> [FinishedAudit] {
        try await read(ArrivalSQL.audits) { try $0.rows.map { try FinishedAudit($0) } }
    }

    static func write(_ audits: [FinishedAudit], by connection: PostgreSQLConnection) async throws {
        for rows in chunks(of: audits, by: { [$0.accountRegion.stored, $0.schedule ?? ""] }) {
            _ = try await connection.run(
                ArrivalSQL.upsertAudit,
                [
                    .texts(rows.map(\.accountRegion.stored)), .texts(rows.map { $0.schedule ?? "" }),
                    .texts(rows.map(\.taskID)),
                    .times(rows.map(\.startTime)), .times(rows.map(\.finishedAt)),
                ])
        }
    }

    /// Lists when deliveries last arrived.
    package func lastDeliveries() async throws(StoreError) -> [AccountRegion: Timestamp] {
        try await read(ArrivalSQL.deliveries) { rows in
            Dictionary(try rows.rows.map { (try $0.accountRegion("origin"), try $0.timestamp("received_at")) }) {
                first, _ in first
            }
        }
    }

    /// Records when deliveries last arrived.
    package func recordLastDeliveries(_ times: [AccountRegion: Timestamp]) async throws(StoreError) {
        // Sorted, so that two replicas that write the same rows do not deadlock.
        let sorted = times.sorted { $0.key < $1.key }
        try await write(
            ArrivalSQL.noteDelivery, [.texts(sorted.map(\.key.stored)), .times(sorted.map(\.value))],
            within: timeout)
    }
}

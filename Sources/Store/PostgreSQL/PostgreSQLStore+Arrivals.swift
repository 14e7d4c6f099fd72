public import AWSCore

extension PostgreSQLStore {
    private static let upsertAudits = ArrivalSQL.upsertAudit.ofMany
    private static let noteDeliveries = ArrivalSQL.noteDelivery.ofMany

    /// Lists the newest finished audits.
    public func finishedAudits() async throws(StoreError) -> [FinishedAudit] {
        try await read(ArrivalSQL.audits) { try $0.rows.map { try FinishedAudit($0) } }
    }

    static func write(_ audits: [FinishedAudit], by connection: PostgreSQLConnection) async throws {
        for rows in chunks(of: audits, by: { [$0.accountRegion.stored, $0.schedule ?? ""] }) {
            _ = try await connection.run(
                upsertAudits,
                [
                    .texts(rows.map(\.accountRegion.stored)), .texts(rows.map { $0.schedule ?? "" }),
                    .texts(rows.map(\.taskID)),
                    .integers(rows.map(\.startTime)), .integers(rows.map(\.finishedAt)),
                ])
        }
    }

    /// Lists when deliveries came last.
    public func lastDeliveries() async throws(StoreError) -> [AccountRegion: Int64] {
        try await read(ArrivalSQL.deliveries) { rows in
            Dictionary(try rows.rows.map { (try $0.accountRegion(0), try $0.integer(1)) }) { first, _ in first }
        }
    }

    /// Notes when deliveries came last.
    public func recordLastDeliveries(_ times: [AccountRegion: Int64]) async throws(StoreError) {
        // In order, so that two bridges that note the same ones do not wait for each other.
        let sorted = times.sorted { $0.key < $1.key }
        try await write(
            Self.noteDeliveries, [.texts(sorted.map(\.key.stored)), .integers(sorted.map(\.value))],
            within: timeout)
    }
}

package import AWSCore
package import Encoding
package import Store

extension PostgreSQLStore {
    /// Lists the points of a series, oldest first.
    package func history(_ series: HistoryPoint.Series) async throws(StoreError) -> [HistoryPoint] {
        try await read(StatusSQL.history, [.text(series.rawValue), .integer(series.limit)]) {
            try $0.rows.map { try HistoryPoint($0) }.reversed()
        }
    }

    /// Adds a point to a series.
    package func record(_ point: HistoryPoint, in series: HistoryPoint.Series) async throws(StoreError) {
        let kept = point.kept(in: series)
        try await transact { connection in
            _ = try await connection.run(
                StatusSQL.addPoint,
                [.text(series.rawValue), .time(point.at)] + point.counts.map { PostgreSQLValue.integer($0) })
            _ = try await connection.run(
                StatusSQL.trim, [.text(series.rawValue), .time(kept.oldest), .time(kept.newest)])
        }
    }

    /// Lists when deliveries of topics last arrived.
    package func topicDeliveries() async throws(StoreError) -> [ARN: Timestamp] {
        try await read(StatusSQL.topicDeliveries) { rows in
            Dictionary(try rows.rows.map { (try $0.arn("topic"), try $0.timestamp("received_at")) }) {
                first, _ in first
            }
        }
    }

    /// Records when deliveries of topics last arrived.
    package func recordTopicDeliveries(_ times: [ARN: Timestamp]) async throws(StoreError) {
        // Sorted, so that two replicas that write the same rows do not deadlock.
        let sorted = times.map { ($0.key.description, $0.value) }.sorted { $0.0 < $1.0 }
        try await write(
            StatusSQL.noteTopicDelivery, [.texts(sorted.map(\.0)), .times(sorted.map(\.1))], within: timeout)
    }
}

package import AWSCore
package import Encoding
import GRDB
package import Store

extension SQLiteStore {
    /// Lists the points of a series, oldest first.
    package func history(_ series: HistoryPoint.Series) async throws(StoreError) -> [HistoryPoint] {
        try await read { db in
            try db.rows(StatusSQL.history, [series.rawValue, series.limit]).map { try HistoryPoint($0) }.reversed()
        }
    }

    /// Adds a point to a series.
    package func record(_ point: HistoryPoint, in series: HistoryPoint.Series) async throws(StoreError) {
        let kept = point.kept(in: series)
        let values: [any SQLiteValue] =
            [series.rawValue, point.at.milliseconds] + point.counts.map { $0 as any SQLiteValue }
        try await committer.write { db in
            try db.run(StatusSQL.addPoint, values)
            try db.run(StatusSQL.trim, [series.rawValue, kept.oldest.milliseconds, kept.newest.milliseconds])
            return .success(())
        }
    }

    /// Lists when deliveries of topics last arrived.
    package func topicDeliveries() async throws(StoreError) -> [ARN: Timestamp] {
        try await read { db in
            let rows = try db.rows(StatusSQL.topicDeliveries)
            var times: [ARN: Timestamp] = [:]
            for row in rows { times[try row.arn("topic")] = try row.timestamp("received_at") }
            return times
        }
    }

    /// Records when deliveries of topics last arrived.
    package func recordTopicDeliveries(_ times: [ARN: Timestamp]) async throws(StoreError) {
        try await committer.write { db in
            for (topic, time) in times {
                try db.run(StatusSQL.noteTopicDelivery, [topic.description, time.milliseconds])
            }
            return .success(())
        }
    }
}

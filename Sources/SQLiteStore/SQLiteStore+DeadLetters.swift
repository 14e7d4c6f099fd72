import AWSCore
import Encoding
import GRDB
package import Store

extension SQLiteStore {
    /// Lists the dead letters that match a filter, ordered by last failure.
    package func deadLetters(
        matching filter: DeadLetterFilter, limit: Int, after last: DeadLetter?
    ) async throws(StoreError) -> [DeadLetter] {
        try Limits.check(limit: limit)
        if filter.reason?.utf8.contains(0) == true { return [] }
        let start = filter.start(after: last)
        return try await read { db in
            let rows = try db.rows(
                DeadLetterSQL.list,
                [
                    start.storedTime, start.id, filter.failedBefore?.milliseconds ?? .max, filter.account?.digits,
                    filter.region?.name,
                    filter.storedChannels, filter.reason, filter.source, limit,
                ])
            return try rows.map { try DeadLetter($0) }
        }
    }

    /// Lists the newest dead letters without their payloads.
    package func newestDeadLetters(limit: Int) async throws(StoreError) -> [DeadLetterSummary] {
        try Limits.check(limit: limit)
        return try await read { db in
            try db.rows(DeadLetterSQL.newest, [limit])
                .map { try DeadLetterSummary($0) }
        }
    }

    /// Lists the dead letters without their payloads.
    package func deadLetterSummaries(
        after last: DeadLetterSummary?, limit: Int
    ) async throws(StoreError) -> [DeadLetterSummary] {
        try Limits.check(limit: limit)
        return try await read { db in
            try db.rows(DeadLetterSQL.summaries, [last?.lastFailedAt.milliseconds ?? .min, last?.id ?? "", limit])
                .map { try DeadLetterSummary($0) }
        }
    }

    /// Returns what the queue knows about a delivery.
    package func deliveryRecord(id: String) async throws(StoreError) -> DeliveryRecord? {
        guard Limits.isDeliveryID(id) else { return nil }
        return try await read { db in
            try db.row(DeadLetterSQL.record, [id]).map { try DeliveryRecord($0) }
        }
    }

    /// Returns the dead letter with an id.
    package func deadLetter(id: String) async throws(StoreError) -> DeadLetter? {
        guard Limits.isDeliveryID(id) else { return nil }
        return try await read { db in
            try db.row(DeadLetterSQL.byID, [id]).map { try DeadLetter($0) }
        }
    }

    /// Returns dead letters to the queue as new deliveries.
    package func requeueDeadLetters(ids: [String]) async throws(StoreError) -> Int {
        let count = try await changeDeadLetters(ids, by: DeadLetterSQL.requeue)
        signal.notify()
        return count
    }

    /// Deletes dead letters permanently.
    package func discardDeadLetters(ids: [String]) async throws(StoreError) -> Int {
        try await changeDeadLetters(ids, by: DeadLetterSQL.discard)
    }

    private func changeDeadLetters(_ ids: [String], by sql: SQLStatement) async throws(StoreError) -> Int {
        try await committer.write { db in
            var count = 0
            for id in ids {
                guard let row = try db.row(DeadLetterLimitSQL.sharesByID, [id]) else { continue }
                try db.run(sql, [id])
                try Self.count(DeadLetterShare(row, sign: -1), in: db)
                count += 1
            }
            return .success(count)
        }
    }
}

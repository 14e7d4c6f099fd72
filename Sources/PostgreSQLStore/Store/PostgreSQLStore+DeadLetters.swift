import AWSCore
import Encoding
package import Store

extension PostgreSQLStore {
    /// Lists the dead letters that match a filter, ordered by last failure.
    package func deadLetters(
        matching filter: DeadLetterFilter, limit: Int, after last: DeadLetter?
    ) async throws(StoreError) -> [DeadLetter] {
        try Limits.check(limit: limit)
        if filter.reason?.utf8.contains(0) == true { return [] }
        let start = filter.start(after: last)
        return try await read(
            DeadLetterSQL.list,
            [
                .integer(start.storedTime), .text(start.id), .integer(filter.failedBefore?.milliseconds ?? .max),
                .text(filter.account?.digits), .text(filter.region?.name), .text(filter.storedChannels),
                .text(filter.reason), .text(filter.source), .integer(limit),
            ], isLong: true
        ) { try $0.rows.map { try DeadLetter($0) } }
    }

    /// Lists the newest dead letters without their payloads.
    package func newestDeadLetters(limit: Int) async throws(StoreError) -> [DeadLetterSummary] {
        try Limits.check(limit: limit)
        return try await read(DeadLetterSQL.newest, [.integer(limit)]) {
            try $0.rows.map { try DeadLetterSummary($0) }
        }
    }

    /// Lists the dead letters without their payloads.
    package func deadLetterSummaries(
        after last: DeadLetterSummary?, limit: Int
    ) async throws(StoreError) -> [DeadLetterSummary] {
        try Limits.check(limit: limit)
        return try await read(
            DeadLetterSQL.summaries,
            [.integer(last?.lastFailedAt.milliseconds ?? .min), .text(last?.id ?? ""), .integer(limit)], isLong: true
        ) { try $0.rows.map { try DeadLetterSummary($0) } }
    }

    /// Returns what the queue knows about a delivery.
    package func deliveryRecord(id: String) async throws(StoreError) -> DeliveryRecord? {
        guard Limits.isDeliveryID(id) else { return nil }
        return try await read(DeadLetterSQL.record, [.text(id)]) { try $0.rows.first.map { try DeliveryRecord($0) } }
    }

    /// Returns the dead letter with an id.
    package func deadLetter(id: String) async throws(StoreError) -> DeadLetter? {
        guard Limits.isDeliveryID(id) else { return nil }
        return try await read(DeadLetterSQL.byID, [.text(id)]) { try $0.rows.first.map { try DeadLetter($0) } }
    }

    /// Returns dead letters to the queue as new deliveries.
    package func requeueDeadLetters(ids: [String]) async throws(StoreError) -> Int {
        let count = try await changeDeadLetters(ids, by: DeadLetterSQL.requeue)
        await notifyWorkers(of: nil)
        return count
    }

    /// Deletes dead letters permanently.
    package func discardDeadLetters(ids: [String]) async throws(StoreError) -> Int {
        try await changeDeadLetters(ids, by: DeadLetterSQL.discard)
    }

    private func changeDeadLetters(_ ids: [String], by sql: SQLStatement) async throws(StoreError) -> Int {
        try checkAccess()
        // Not repeated when the connection is lost: rows that it had already changed would not be counted.
        // PostgreSQL rejects texts with NUL.
        let known = PostgreSQLValue.texts(ids.filter { !$0.utf8.contains(0) })
        return try await use(repeats: false) { connection in
            try await connection.transaction {
                try await PostgreSQLDeadLetterLimits.lock(by: connection)
                let shares = try await connection.run(DeadLetterLimitSQL.sharesByID, [known]).rows
                    .map { try DeadLetterShare($0, sign: -1) }
                let count = try await connection.run(sql, [known]).changeCount
                try await PostgreSQLDeadLetterLimits.count(shares, by: connection)
                return count
            }
        }
    }
}

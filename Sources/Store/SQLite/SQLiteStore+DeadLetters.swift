import AWSCore
import GRDB

/// The statements about dead letters.
enum DeadLetterSQL {
    static let deadLetter = """
        UPDATE delivery SET state = 'dead', ready_at = NULL, lease_owner = NULL, bookmark = NULL, reason = ?1,
            first_failed_at = ifnull(first_failed_at, ?2), last_failed_at = ?2
        WHERE sequence = ?3
        """

    private static let columns = """
        sequence, id, origin, source, received_at, attempts, first_failed_at, last_failed_at, reason, bytes, topic
        """

    static let list = """
        SELECT \(columns) FROM delivery JOIN payload USING (sequence)
        WHERE state = 'dead' AND (last_failed_at, id) > (?1, ?2) AND last_failed_at < ?3
            AND (?4 IS NULL OR substr(origin, 1, 12) = ?4) AND (?5 IS NULL OR substr(origin, 14) = ?5)
            AND (?6 IS NULL OR instr(?6, ' ' || source || ' ') > 0) AND (?7 IS NULL OR instr(lower(reason), lower(?7)) > 0)
        ORDER BY last_failed_at, id LIMIT ?8
        """

    static let newest = """
        SELECT sequence, id, origin, source, received_at, attempts, first_failed_at, last_failed_at, reason, length(bytes)
        FROM delivery JOIN payload USING (sequence)
        WHERE state = 'dead' ORDER BY last_failed_at DESC, id DESC LIMIT ?
        """

    static let byID = "SELECT \(columns) FROM delivery JOIN payload USING (sequence) WHERE id = ? AND state = 'dead'"

    static let requeue = """
        UPDATE delivery SET state = 'pending', ready_at = received_at, attempts = 0, first_failed_at = NULL,
            last_failed_at = NULL, reason = NULL, bookmark = NULL
        WHERE id = ? AND state = 'dead'
        """

    static let discard = "DELETE FROM delivery WHERE id = ? AND state = 'dead'"
}

extension SQLiteStore {
    /// Lists the dead letters that match a filter, ordered by last failure.
    public func deadLetters(
        matching filter: DeadLetterFilter, limit: Int, after last: DeadLetter?
    ) async throws(StoreError) -> [DeadLetter] {
        try Limits.check(limit: limit)
        if filter.reason?.utf8.contains(0) == true { return [] }
        let start = filter.start(after: last)
        return try await read { db in
            let rows = try Row.fetchAll(
                db.cachedStatement(sql: DeadLetterSQL.list),
                arguments: [
                    start.time, start.id, filter.failedBefore ?? .max, filter.account?.digits, filter.region?.name,
                    filter.storedChannels, filter.reason, limit,
                ])
            return try rows.map { try DeadLetter($0) }
        }
    }

    /// Lists the newest dead letters without their payloads.
    public func newestDeadLetters(limit: Int) async throws(StoreError) -> [DeadLetterSummary] {
        try Limits.check(limit: limit)
        return try await read { db in
            try Row.fetchAll(db.cachedStatement(sql: DeadLetterSQL.newest), arguments: [limit])
                .map { try DeadLetterSummary($0) }
        }
    }

    /// Returns the dead letter with an id.
    public func deadLetter(id: String) async throws(StoreError) -> DeadLetter? {
        guard Limits.isDeliveryID(id) else { return nil }
        return try await read { db in
            try Row.fetchOne(db.cachedStatement(sql: DeadLetterSQL.byID), arguments: [id]).map { try DeadLetter($0) }
        }
    }

    /// Returns dead letters to the queue as new deliveries.
    public func requeueDeadLetters(ids: [String]) async throws(StoreError) -> Int {
        let count = try await changeDeadLetters(ids, by: DeadLetterSQL.requeue)
        signal.notify()
        return count
    }

    /// Deletes dead letters permanently.
    public func discardDeadLetters(ids: [String]) async throws(StoreError) -> Int {
        try await changeDeadLetters(ids, by: DeadLetterSQL.discard)
    }

    private func changeDeadLetters(_ ids: [String], by sql: String) async throws(StoreError) -> Int {
        try await committer.write { db in
            var count = 0
            // SQLite's C interface ends a text at NUL: such an id could name another row.
            for id in ids where !id.utf8.contains(0) {
                let statement = try db.cachedStatement(sql: DeadLetterLimitSQL.loadByID)
                guard let row = try Row.fetchOne(statement, arguments: [id]) else { continue }
                try db.cachedStatement(sql: sql).execute(arguments: [id])
                try Self.count(DeadLetterShare(row, sign: -1), in: db)
                count += 1
            }
            return .success(count)
        }
    }
}

import GRDB

/// The statements that keep dead letters within their limits.
enum DeadLetterLimitSQL {
    private static let size = "length(bytes) + ifnull(length(CAST(reason AS BLOB)), 0)"

    private static let load = "SELECT source, topic, 1, \(size) FROM delivery JOIN payload USING (sequence)"
    static let loadBySequence = load + " WHERE sequence = ?"
    static let loadByID = load + " WHERE id = ? AND state = 'dead'"

    static let loads = "SELECT source, count, bytes, dropped FROM dead_letter_load"

    static let addToShare = """
        INSERT INTO dead_letter_share (source, topic, count, bytes) VALUES (?, ?, ?, ?)
        ON CONFLICT (source, topic) DO UPDATE SET
            count = dead_letter_share.count + excluded.count, bytes = dead_letter_share.bytes + excluded.bytes
        """

    static let removeEmptyShare = "DELETE FROM dead_letter_share WHERE source = ? AND topic = ? AND count <= 0"

    static let addToLoad = """
        INSERT INTO dead_letter_load (source, count, bytes, dropped) VALUES (?, ?, ?, ?)
        ON CONFLICT (source) DO UPDATE SET
            count = dead_letter_load.count + excluded.count, bytes = dead_letter_load.bytes + excluded.bytes,
            dropped = dead_letter_load.dropped + excluded.dropped
        """

    private static let largest = "SELECT source, topic, count, bytes FROM dead_letter_share WHERE source = ? ORDER BY "
    static let largestByCount = largest + "count DESC LIMIT 2"
    static let largestByBytes = largest + "bytes DESC LIMIT 2"

    static func largest(by cause: DroppedDeadLetters.Cause) -> String {
        cause == .bytes ? largestByBytes : largestByCount
    }

    /// Channel, topic, 1, size and queue position of the oldest dead letters of a topic.
    static let oldest = """
        SELECT source, topic, 1, \(size), sequence FROM delivery JOIN payload USING (sequence)
        WHERE state = 'dead' AND source = ? AND topic = ? ORDER BY last_failed_at, sequence LIMIT ?
        """

    static let expired = """
        SELECT source, topic, 1, \(size), sequence FROM delivery JOIN payload USING (sequence)
        WHERE state = 'dead' AND last_failed_at < ? ORDER BY last_failed_at, id LIMIT ?
        """

    static let drop = "DELETE FROM delivery WHERE sequence = ? AND state = 'dead'"

    static let oldestFailure = "SELECT MIN(last_failed_at) FROM delivery WHERE state = 'dead'"

    /// A row for each topic whose counters are wrong.
    static let differences = """
        SELECT 0, source || ' ' || topic FROM (
            SELECT source, topic, count, bytes FROM dead_letter_share
            UNION ALL SELECT source, topic, -COUNT(*), -SUM(\(size))
            FROM delivery JOIN payload USING (sequence) WHERE state = 'dead' GROUP BY source, topic) AS figure
        GROUP BY source, topic HAVING SUM(count) <> 0 OR SUM(bytes) <> 0
        """

    static let loadDifferences = """
        SELECT 0, source FROM (
            SELECT source, count, bytes FROM dead_letter_load
            UNION ALL SELECT source, -count, -bytes FROM dead_letter_share) AS figure
        GROUP BY source HAVING SUM(count) <> 0 OR SUM(bytes) <> 0
        """
}

extension SQLiteStore {
    /// The maximum number of dead letters that one transaction drops.
    static let dropLimit = 1000

    /// Dead-letters a delivery, and drops dead letters beyond the limits.
    public func deadLetter(
        _ lease: Lease, reason: String, now: Int64, within limits: DeadLetterLimits
    ) async throws(StoreError) -> DroppedDeadLetters {
        let reason = Limits.trimmed(reason: reason)
        var drop = try await write(under: lease) { db in
            try db.cachedStatement(sql: DeadLetterSQL.deadLetter).execute(arguments: [reason, now, lease.sequence])
            let statement = try db.cachedStatement(sql: DeadLetterLimitSQL.loadBySequence)
            guard let row = try Row.fetchOne(statement, arguments: [lease.sequence]) else {
                throw StoreError.unreadableRow
            }
            try Self.count(DeadLetterShare(row), in: db)
            return try Self.drop(beyond: limits, in: db)
        }
        // The delivery is dead-lettered already, even if dropping the others fails.
        while !drop.isDone, let more = try? await committer.write({ .success(try Self.drop(beyond: limits, in: $0)) }) {
            drop.add(more)
        }
        return drop.dropped
    }

    /// Drops expired dead letters, and those beyond the limits.
    public func trimDeadLetters(
        to limits: DeadLetterLimits, failedBefore time: Int64
    ) async throws(StoreError) -> DroppedDeadLetters {
        var drop = DeadLetterDrop(isDone: false)
        while !drop.isDone {
            drop.add(
                try await committer.write { db in
                    var drop = try Self.dropExpired(before: time, in: db)
                    if drop.isDone { drop.add(try Self.drop(beyond: limits, in: db)) }
                    return .success(drop)
                })
        }
        return drop.dropped
    }

    /// Returns the number and size of the dead letters.
    public func deadLetterUsage() async throws(StoreError) -> DeadLetterUsage {
        try await read { db in
            var usage = try Self.usage(db)
            usage.oldestFailedAt = try Row.fetchOne(db.cachedStatement(sql: DeadLetterLimitSQL.oldestFailure))?
                .optional(0)
            return usage
        }
    }

    /// Applies a change to the counters.
    static func count(_ change: DeadLetterShare, in db: Database) throws {
        let load = change.load
        try db.cachedStatement(sql: DeadLetterLimitSQL.addToShare).execute(arguments: [
            change.channel, change.topic, load.count, load.bytes,
        ])
        if load.count < 0 {
            try db.cachedStatement(sql: DeadLetterLimitSQL.removeEmptyShare).execute(arguments: [
                change.channel, change.topic,
            ])
        }
        try db.cachedStatement(sql: DeadLetterLimitSQL.addToLoad).execute(arguments: [
            change.channel, load.count, load.bytes, change.dropped,
        ])
    }

    private static func usage(_ db: Database) throws -> DeadLetterUsage {
        try DeadLetterUsage(loads: Row.fetchAll(db.cachedStatement(sql: DeadLetterLimitSQL.loads)))
    }

    /// Drops the oldest dead letters of the largest topics until the rest is within the limits.
    private static func drop(beyond limits: DeadLetterLimits, in db: Database) throws -> DeadLetterDrop {
        var drop = DeadLetterDrop()
        var left = dropLimit
        while let excess = try usage(db).excess(over: limits) {
            guard left > 0 else {
                drop.isDone = false
                break
            }
            let statement = try db.cachedStatement(sql: DeadLetterLimitSQL.largest(by: excess.cause))
            let shares = try excess.channels.flatMap { channel in
                try Row.fetchAll(statement, arguments: [channel.rawValue]).map { try DeadLetterShare($0) }
            }
            guard let portion = excess.portion(of: shares, atMost: left) else { break }
            let oldest = try letters(
                DeadLetterLimitSQL.oldest, [portion.share.channel, portion.share.topic, portion.rows], in: db)
            let count = portion.count(of: oldest.map(\.share))
            // The counters are wrong if there are no such dead letters; `queue verify` reports it.
            guard count > 0 else { break }
            try self.drop(Array(oldest.prefix(count)), in: db)
            drop.dropped.add(count, for: excess.cause, of: portion.share.topic)
            left -= count
        }
        return drop
    }

    private static func dropExpired(before time: Int64, in db: Database) throws -> DeadLetterDrop {
        let expired = try letters(DeadLetterLimitSQL.expired, [time, dropLimit], in: db)
        try drop(expired, in: db)
        var drop = DeadLetterDrop(isDone: expired.count < dropLimit)
        drop.dropped.add(expired.count, for: .age, of: expired.last?.share.topic ?? "")
        return drop
    }

    private static func letters(
        _ sql: String, _ arguments: StatementArguments, in db: Database
    ) throws -> [(share: DeadLetterShare, sequence: Int64)] {
        try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments)
            .map { (try DeadLetterShare($0), try $0.required(4)) }
    }

    private static func drop(_ letters: [(share: DeadLetterShare, sequence: Int64)], in db: Database) throws {
        for letter in letters {
            try db.cachedStatement(sql: DeadLetterLimitSQL.drop).execute(arguments: [letter.sequence])
        }
        for change in DeadLetterShare.dropping(letters.map(\.share)) { try count(change, in: db) }
    }
}

package import Encoding
import GRDB
package import Store

extension SQLiteStore {
    /// Dead-letters deliveries, and drops dead letters beyond the limits.
    package func deadLetter(
        _ failures: [PermanentFailure], now: Timestamp, within limits: DeadLetterLimits
    ) async throws(StoreError) -> DeadLetterResult {
        guard !failures.isEmpty else { return DeadLetterResult(held: [], dropped: DroppedDeadLetters()) }
        var (held, drop) = try await committer.write { db in
            let held = try failures.map { try Self.deadLetter($0, now: now, in: db) }
            return .success((held, try Self.drop(beyond: limits, in: db)))
        }
        // The deliveries are dead-lettered already, even if dropping the others fails.
        while !drop.isDone, let more = try? await committer.write({ .success(try Self.drop(beyond: limits, in: $0)) }) {
            drop.add(more)
        }
        return DeadLetterResult(held: held, dropped: drop.dropped)
    }

    /// Dead-letters a delivery, and counts the dead letter.
    ///
    /// - Returns: whether the lease was held.
    private static func deadLetter(_ failure: PermanentFailure, now: Timestamp, in db: Database) throws -> Bool {
        let lease = failure.lease
        guard try isHeld(lease, in: db) else { return false }
        try db.run(
            SQLiteQueueSQL.deadLetter, [Limits.trimmed(reason: failure.reason), now.milliseconds, lease.sequence])
        guard let row = try db.row(DeadLetterLimitSQL.sharesBySequence, [lease.sequence]) else {
            throw StoreError.unreadableRow
        }
        try count(DeadLetterShare(row), in: db)
        return true
    }

    /// Drops expired dead letters, and those beyond the limits.
    package func trimDeadLetters(
        to limits: DeadLetterLimits, failedBefore time: Timestamp
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
    package func deadLetterUsage() async throws(StoreError) -> DeadLetterUsage {
        try await read { db in
            var usage = try Self.usage(db)
            usage.oldestFailedAt = try db.row(DeadLetterLimitSQL.oldestFailure)?
                .optionalTimestamp("oldest")
            return usage
        }
    }

    /// Applies a change to the counters.
    static func count(_ change: DeadLetterShare, in db: Database) throws {
        let load = change.load
        try db.run(
            DeadLetterLimitSQL.addToShare,
            [
                change.channel, change.name, load.count, load.bytes,
            ])
        if load.count < 0 {
            try db.run(
                DeadLetterLimitSQL.removeEmptyShare,
                [
                    change.channel, change.name,
                ])
        }
        try db.run(
            DeadLetterLimitSQL.addToLoad,
            [
                change.channel, load.count, load.bytes, change.dropped,
            ])
    }

    private static func usage(_ db: Database) throws -> DeadLetterUsage {
        try DeadLetterUsage(loads: db.rows(DeadLetterLimitSQL.loads))
    }

    /// Drops the oldest dead letters of the largest shares until the rest is within the limits.
    private static func drop(beyond limits: DeadLetterLimits, in db: Database) throws -> DeadLetterDrop {
        var drop = DeadLetterDrop()
        var left = Limits.deletion
        while let excess = try usage(db).excess(over: limits) {
            guard left > 0 else {
                drop.isDone = false
                break
            }
            let largest = try PreparedStatement(DeadLetterLimitSQL.largest(by: excess.cause).sqlite, in: db)
            let shares = try excess.channels.flatMap { channel in
                try largest.rows([channel.rawValue]).map { try DeadLetterShare($0) }
            }
            guard let portion = excess.portion(of: shares, atMost: left) else { break }
            let oldest = try letters(
                DeadLetterLimitSQL.oldest, [portion.share.channel, portion.share.name, portion.rows], in: db)
            let count = portion.count(of: oldest.map(\.share))
            // The counters are wrong if there are no such dead letters; `queue verify` reports it.
            guard count > 0 else { break }
            try self.drop(Array(oldest.prefix(count)), in: db)
            drop.dropped.add(count, for: excess.cause, of: portion.share.name)
            left -= count
        }
        return drop
    }

    private static func dropExpired(before time: Timestamp, in db: Database) throws -> DeadLetterDrop {
        let expired = try letters(DeadLetterLimitSQL.expired, [time.milliseconds, Limits.deletion], in: db)
        try drop(expired, in: db)
        var drop = DeadLetterDrop(isDone: expired.count < Limits.deletion)
        drop.dropped.add(expired.count, for: .age, of: expired.last?.share.name ?? "")
        return drop
    }

    private static func letters(
        _ sql: SQLStatement, _ arguments: SQLiteArguments, in db: Database
    ) throws -> [(share: DeadLetterShare, sequence: Int64)] {
        try db.rows(sql, arguments)
            .map { (try DeadLetterShare($0), try $0.integer("sequence")) }
    }

    private static func drop(_ letters: [(share: DeadLetterShare, sequence: Int64)], in db: Database) throws {
        for letter in letters {
            try db.run(DeadLetterLimitSQL.drop, [letter.sequence])
        }
        for change in DeadLetterShare.dropping(letters.map(\.share)) { try count(change, in: db) }
    }
}

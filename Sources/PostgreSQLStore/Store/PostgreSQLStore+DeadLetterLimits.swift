package import Encoding
package import Store

/// Keeps dead letters within their limits.
///
/// A transaction that changes the number of dead letters first locks the rows of `dead_letter_load`, so that the
/// counters are correct and transactions do not deadlock. Deliveries that are still leased are locked before, each by
/// the only replica that processes it.
enum PostgreSQLDeadLetterLimits {
    private static let size = "(octet_length(payload) + coalesce(octet_length(reason), 0))::bigint"

    static let lock = "\(DeadLetterLimitSQL.loads.postgreSQL) ORDER BY source FOR UPDATE"
    static let leased = "SELECT sequence FROM delivery WHERE sequence = ANY ($1) AND state = 'leased' FOR UPDATE"

    static let clearShares = "DELETE FROM dead_letter_share"
    static let recountShares = """
        INSERT INTO dead_letter_share (source, topic, count, bytes)
        SELECT source, topic, count(*), coalesce(sum(\(size)), 0) FROM delivery WHERE state = 'dead'
        GROUP BY source, topic
        """
    static let recountLoads = """
        UPDATE dead_letter_load SET (count, bytes) = (
            SELECT coalesce(sum(share.count), 0), coalesce(sum(share.bytes), 0) FROM dead_letter_share AS share
            WHERE share.source = dead_letter_load.source)
        """

    /// Prevents other transactions from changing dead letters until this one ends.
    @discardableResult
    static func lock(by connection: PostgreSQLConnection) async throws -> DeadLetterUsage {
        try DeadLetterUsage(loads: await connection.run(lock).rows)
    }

    /// The given deliveries that are leased.
    static func leased(of sequences: [Int64], by connection: PostgreSQLConnection) async throws -> [Int64] {
        try await connection.run(leased, [.integers(sequences)]).rows.map { try $0.integer("sequence") }
    }

    /// Adds new dead letters to the counters.
    static func count(new sequences: [Int64], by connection: PostgreSQLConnection) async throws {
        try await lock(by: connection)
        try await count(
            connection.run(DeadLetterLimitSQL.sharesBySequence, [.integers(sequences)]).rows.map {
                try DeadLetterShare($0)
            }, by: connection)
    }

    /// Applies changes to the counters.
    static func count(_ changes: [DeadLetterShare], by connection: PostgreSQLConnection) async throws {
        guard !changes.isEmpty else { return }
        let names: [PostgreSQLValue] = [.texts(changes.map(\.channel)), .texts(changes.map(\.name))]
        _ = try await connection.run(
            DeadLetterLimitSQL.addToShare,
            names + [.integers(changes.map { Int64($0.load.count) }), .integers(changes.map { Int64($0.load.bytes) })])
        if changes.contains(where: { $0.load.count < 0 }) {
            _ = try await connection.run(DeadLetterLimitSQL.removeEmptyShare, names)
        }
        let channels = Dictionary(grouping: changes, by: \.channel).sorted { $0.key < $1.key }
        func sums(_ value: (DeadLetterShare) -> Int) -> PostgreSQLValue {
            .integers(channels.map { Int64($0.value.reduce(0) { $0 + value($1) }) })
        }
        _ = try await connection.run(
            DeadLetterLimitSQL.addToLoad,
            [.texts(channels.map(\.key)), sums(\.load.count), sums(\.load.bytes), sums(\.dropped)])
    }

    /// Drops the oldest dead letters of the largest shares until the rest is within the limits. Must be called in a
    /// transaction.
    static func drop(beyond limits: DeadLetterLimits, by connection: PostgreSQLConnection) async throws
        -> DeadLetterDrop
    {
        var drop = DeadLetterDrop()
        var left = Limits.deletion
        while let excess = try await lock(by: connection).excess(over: limits) {
            guard left > 0 else {
                drop.isDone = false
                break
            }
            var shares: [DeadLetterShare] = []
            for channel in excess.channels {
                let sql = DeadLetterLimitSQL.largest(by: excess.cause)
                shares += try await connection.run(sql, [.text(channel.rawValue)]).rows.map { try DeadLetterShare($0) }
            }
            guard let portion = excess.portion(of: shares, atMost: left) else { break }
            let letters = try await letters(
                DeadLetterLimitSQL.oldest,
                [.text(portion.share.channel), .text(portion.share.name), .integer(portion.rows)], connection)
            let count = portion.count(of: letters.map(\.share))
            // The counters are wrong if there are no such dead letters; the next maintenance corrects them.
            guard count > 0 else { break }
            try await self.drop(Array(letters.prefix(count)), by: connection)
            drop.dropped.add(count, for: excess.cause, of: portion.share.name)
            left -= count
        }
        return drop
    }

    /// Drops expired dead letters. Must be called in a transaction.
    static func dropExpired(before time: Timestamp, by connection: PostgreSQLConnection) async throws -> DeadLetterDrop
    {
        try await lock(by: connection)
        let limit = Limits.deletion
        let letters = try await letters(DeadLetterLimitSQL.expired, [.time(time), .integer(limit)], connection)
        try await drop(letters, by: connection)
        var drop = DeadLetterDrop(isDone: letters.count < limit)
        drop.dropped.add(letters.count, for: .age, of: letters.last?.share.name ?? "")
        return drop
    }

    /// Recomputes the counters if they are wrong, for example after a replica of an earlier version, which does not
    /// maintain them.
    static func correct(by connection: PostgreSQLConnection) async throws {
        try await lock(by: connection)
        let shares = try await connection.run(DeadLetterLimitSQL.differences).rows
        let loads = try await connection.run(DeadLetterLimitSQL.loadDifferences).rows
        guard !shares.isEmpty || !loads.isEmpty else { return }
        _ = try await connection.run(clearShares)
        _ = try await connection.run(recountShares)
        _ = try await connection.run(recountLoads)
    }

    private static func letters(
        _ sql: SQLStatement, _ values: [PostgreSQLValue], _ connection: PostgreSQLConnection
    ) async throws -> [(share: DeadLetterShare, sequence: Int64)] {
        try await connection.run(sql, values).rows.map { (try DeadLetterShare($0), try $0.integer("sequence")) }
    }

    private static func drop(
        _ letters: [(share: DeadLetterShare, sequence: Int64)], by connection: PostgreSQLConnection
    ) async throws {
        guard !letters.isEmpty else { return }
        _ = try await connection.run(DeadLetterLimitSQL.drop, [.integers(letters.map(\.sequence))])
        try await count(DeadLetterShare.dropping(letters.map(\.share)), by: connection)
    }
}

extension PostgreSQLStore {
    /// Drops expired dead letters, and those beyond the limits.
    package func trimDeadLetters(
        to limits: DeadLetterLimits, failedBefore time: Timestamp
    ) async throws(StoreError) -> DroppedDeadLetters {
        try await transact { try await PostgreSQLDeadLetterLimits.correct(by: $0) }
        var drop = DeadLetterDrop(isDone: false)
        while !drop.isDone {
            drop.add(try await transact { try await PostgreSQLDeadLetterLimits.dropExpired(before: time, by: $0) })
        }
        drop.dropped.add(try await self.drop(beyond: limits))
        return drop.dropped
    }

    /// Drops dead letters beyond the limits.
    func drop(beyond limits: DeadLetterLimits) async throws(StoreError) -> DroppedDeadLetters {
        var drop = DeadLetterDrop(isDone: false)
        while !drop.isDone {
            drop.add(try await transact { try await PostgreSQLDeadLetterLimits.drop(beyond: limits, by: $0) })
        }
        return drop.dropped
    }

    /// Returns the number and size of the dead letters.
    package func deadLetterUsage() async throws(StoreError) -> DeadLetterUsage {
        try await use(repeats: true) { connection in
            var usage = try DeadLetterUsage(loads: await connection.run(DeadLetterLimitSQL.loads).rows)
            let oldest = try await connection.run(DeadLetterLimitSQL.oldestFailure)
            usage.oldestFailedAt = try oldest.rows.first?.optionalTimestamp("oldest")
            return usage
        }
    }
}

import Encoding
import Store

/// The end or the extension of a lease, which shares a statement with others.
struct LeaseUpdate: Sendable {
    /// The new state of the delivery.
    enum Kind: String, Sendable {
        case pending, leased, completed, dead
    }

    let lease: Lease
    let kind: Kind
    /// When it can be leased; nil if never, or from its receipt on.
    var readyAt: Timestamp?
    /// Whether the attempt counts.
    var counts = true
    var failedAt: Timestamp?
    var reason: String?
    var completedAt: Timestamp?
    /// The limits of dead letters.
    var limits: DeadLetterLimits?
}

/// The result of one caller's updates of leases.
struct LeaseResult: Sendable {
    /// Whether each lease was held, in order.
    var held: [Bool]
    /// The dead letters that were dropped because of new ones.
    var drop = DeadLetterDrop()
}

/// Writes that combine the requests of many callers.
enum QueueWrites {
    /// The maximum size of the payloads in one statement, in bytes.
    private static let payloadLimit = 8 << 20

    /// Changes deliveries that are leased by these leases. If it runs again because its connection was lost, it finds
    /// the rows that it has changed already by their lease number, and changes them again.
    static let finish = """
        UPDATE delivery SET
            state = ending.state, ready_at = CASE
                WHEN ending.state = 'leased' THEN ending.ready_at
                WHEN ending.state = 'pending' THEN coalesce(ending.ready_at, delivery.received_at) END,
            attempts = delivery.attempts
                - CASE WHEN delivery.state = 'leased' AND NOT ending.counts THEN 1 ELSE 0 END,
            lease_owner = CASE WHEN ending.state = 'leased' THEN delivery.lease_owner END,
            reason = coalesce(ending.reason, delivery.reason),
            first_failed_at = coalesce(delivery.first_failed_at, ending.failed_at),
            last_failed_at = coalesce(ending.failed_at, delivery.last_failed_at),
            completed_at = ending.completed_at,
            bookmark = CASE WHEN ending.state NOT IN ('completed', 'dead') THEN delivery.bookmark END,
            topic = CASE WHEN ending.state <> 'completed' THEN delivery.topic ELSE '' END,
            payload = CASE WHEN ending.state <> 'completed' THEN delivery.payload END
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
            AS ending (sequence, number, id, state, ready_at, counts, failed_at, reason, completed_at)
        WHERE delivery.sequence = ending.sequence AND delivery.lease_number = ending.number
            AND delivery.id = ending.id AND (delivery.state = 'leased' OR ($10 AND delivery.state = ending.state))
        RETURNING delivery.sequence, delivery.lease_number
        """

    /// The maximum number of deliveries in one statement, unless one caller adds more.
    private static let rowLimit = 1000

    /// The number of callers whose deliveries fit into one statement.
    static func split(_ groups: [[Delivery]]) -> Int {
        var (length, rows) = (0, 0)
        let end = groups.firstIndex { deliveries in
            length += deliveries.reduce(0) { $0 + $1.payload.count }
            rows += deliveries.count
            return length > payloadLimit || rows > rowLimit
        }
        return max(end ?? groups.count, 1)
    }

    /// Adds the deliveries of several callers to the queue with one statement.
    ///
    /// - Parameter time: the time limit.
    static func append(
        _ groups: [[Delivery]], by pool: ConnectionPool, within time: Duration
    ) async -> GroupCommit<[Delivery], [AppendResult]>.Outcome {
        let deliveries = groups.flatMap(\.self)
        let numbered = Dictionary(deliveries.enumerated().map { ($1.id, $0) }) { first, _ in first }
        // Ordered by id, so that two replicas that add the same deliveries do not deadlock.
        let news = numbered.sorted { $0.key < $1.key }.map { deliveries[$0.value] }
        let values: [PostgreSQLValue] = [
            .texts(news.map(\.id)), .texts(news.map(\.lane.stored)), .texts(news.map(\.channel.rawValue)),
            .times(news.map(\.receivedAt)), .byteStrings(news.map(\.payload)),
            .texts(news.map(\.share)),
        ]
        do throws(StoreError) {
            let stored = try await pool.use(within: time, repeats: true) { connection, _ in
                try Set(await connection.run(QueueSQL.append, values).rows.map { try $0.text("id") })
            }
            var outcomes = deliveries.enumerated().map { index, delivery -> AppendResult in
                numbered[delivery.id] == index && stored.contains(delivery.id) ? .stored : .duplicate
            }[...]
            return .success(
                groups.map { group in
                    defer { outcomes.removeFirst(group.count) }
                    return .success(Array(outcomes.prefix(group.count)))
                })
        } catch {
            return .failure(error)
        }
    }

    /// The number of callers whose updates fit into one statement and concern different deliveries.
    static func split(_ groups: [[LeaseUpdate]]) -> Int {
        var seen: Set<Int64> = []
        let end = groups.firstIndex { updates in
            let sequences = Set(updates.map(\.lease.sequence))
            guard seen.isDisjoint(with: sequences) else { return true }
            seen.formUnion(sequences)
            return seen.count > rowLimit
        }
        return max(end ?? groups.count, 1)
    }

    /// Ends or extends the leases of several callers, and drops dead letters beyond the limits. The first new dead
    /// letter reports what was dropped.
    static func finish(
        _ groups: [[LeaseUpdate]], by pool: ConnectionPool
    ) async -> GroupCommit<[LeaseUpdate], LeaseResult>.Outcome {
        let updates = groups.flatMap(\.self)
        let limits = updates.last { $0.kind == .dead }?.limits
        do throws(StoreError) {
            let (finished, drop) = try await pool.use(
                within: PostgreSQLStore.workTimeout, repeats: true
            ) { connection, losses in
                guard let limits else {
                    return (try await finish(updates, isRepeated: losses > 0, by: connection), DeadLetterDrop())
                }
                return try await connection.transaction {
                    (
                        try await finish(updates, isRepeated: losses > 0, by: connection),
                        try await PostgreSQLDeadLetterLimits.drop(beyond: limits, by: connection)
                    )
                }
            }
            var unreported: DeadLetterDrop? = drop
            return .success(
                groups.map { updates in
                    var result = LeaseResult(held: updates.map { finished[$0.lease.sequence] == $0.lease.number })
                    let hasNew = zip(updates, result.held).contains { $0.kind == .dead && $1 }
                    if hasNew { result.drop = unreported.take() ?? DeadLetterDrop() }
                    return .success(result)
                })
        } catch {
            return .failure(error)
        }
    }

    /// Ends or extends leases, and returns the valid ones: the numbers of the leases by the deliveries' positions.
    ///
    /// - Parameter isRepeated: whether the statement may have run before, on a connection that was lost.
    static func finish(
        _ updates: [LeaseUpdate], isRepeated: Bool, by connection: PostgreSQLConnection
    ) async throws -> [Int64: Int64] {
        let dead = updates.filter { $0.kind == .dead }.map(\.lease.sequence)
        let leased = dead.isEmpty ? [] : try await PostgreSQLDeadLetterLimits.leased(of: dead, by: connection)
        let rows = try await connection.run(
            finish,
            [
                .integers(updates.map(\.lease.sequence)), .integers(updates.map(\.lease.number)),
                .texts(updates.map(\.lease.deliveryID)), .texts(updates.map(\.kind.rawValue)),
                .times(updates.map(\.readyAt)), .flags(updates.map(\.counts)), .times(updates.map(\.failedAt)),
                .texts(updates.map(\.reason)), .times(updates.map(\.completedAt)), .flag(isRepeated),
            ])
        let held = try rows.rows.map { (try $0.integer("sequence"), try $0.integer("lease_number")) }
        let finished = Dictionary(held) { first, _ in first }
        // Changes made on a lost connection have been counted already.
        let new = leased.filter { finished[$0] != nil }
        if !new.isEmpty { try await PostgreSQLDeadLetterLimits.count(new: new, by: connection) }
        return finished
    }
}

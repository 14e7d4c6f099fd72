import AWSCore
package import Encoding
package import Store
import Synchronization

extension PostgreSQLStore {
    /// A request to lease deliveries. Times are the database's.
    private struct Request: Sendable {
        let limit: Int
        let end: Timestamp
        let owner: String
        let now: Timestamp
        let excluded: Set<String>
        /// Lanes with times beyond the maximum wait.
        let beyond: Set<String>
        let pauses: [Pause]
        let mark: WorkMark
        let batch: LeaseRegistry.Batch
    }

    /// Leases ready deliveries of this replica's partitions, in turn.
    ///
    /// Acquires partitions without a live owner, up to this replica's share, and ends their leases.
    package func lease(
        limit: Int, for duration: Duration, owner: String, now: Timestamp, excluding excluded: Set<DeliveryLane>
    ) async throws(StoreError) -> LeaseBatch {
        try Limits.check(limit: limit)
        try Limits.check(owner: owner)
        try checkAccess()
        let end = clock.database(try Limits.leaseEnd(duration, after: now))
        let now = clock.database(now)
        let excluded = Set(excluded.map(\.stored))
        let mark = signal.mark(excluding: excluded)
        let mayLease = try await whileOpen { () throws(StoreError) in try await coordinator.joinWorkers(name: owner) }
        guard mayLease else {
            return LeaseBatch(deliveries: [], nextReadyAt: clock.local(now), mark: mark, pauses: [])
        }
        return try await use(repeats: false) { connection in
            let (partitions, replicas) = try await PartitionSQL.fetch(connection, now: now)
            let pauses = try await connection.run(PauseSQL.list).rows.map { try Pause($0) }
            let skipped = excluded.union(
                partitions.map(\.lane).filter { lane in
                    pauses.contains { $0.applies(toStored: lane) }
                })
            let request = Request(
                limit: limit, end: end, owner: owner, now: now, excluded: skipped,
                beyond: Set(partitions.filter(\.exceedsMaximumWait).map(\.lane)), pauses: pauses, mark: mark,
                batch: leases.begin())
            let assignment = await coordinator.assignment(partitions, of: replicas, excluding: skipped, now: now)
            // Leases without a worker are not ready, but may be all that there is.
            let isDoubtful = !leases.doubtful(among: assignment.candidates(excluding: skipped)).isEmpty
            guard isDoubtful || assignment.nextReadyAt.map({ $0 <= now }) == true else {
                return LeaseBatch(
                    deliveries: [], nextReadyAt: assignment.nextReadyAt.map(clock.local), mark: mark, pauses: pauses)
            }
            return try await lease(request, assignment, by: connection)
        }
    }

    /// Leases in a transaction. A failed one may have been committed; its leases are then recognized because they are
    /// not registered.
    private func lease(
        _ request: Request, _ assignment: PartitionAssignment, by connection: PostgreSQLConnection
    ) async throws -> LeaseBatch {
        let lanes = assignment.candidates(excluding: request.excluded)
        let doubtful = leases.doubtful(among: lanes)
        do {
            let (batch, held) = try await timed {
                try await connection.transaction {
                    try await lease(request, assignment, lanes, doubtful: Set(doubtful.keys), by: connection)
                }
            }
            // No lease was ended in partitions that another transaction had locked.
            leases.clear(doubtful.filter { held.contains($0.key) })
            return batch
        } catch {
            leases.abandon(request.batch, of: lanes)
            throw error
        }
    }

    private func lease(
        _ request: Request, _ assignment: PartitionAssignment, _ lanes: [String], doubtful: Set<String>,
        by connection: PostgreSQLConnection
    ) async throws -> (batch: LeaseBatch, held: [String]) {
        var (held, acquired, ended) = try await lockPartitions(
            lanes, acquiring: assignment.toAcquire, by: connection)
        if !doubtful.isDisjoint(with: held) {
            ended += try await connection.run(
                PartitionSQL.endLeasesButThese,
                [.texts(held.filter { doubtful.contains($0) }), .integers(leases.sequences)]
            ).changeCount
        }
        // Only in owned partitions: the clocks of other owners may differ.
        let beyond = held.filter(request.beyond.contains)
        if !beyond.isEmpty {
            _ = try await connection.run(
                QueueSQL.clampTimes,
                [
                    .texts(beyond), .time(request.now), .time(request.end),
                    .time(QueueTime.latest(after: request.now)),
                ])
        }
        let (deliveries, expired) = try await lease(request, of: held, by: connection)
        leases.add(deliveries.map(\.lease), in: request.batch)
        try await recordActivity(on: Set(deliveries.map(\.delivery.lane.stored)), by: connection)
        let next = try await connection.run(LeaseSQL.next, [.texts(held)]).rows.first?.optionalTimestamp(
            "next_ready_at")
        let batch = LeaseBatch(
            deliveries: deliveries,
            nextReadyAt: [next, assignment.laterReadyAt].compactMap(\.self).min().map(clock.local), mark: request.mark,
            pauses: request.pauses, acquired: Set(acquired.compactMap { DeliveryLane(stored: $0) }),
            expired: ended + expired
        )
        return (batch, held)
    }

    /// Records at intervals that partitions are processed, for ``SharingStatus/stalls``.
    private func recordActivity(on lanes: Set<String>, by connection: PostgreSQLConnection) async throws {
        let due = recordedActivity.withLock { noted in
            let due = lanes.filter { lane in
                noted[lane].map { .now - $0 > Self.activityInterval } ?? true
            }
            for lane in due { noted[lane] = .now }
            return due
        }
        if !due.isEmpty { _ = try await connection.run(PartitionSQL.recordActivity, [.texts(due)]) }
    }

    private static let activityInterval = Duration.seconds(10)

    /// Locks partitions until the transaction ends, and acquires those without a live owner.
    ///
    /// - Returns: the partitions that this replica owns, sorted; those that it acquired; and the number of leases that
    ///   ended by that.
    private func lockPartitions(
        _ lanes: [String], acquiring toAcquire: [String], by connection: PostgreSQLConnection
    ) async throws -> (held: [String], acquired: [String], ended: Int) {
        if !toAcquire.isEmpty { _ = try await connection.run(PartitionSQL.add, [.texts(toAcquire)]) }
        let locked = try await connection.run(PartitionSQL.lock, [.texts(lanes), .text(replica)]).rows
            .map { (lane: try $0.text("origin"), owner: try $0.optionalText("replica")) }
        let own = locked.filter { $0.owner == replica }.map(\.lane)
        let rest = locked.filter { $0.owner != replica }.map(\.lane)
        guard !rest.isEmpty else { return (own.sorted(), [], 0) }
        let acquired = try await connection.run(PartitionSQL.acquire, [.texts(rest), .text(replica)]).rows
            .map { try $0.text("origin") }
        let ended =
            acquired.isEmpty ? 0 : try await connection.run(PartitionSQL.endLeases, [.texts(acquired)]).changeCount
        return ((own + acquired).sorted(), acquired, ended)
    }

    private func lease(
        _ request: Request, of lanes: [String], by connection: PostgreSQLConnection
    ) async throws -> ([LeasedDelivery], expired: Int) {
        let counts = try await connection.run(
            LeaseSQL.count, [.texts(lanes), .time(request.now), .integer(request.limit)])
        var left = Dictionary(
            uniqueKeysWithValues: try counts.rows.map { (try $0.text("origin"), try $0.count("ready")) })
        let ring = FairShare.ring(
            lanes.filter { left[$0, default: 0] > 0 }, after: lastServed.withLock { $0 })
        let (items, last) = FairShare.take(limit: request.limit, from: ring) { lane, share in
            let count = min(share, left[lane, default: 0])
            left[lane, default: 0] -= count
            return Array(repeating: lane, count: count)
        }
        guard let last else { return ([], 0) }
        let shares = Dictionary(grouping: items) { $0 }.mapValues(\.count)
        let served = ring.filter { shares[$0] != nil }
        let leased = try await connection.run(
            LeaseSQL.lease,
            [
                .texts(served), .integers(served.map { Int64(shares[$0] ?? 0) }), .time(request.now),
                .time(request.end), .text(request.owner),
            ])
        lastServed.withLock { $0 = last }
        let deliveries = try leased.rows.map { row in
            LeasedDelivery(
                delivery: try Delivery(row, payload: row.bytes("payload")).received(by: clock),
                lease: Lease(
                    deliveryID: try row.text("id"), owner: request.owner, until: clock.local(request.end),
                    sequence: try row.integer("sequence"), number: try row.integer("lease_number")),
                attempt: try row.count("attempts"), checkpoint: try row.optionalText("bookmark"))
        }
        return (deliveries, try leased.rows.count { try $0.flag("is_expired") })
    }
}

extension PostgreSQLStore {
    /// Acquires the partitions of all lanes of an account-Region for this process until it closes the store. Workers of
    /// the store do not lease from them meanwhile.
    ///
    /// - Throws: ``StoreError/Code/inUse`` if a live replica owns one of them.
    func acquirePartitions(of accountRegion: AccountRegion) async throws(StoreError) {
        try await whileOpen { () throws(StoreError) in try await coordinator.joinOwners() }
        let isHeld = try await transact { connection in
            let known = try await PartitionSQL.fetch(connection, now: .latest).partitions.map(\.lane)
                .filter { DeliveryLane(stored: $0)?.accountRegion == accountRegion }
            let lanes = Set(known).union([accountRegion.stored]).sorted()
            return try await lockPartitions(lanes, acquiring: lanes, by: connection).held.count == lanes.count
        }
        guard isHeld else {
            throw StoreError(.inUse, "A bridge is processing \(accountRegion). Stop all bridges on this store first.")
        }
    }
}

extension Delivery {
    /// The delivery with its time of receipt by this machine's clock.
    fileprivate func received(by clock: DatabaseClock) -> Delivery {
        Delivery(
            id: id, accountRegion: accountRegion, source: source, channel: channel, topic: topic,
            receivedAt: clock.local(receivedAt), payload: payload)
    }
}

package import Encoding
package import Store

/// The statements about leases, many deliveries at once.
enum LeaseSQL {
    /// The number of ready deliveries by lane, up to a limit.
    static let count = """
        SELECT origin, (
            SELECT count(*) FROM (
                SELECT 1 FROM delivery
                WHERE delivery.origin = given.origin AND ready_at IS NOT NULL AND ready_at <= $2 LIMIT $3) AS queued)
            AS ready
        FROM unnest($1) AS given (origin)
        """

    static let lease = """
        WITH chosen AS MATERIALIZED (
            SELECT sequence, ready_at, turn, is_expired
            FROM unnest($1, $2) WITH ORDINALITY AS given (origin, share, turn)
            CROSS JOIN LATERAL (
                SELECT sequence, ready_at, state = 'leased' AS is_expired FROM delivery
                WHERE delivery.origin = given.origin AND ready_at IS NOT NULL AND ready_at <= $3
                ORDER BY ready_at, sequence LIMIT given.share FOR UPDATE SKIP LOCKED) AS ready
        ), leased AS (
            UPDATE delivery SET state = 'leased', ready_at = $4, attempts = attempts + 1,
                lease_number = lease_number + 1, lease_owner = $5
            FROM chosen WHERE delivery.sequence = chosen.sequence
            RETURNING delivery.sequence, id, origin, source, received_at, attempts, lease_number, payload, bookmark,
                is_expired, topic, turn, chosen.ready_at
        )
        SELECT * FROM leased ORDER BY turn, ready_at, sequence
        """

    static let next = """
        SELECT min((
            SELECT min(ready_at) FROM delivery WHERE delivery.origin = given.origin AND ready_at IS NOT NULL))
            AS next_ready_at
        FROM unnest($1) AS given (origin)
        """
}

extension PostgreSQLStore {
    /// Adds deliveries with new ids to the queue in one transaction.
    package func append(_ deliveries: [Delivery]) async throws(StoreError) -> [AppendResult] {
        for delivery in deliveries { try Limits.check(delivery) }
        try checkAccess()
        guard !deliveries.isEmpty else { return [] }
        return try await whileOpen { () throws(StoreError) in
            let dated = deliveries.map { delivery in
                Delivery(
                    id: delivery.id, accountRegion: delivery.accountRegion, source: delivery.source,
                    channel: delivery.channel, topic: delivery.topic,
                    receivedAt: clock.database(delivery.receivedAt), payload: delivery.payload)
            }
            let outcomes = try await appendCommit.submit(dated, until: StoreTimeLimit.end(of: timeout))
            let lanes = AppendResult.storedLanes(of: deliveries, outcomes)
            if !lanes.isEmpty { await coordinator.notifyWorkers(of: lanes) }
            return outcomes
        }
    }

    /// Waits until there may be more to lease than the batch with this mark saw.
    package func waitForWork(after mark: WorkMark) async {
        await signal.wait(after: mark)
    }

    /// Extends leases.
    package func extend(_ leases: [Lease], for duration: Duration, now: Timestamp) async throws(StoreError) -> [Lease?]
    {
        let end = try Limits.leaseEnd(duration, after: now)
        let readyAt = clock.database(end)
        let held = try await finish(leases.map { LeaseUpdate(lease: $0, kind: .leased, readyAt: readyAt) }).held
        return zip(leases, held).map { lease, isHeld in isHeld ? lease.extended(until: end) : nil }
    }

    /// Records intermediate results of a delivery.
    package func record(_ progress: LedgerUpdate, under lease: Lease) async throws(StoreError) {
        try Limits.check(progress)
        let writes = LedgerWrites(progress)
        try await transact { connection in
            try await Self.lockLease(lease, by: connection)
            try await writes.run(by: connection)
            if let checkpoint = progress.checkpoint {
                _ = try await connection.run(
                    QueueSQL.checkpoint, [.text(checkpoint), .integer(lease.sequence)])
            }
        }
    }

    /// Completes deliveries.
    package func complete(_ leases: [Lease], now: Timestamp) async throws(StoreError) -> [Bool] {
        try await finish(leases.map { LeaseUpdate(lease: $0, kind: .completed, completedAt: now) }).held
    }

    /// Schedules retries after failures.
    package func retry(_ retries: [ScheduledRetry], now: Timestamp) async throws(StoreError) -> [Bool] {
        guard !retries.isEmpty else { return [] }
        let latest = QueueTime.latest(after: now)
        let updates = retries.map { retry in
            LeaseUpdate(
                lease: retry.lease, kind: .pending, readyAt: clock.database(min(retry.readyAt, latest)),
                counts: retry.isCounted, failedAt: now, reason: Limits.trimmed(reason: retry.reason))
        }
        let held = try await finish(updates).held
        signal.notify()
        return held
    }

    /// Dead-letters deliveries, and drops dead letters beyond the limits.
    package func deadLetter(
        _ failures: [PermanentFailure], now: Timestamp, within limits: DeadLetterLimits
    ) async throws(StoreError) -> DeadLetterResult {
        let updates = failures.map { failure in
            LeaseUpdate(
                lease: failure.lease, kind: .dead, failedAt: now, reason: Limits.trimmed(reason: failure.reason),
                limits: limits)
        }
        let result = try await finish(updates)
        var dropped = result.drop.dropped
        // The deliveries are dead-lettered already, even if dropping the others fails.
        if !result.drop.isDone, let rest = try? await drop(beyond: limits) { dropped.add(rest) }
        return DeadLetterResult(held: result.held, dropped: dropped)
    }

    /// Releases leases.
    package func release(_ leases: [Lease]) async throws(StoreError) {
        guard !leases.isEmpty else { return }
        _ = try await finish(leases.map { LeaseUpdate(lease: $0, kind: .pending, counts: false) })
        await notifyWorkers(of: nil)
    }

    /// Deletes deliveries that were completed before a time, a thousand in a transaction.
    package func purge(completedBefore time: Timestamp) async throws(StoreError) -> Int {
        try await deleteInSteps(QueueSQL.purge, [.time(time)])
    }

    /// Returns when the oldest delivery of a lane arrived that is not finished.
    package func oldestUnfinished(of lane: DeliveryLane) async throws(StoreError) -> Timestamp? {
        try await read(QueueSQL.oldestUnfinished, [.text(lane.stored)]) {
            try $0.rows.first?.optionalTimestamp("received_at")
        }
    }

    /// Returns the completion time of the newest completed delivery that has a number of newer ones.
    package func completionTime(beyondNewest count: Int) async throws(StoreError) -> Timestamp? {
        try await read(QueueSQL.completionTime, [.integer(count)]) { try $0.rows.first?.timestamp("completed_at") }
    }

    /// Locks a lease until the transaction ends, or throws if it is lost.
    private static func lockLease(_ lease: Lease, by connection: PostgreSQLConnection) async throws {
        let held = try await connection.run(
            QueueSQL.isHeld, [.integer(lease.sequence), .integer(lease.number), .text(lease.deliveryID)])
        guard !held.rows.isEmpty else { throw StoreError.leaseLost(lease) }
    }
}

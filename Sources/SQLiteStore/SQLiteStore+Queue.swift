package import Encoding
import GRDB
package import Store
import Synchronization

extension SQLiteStore {
    /// Adds deliveries with new ids to the queue in one transaction.
    package func append(_ deliveries: [Delivery]) async throws(StoreError) -> [AppendResult] {
        for delivery in deliveries { try Limits.check(delivery) }
        guard !deliveries.isEmpty else { return [] }
        let size = deliveries.reduce(0) { $0 + $1.payload.count }
        let outcomes = try await committer.write(size: size) { db in
            let insertion = try QueueInsertion(db)
            return .success(try deliveries.map(insertion.add))
        }
        let lanes = AppendResult.storedLanes(of: deliveries, outcomes)
        if !lanes.isEmpty { signal.notify(of: lanes) }
        return outcomes
    }

    /// Leases ready deliveries; lanes take turns.
    package func lease(
        limit: Int, for duration: Duration, owner: String, now: Timestamp, excluding excluded: Set<DeliveryLane>
    ) async throws(StoreError) -> LeaseBatch {
        try Limits.check(limit: limit)
        try Limits.check(owner: owner)
        let end = try Limits.leaseEnd(duration, after: now)
        let excluded = Set(excluded.map(\.stored))
        let mark = signal.mark(excluding: excluded)
        return try await committer.write { db in
            let pauses = try Self.readPauses(db)
            let queued = try Self.queuedLanes(db, excluding: excluded, pauses, now: now)
            for lane in queued.filter(\.exceedsMaximumWait).map(\.lane) {
                try db.run(
                    QueueSQL.clampTimes,
                    [
                        lane, now.milliseconds, end.milliseconds,
                        QueueTime.latest(after: now).milliseconds,
                    ])
            }
            let ready = queued.filter { $0.readyAt <= now }.map(\.lane)
            let ring = FairShare.ring(ready, after: self.lastServed.withLock { $0 })
            var expired = 0
            let (deliveries, last) = try FairShare.take(limit: limit, from: ring) { lane, share in
                try Self.lease(upTo: share, of: lane, until: end, owner: owner, now: now, &expired, in: db)
            }
            if let last { self.lastServed.withLock { $0 = last } }
            let next = try Self.queuedLanes(db, excluding: excluded, pauses, now: now).map(\.readyAt).min()
            return .success(
                LeaseBatch(
                    deliveries: deliveries, nextReadyAt: next, mark: mark, pauses: pauses, expired: expired))
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
        guard !leases.isEmpty else { return [] }
        return try await committer.write { db in
            .success(
                try leases.map { lease in
                    guard try Self.isHeld(lease, in: db) else { return nil }
                    try db.run(SQLiteQueueSQL.extend, [end.milliseconds, lease.sequence])
                    return lease.extended(until: end)
                })
        }
    }

    /// Records intermediate results of a delivery.
    package func record(_ progress: LedgerUpdate, under lease: Lease) async throws(StoreError) {
        try Limits.check(progress)
        let records = progress.entries.map { LedgerRecord($0) }
        let sent = progress.sent.map { (idHash: LedgerRecord.hash($0.key), updatedAt: $0.value.milliseconds) }
        let rejected = progress.rejected.map { LedgerRecord.hash($0) }
        let subjects = progress.dispositions.map { LedgerRecord.hash($0.subject) }
        try await committer.write(size: Self.size(of: records)) { db -> Result<Void, StoreError> in
            guard try Self.isHeld(lease, in: db) else { return .failure(.leaseLost(lease)) }
            try LedgerWriter.run(in: db) {
                try $0.upsert(records)
                try $0.report(progress.reports)
                try $0.confirm(sent)
            }
            for id in rejected { try db.run(LedgerSQL.delete, [id]) }
            for disposition in progress.dispositions { try Self.write(disposition, by: DispositionSQL.upsert, in: db) }
            for subject in subjects { try db.run(LedgerSQL.forgetDigests, [subject]) }
            if let listing = progress.listing {
                try db.run(LedgerSQL.setListing, [listing.accountRegion.stored, listing.taskID])
            }
            for mark in progress.appliedAudits { try Self.write(mark, by: AppliedAuditSQL.upsert, in: db) }
            for audit in progress.audits { try Self.write(audit, in: db) }
            for completion in progress.completions { try Self.write(completion, in: db) }
            if let checkpoint = progress.checkpoint {
                try db.run(QueueSQL.checkpoint, [checkpoint, lease.sequence])
            }
            return .success(())
        }
    }

    /// Completes deliveries.
    package func complete(_ leases: [Lease], now: Timestamp) async throws(StoreError) -> [Bool] {
        guard !leases.isEmpty else { return [] }
        return try await committer.write { db in
            .success(
                try leases.map { lease in
                    guard try Self.isHeld(lease, in: db) else { return false }
                    try db.run(SQLiteQueueSQL.complete, [now.milliseconds, lease.sequence])
                    try db.run(SQLiteQueueSQL.deletePayload, [lease.sequence])
                    return true
                })
        }
    }

    /// Schedules retries after failures.
    package func retry(_ retries: [ScheduledRetry], now: Timestamp) async throws(StoreError) -> [Bool] {
        guard !retries.isEmpty else { return [] }
        let latest = QueueTime.latest(after: now)
        let held = try await committer.write { db in
            .success(
                try retries.map { retry in
                    guard try Self.isHeld(retry.lease, in: db) else { return false }
                    try db.run(
                        SQLiteQueueSQL.retry,
                        [
                            min(retry.readyAt, latest).milliseconds, Limits.trimmed(reason: retry.reason),
                            now.milliseconds, retry.lease.sequence, retry.isCounted,
                        ])
                    return true
                })
        }
        signal.notify()
        return held
    }

    /// Releases leases.
    package func release(_ leases: [Lease]) async throws(StoreError) {
        guard !leases.isEmpty else { return }
        try await committer.write { db in
            for lease in leases where try Self.isHeld(lease, in: db) {
                try db.run(SQLiteQueueSQL.release, [lease.sequence])
            }
            return .success(())
        }
        signal.notify()
    }

    /// Deletes deliveries that were completed before a time, a thousand in a transaction.
    package func purge(completedBefore time: Timestamp) async throws(StoreError) -> Int {
        try await deleteInSteps { db, limit in
            try db.run(QueueSQL.purge, [time.milliseconds, limit])
        }
    }

    /// Returns when the oldest delivery of a lane arrived that is not finished.
    package func oldestUnfinished(of lane: DeliveryLane) async throws(StoreError) -> Timestamp? {
        try await read { db in
            try db.row(QueueSQL.oldestUnfinished, [lane.stored])?.optionalTimestamp("received_at")
        }
    }

    /// Returns the completion time of the newest completed delivery that has a number of newer ones.
    package func completionTime(beyondNewest count: Int) async throws(StoreError) -> Timestamp? {
        try await read { db in
            try db.row(QueueSQL.completionTime, [count])?.timestamp("completed_at")
        }
    }

    /// The approximate size of writing findings: each also changes a page or two of an index.
    private static func size(of records: [LedgerRecord]) -> Int { records.reduce(0) { $0 + $1.content.count + 4096 } }

    static func isHeld(_ lease: Lease, in db: Database) throws -> Bool {
        return try db.row(QueueSQL.isHeld, [lease.sequence, lease.number, lease.deliveryID]) != nil
    }

    private static func queuedLanes(
        _ db: Database, excluding excluded: Set<String>, _ pauses: [Pause], now: Timestamp
    ) throws -> [(lane: String, readyAt: Timestamp, exceedsMaximumWait: Bool)] {
        guard !pauses.contains(where: { $0.scope == .all }) else { return [] }
        let queued: [(lane: String, readyAt: Timestamp, exceedsMaximumWait: Bool)] = try db.rows(
            SQLiteQueueSQL.lanes
        ).map { row in
            let (first, last) = (try row.timestamp("first_ready_at"), try row.timestamp("last_ready_at"))
            return (
                try row.text("origin"), QueueTime.ready(first, last: last, now: now),
                last > QueueTime.latest(after: now)
            )
        }
        return queued.filter { lane, _, _ in !excluded.contains(lane) && !pauses.contains { $0.applies(toStored: lane) }
        }
    }

    private static func lease(
        upTo share: Int, of lane: String, until end: Timestamp, owner: String, now: Timestamp,
        _ expired: inout Int,
        in db: Database
    ) throws -> [LeasedDelivery] {
        let rows = try db.rows(SQLiteQueueSQL.ready, [lane, now.milliseconds, share])
        return try rows.map { row in
            let lease = Lease(
                deliveryID: try row.text("id"), owner: owner, until: end, sequence: try row.integer("sequence"),
                number: try row.integer("lease_number") &+ 1)
            let delivery = try Delivery(row, payload: row.bytes("payload"))
            let attempt = try row.count("attempts") &+ 1
            if try row.flag("is_expired") { expired += 1 }
            try db.run(
                SQLiteQueueSQL.lease,
                [
                    end.milliseconds, attempt, lease.number, owner, lease.sequence,
                ])
            return LeasedDelivery(
                delivery: delivery, lease: lease, attempt: attempt, checkpoint: try row.optionalText("bookmark"))
        }
    }
}

package import Encoding

/// The durable queue of deliveries, with its pauses and dead letters.
///
/// A delivery is pending until a worker leases it. The worker then completes it, schedules a retry, dead-letters it or
/// releases it. If it does none of these before the lease expires, another worker can lease the delivery, and every
/// call with the old lease throws ``StoreError/Code/leaseLost`` or skips the lease.
package protocol DeliveryQueue: LeaseHolder {
    /// Adds deliveries to the queue in one transaction. Deliveries with a known id are skipped, and so are repetitions
    /// of an id within the call.
    ///
    /// Concurrent appends share commits; when a commit fails, each of its appends fails.
    ///
    /// - Returns: The result for each delivery, in order.
    /// - Throws: ``StoreError/Code/invalidValue`` for an id that is not 1 to 256 visible ASCII characters.
    func append(_ deliveries: [Delivery]) async throws(StoreError) -> [AppendResult]

    /// Leases ready deliveries, oldest first.
    ///
    /// Lanes take turns: each with ready deliveries gets an equal share of the limit, as far as it can use it. If the
    /// limit is smaller than their number, the next call continues with the next lane. So the backlog of one account or
    /// mapped source does not delay the others. Paused lanes are skipped.
    ///
    /// - Parameters:
    ///   - limit: The maximum number of deliveries, 1 to 1,000.
    ///   - duration: The duration of the leases, at least 1 ms.
    ///   - owner: The name of the lease owner, for display: 1 to 256 bytes of UTF-8 without NUL.
    ///   - now: The current time.
    ///   - excluded: Lanes to skip.
    func lease(
        limit: Int, for duration: Duration, owner: String, now: Timestamp, excluding excluded: Set<DeliveryLane>
    ) async throws(StoreError) -> LeaseBatch

    /// Waits until there may be more to lease than the batch with this mark saw: a delivery was appended, released,
    /// scheduled for a retry or requeued, or a pause began or ended. Changes by other processes are noticed within two
    /// seconds. Also returns when the task is canceled or the store is closed.
    ///
    /// The passing of time alone does not end the wait. The caller waits for ``LeaseBatch/nextReadyAt`` as well.
    func waitForWork(after mark: WorkMark) async

    /// Extends leases to `duration` after `now`, in one transaction.
    ///
    /// - Returns: Each lease with its new end, in order; nil for a lost one.
    func extend(_ leases: [Lease], for duration: Duration, now: Timestamp) async throws(StoreError) -> [Lease?]

    /// Records intermediate results of a delivery whose processing continues.
    func record(_ progress: LedgerUpdate, under lease: Lease) async throws(StoreError)

    /// Completes deliveries in one transaction.
    ///
    /// The payloads are deleted; the ids are kept to detect duplicates.
    ///
    /// - Returns: Whether each lease was held, in order. The delivery of a lost lease is not completed.
    func complete(_ leases: [Lease], now: Timestamp) async throws(StoreError) -> [Bool]

    /// Schedules retries after failures, in one transaction. The leases end.
    ///
    /// - Returns: Whether each lease was held, in order. For a lost lease, no retry is scheduled.
    func retry(_ retries: [ScheduledRetry], now: Timestamp) async throws(StoreError) -> [Bool]

    /// Dead-letters deliveries: they are kept with their payloads and are not processed until an operator replays them.
    ///
    /// Then drops the oldest dead letters until the rest is within the limits, at most 1,000 in a transaction. The
    /// first of these transactions is the one that stores the new dead letters.
    ///
    /// - Returns: Whether each lease was held, in order, and the dropped dead letters. The delivery of a lost lease is
    ///   not dead-lettered.
    func deadLetter(
        _ failures: [PermanentFailure], now: Timestamp, within limits: DeadLetterLimits
    ) async throws(StoreError) -> DeadLetterResult

    /// Releases leases in one transaction: the deliveries can be leased again immediately, and the attempt does not
    /// count. Lost leases are skipped.
    func release(_ leases: [Lease]) async throws(StoreError)

    /// Counts the deliveries. Reads an index entry for each.
    func queueStatus() async throws(StoreError) -> QueueStatus

    /// Counts the deliveries that are not completed, by lane and state, with the age of the oldest. Ordered by lane, then
    /// in the order of ``QueueDepth/State``. Empty states are omitted.
    ///
    /// Reads an index entry for each counted delivery.
    ///
    /// - Parameters:
    ///   - now: The current time. Deliveries whose retry is later are waiting.
    ///   - lane: The last lane of the previous page; nil for the first page.
    ///   - limit: The maximum number of lanes, 1 to 1,000.
    func queueDepths(now: Timestamp, after lane: DeliveryLane?, limit: Int) async throws(StoreError)
        -> [QueueDepth]

    /// When the oldest delivery of a lane arrived that is pending, waiting for a retry or leased; nil if there is none. Tasks
    /// that became due are not counted. Reads each of these deliveries.
    func oldestUnfinished(of lane: DeliveryLane) async throws(StoreError) -> Timestamp?

    // MARK: Pauses

    /// Pauses processing: deliveries are accepted but not leased until they are resumed. Replaces an earlier pause of
    /// the same scope. Existing leases continue.
    ///
    /// - Throws: ``StoreError/Code/invalidValue`` for a ``Pause/pausedBy`` that is not 1 to 256 bytes of UTF-8 without
    ///   NUL.
    func pause(_ pause: Pause) async throws(StoreError)

    /// Ends the pause of a scope, and returns it; nil if there was none. The pauses of different scopes are independent.
    func resume(_ scope: Pause.Scope) async throws(StoreError) -> Pause?

    /// The pauses: the pause of all accounts first, then by account, then by source.
    func pauses() async throws(StoreError) -> [Pause]

    // MARK: Dead letters

    /// Lists the dead letters that match a filter, ordered by last failure and id, at most 1,000.
    ///
    /// - Parameter last: The last dead letter of the previous page; nil for the first page.
    func deadLetters(
        matching filter: DeadLetterFilter, limit: Int, after last: DeadLetter?
    ) async throws(StoreError) -> [DeadLetter]

    /// The newest dead letters without their payloads, newest first, at most 1,000.
    func newestDeadLetters(limit: Int) async throws(StoreError) -> [DeadLetterSummary]

    /// The dead letters without their payloads, ordered by last failure and id, at most 1,000.
    ///
    /// - Parameter last: The last dead letter of the previous page; nil for the first page.
    func deadLetterSummaries(after last: DeadLetterSummary?, limit: Int) async throws(StoreError) -> [DeadLetterSummary]

    /// What the queue knows about a delivery; nil if it does not know the id.
    func deliveryRecord(id: String) async throws(StoreError) -> DeliveryRecord?

    /// The dead letter with this id, or nil.
    func deadLetter(id: String) async throws(StoreError) -> DeadLetter?

    /// Returns dead letters to the queue as new deliveries, and returns how many of the ids were dead letters.
    func requeueDeadLetters(ids: [String]) async throws(StoreError) -> Int

    /// Deletes dead letters permanently, and returns how many of the ids were dead letters. Their ids are no longer
    /// known as duplicates.
    func discardDeadLetters(ids: [String]) async throws(StoreError) -> Int

    /// Drops the dead letters whose last failure is before a time, and those beyond the limits, at most 1,000 in a
    /// transaction.
    func trimDeadLetters(
        to limits: DeadLetterLimits, failedBefore time: Timestamp
    ) async throws(StoreError) -> DroppedDeadLetters

    /// The number and size of the dead letters. Read from counters, not from the dead letters.
    func deadLetterUsage() async throws(StoreError) -> DeadLetterUsage

    // MARK: Completed deliveries

    /// Deletes deliveries that were completed before a time, and returns their number. Their ids are no longer known as
    /// duplicates.
    func purge(completedBefore time: Timestamp) async throws(StoreError) -> Int

    /// The completion time of the newest completed delivery that has at least `count` newer ones; nil if there is none.
    ///
    /// Reads an index entry for each delivery that is skipped.
    func completionTime(beyondNewest count: Int) async throws(StoreError) -> Timestamp?
}

/// Holds leases on behalf of this process.
package protocol LeaseHolder: Sendable {
    /// Whether this process may act on its leases. A PostgreSQL replica whose heartbeat expired may not: others may
    /// have taken over.
    var canProcess: Bool { get }
}

extension LeaseHolder {
    /// True: one process owns the store.
    package var canProcess: Bool { true }
}

extension DeliveryQueue {
    /// Adds one delivery to the queue unless its id is known; see ``append(_:)-([Delivery])``.
    package func append(_ delivery: Delivery) async throws(StoreError) -> AppendResult {
        try await append([delivery]).first ?? .duplicate
    }

    /// Adds any number of deliveries in parts, so that no transaction takes long; see ``append(_:)-([Delivery])``.
    ///
    /// - Returns: the number of deliveries that were not queued before.
    package func appendInParts(_ deliveries: [Delivery]) async throws(StoreError) -> Int {
        let limit = 1000
        var count = 0
        for start in stride(from: 0, to: deliveries.count, by: limit) {
            let results = try await append(Array(deliveries[start...].prefix(limit)))
            count += results.count { $0 == .stored }
        }
        return count
    }

    /// The number of deliveries that are not completed, by lane and state.
    package func queueDepths(now: Timestamp) -> Pages<QueueDepth> {
        Pages(limit: 1000) {
            Set($0.map(\.lane)).count
        } read: { last, limit throws(StoreError) in
            try await queueDepths(now: now, after: last?.lane, limit: limit)
        }
    }

    /// The dead letters that match a filter, ordered by last failure and id.
    package func deadLetters(matching filter: DeadLetterFilter) -> Pages<DeadLetter> {
        Pages(limit: 1000) { last, limit throws(StoreError) in
            try await deadLetters(matching: filter, limit: limit, after: last)
        }
    }

    /// The dead letters without their payloads, ordered by last failure and id.
    package func deadLetterSummaries() -> Pages<DeadLetterSummary> {
        Pages(limit: 1000) { last, limit throws(StoreError) in
            try await deadLetterSummaries(after: last, limit: limit)
        }
    }

    /// Leases deliveries of all lanes; see ``lease(limit:for:owner:now:excluding:)``.
    package func lease(
        limit: Int, for duration: Duration, owner: String, now: Timestamp
    ) async throws(StoreError) -> LeaseBatch {
        try await lease(limit: limit, for: duration, owner: owner, now: now, excluding: [])
    }
}

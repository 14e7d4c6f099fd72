package import Encoding

extension OpeningStore {
    /// See ``Store``.
    package func append(_ deliveries: [Delivery]) async throws(StoreError) -> [AppendResult] {
        try await current().append(deliveries)
    }

    /// See ``Store``.
    package func lease(
        limit: Int, for duration: Duration, owner: String, now: Timestamp, excluding excluded: Set<DeliveryLane>
    )
        async throws(StoreError) -> LeaseBatch
    {
        try await current().lease(limit: limit, for: duration, owner: owner, now: now, excluding: excluded)
    }

    /// See ``Store``.
    package func extend(_ leases: [Lease], for duration: Duration, now: Timestamp) async throws(StoreError) -> [Lease?]
    {
        try await current().extend(leases, for: duration, now: now)
    }

    /// See ``Store``.
    package func record(_ progress: LedgerUpdate, under lease: Lease) async throws(StoreError) {
        try await current().record(progress, under: lease)
    }

    /// See ``Store``.
    package func complete(_ leases: [Lease], now: Timestamp) async throws(StoreError) -> [Bool] {
        try await current().complete(leases, now: now)
    }

    /// See ``Store``.
    package func retry(_ retries: [ScheduledRetry], now: Timestamp) async throws(StoreError) -> [Bool] {
        try await current().retry(retries, now: now)
    }

    /// See ``Store``.
    package func deadLetter(
        _ failures: [PermanentFailure], now: Timestamp, within limits: DeadLetterLimits
    ) async throws(StoreError) -> DeadLetterResult {
        try await current().deadLetter(failures, now: now, within: limits)
    }

    /// See ``Store``.
    package func release(_ leases: [Lease]) async throws(StoreError) {
        try await current().release(leases)
    }

    /// See ``Store``.
    package func purge(completedBefore time: Timestamp) async throws(StoreError) -> Int {
        try await current().purge(completedBefore: time)
    }

    /// See ``Store``.
    package func oldestUnfinished(of lane: DeliveryLane) async throws(StoreError) -> Timestamp? {
        try await current().oldestUnfinished(of: lane)
    }

    /// See ``Store``.
    package func completionTime(beyondNewest count: Int) async throws(StoreError) -> Timestamp? {
        try await current().completionTime(beyondNewest: count)
    }

    /// See ``Store``.
    package func queueDepths(now: Timestamp, after lane: DeliveryLane?, limit: Int) async throws(StoreError)
        -> [QueueDepth]
    {
        try await current().queueDepths(now: now, after: lane, limit: limit)
    }

    /// See ``Store``.
    package func pause(_ pause: Pause) async throws(StoreError) {
        try await current().pause(pause)
    }

    /// See ``Store``.
    package func resume(_ scope: Pause.Scope) async throws(StoreError) -> Pause? {
        try await current().resume(scope)
    }

    /// See ``Store``.
    package func pauses() async throws(StoreError) -> [Pause] {
        try await current().pauses()
    }

    /// See ``Store``.
    package func deadLetters(matching filter: DeadLetterFilter, limit: Int, after last: DeadLetter?)
        async throws(StoreError) -> [DeadLetter]
    {
        try await current().deadLetters(matching: filter, limit: limit, after: last)
    }

    /// See ``Store``.
    package func newestDeadLetters(limit: Int) async throws(StoreError) -> [DeadLetterSummary] {
        try await current().newestDeadLetters(limit: limit)
    }

    /// See ``Store``.
    package func deadLetterSummaries(
        after last: DeadLetterSummary?, limit: Int
    ) async throws(StoreError) -> [DeadLetterSummary] {
        try await current().deadLetterSummaries(after: last, limit: limit)
    }

    /// See ``Store``.
    package func deliveryRecord(id: String) async throws(StoreError) -> DeliveryRecord? {
        try await current().deliveryRecord(id: id)
    }

    /// See ``Store``.
    package func deadLetter(id: String) async throws(StoreError) -> DeadLetter? {
        try await current().deadLetter(id: id)
    }

    /// See ``Store``.
    package func requeueDeadLetters(ids: [String]) async throws(StoreError) -> Int {
        try await current().requeueDeadLetters(ids: ids)
    }

    /// See ``Store``.
    package func discardDeadLetters(ids: [String]) async throws(StoreError) -> Int {
        try await current().discardDeadLetters(ids: ids)
    }

    /// See ``Store``.
    package func trimDeadLetters(to limits: DeadLetterLimits, failedBefore time: Timestamp)
        async throws(StoreError) -> DroppedDeadLetters
    {
        try await current().trimDeadLetters(to: limits, failedBefore: time)
    }

    /// See ``Store``.
    package func deadLetterUsage() async throws(StoreError) -> DeadLetterUsage {
        try await current().deadLetterUsage()
    }

    /// See ``Store``.
    package func queueStatus() async throws(StoreError) -> QueueStatus {
        try await current().queueStatus()
    }

    // These members have defaults, which must not apply here: each call is forwarded to the opened store.

    /// See ``Store``; false while the store is not open.
    package var canProcess: Bool { opened?.canProcess ?? false }

    /// Waits until the store is open, then see ``Store``.
    package func waitForWork(after mark: WorkMark) async {
        guard (try? await waitUntilOpen()) == true, let store = try? await current() else { return }
        await store.waitForWork(after: mark)
    }
}

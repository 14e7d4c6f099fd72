import AWSClient
import AWSCore
import CoreMetrics
import DeviceDefender
import Logging
import Metrics
import SecurityFindings
import Store

/// What all lanes share: how changes are made, and how the work on a delivery ends.
struct FindingWriter: Sendable {
    let store: any Store
    let clock: @Sendable () -> Int64
    /// A monotonic time in milliseconds, for intervals.
    let elapsed: @Sendable () -> Int64
    /// Whether the clock is trusted, and what time it is by AWS's.
    let trust: ClockTrust
    let jitter: @Sendable () -> Double
    let metrics: BridgeMetrics
    let outage: StoreOutageTracker
    let logger: Logger
    let circuitBreakers: CircuitBreakers
    let activity: ActivityLog
    let unstored = UnstoredOutcomes()
    let readiness: Readiness
    let deadLetters: DeadLetterKeeper

    /// - Parameters:
    ///   - elapsed: a monotonic time in milliseconds; nil for that of `clock`, where no clock is set.
    ///   - trust: nil for a clock that is always trusted.
    init(
        store: any Store, clock: @escaping @Sendable () -> Int64, elapsed: (@Sendable () -> Int64)? = nil,
        trust: ClockTrust? = nil, jitter: @escaping @Sendable () -> Double, metrics: BridgeMetrics, logger: Logger,
        activity: ActivityLog? = nil, deadLetterLimits: DeadLetterLimits = .standard
    ) {
        self.store = store
        readiness = Readiness(store)
        self.clock = clock
        let elapsed = elapsed ?? clock
        self.elapsed = elapsed
        self.trust = trust ?? ClockTrust(now: clock, elapsed: elapsed, isChecked: false, logger: logger)
        self.jitter = jitter
        self.metrics = metrics
        self.logger = logger
        outage = StoreOutageTracker(logger: logger, clock: elapsed)
        circuitBreakers = CircuitBreakers(clock: elapsed, logger: logger)
        self.activity = activity ?? ActivityLog(clock: clock)
        deadLetters = DeadLetterKeeper(limits: deadLetterLimits, metrics: metrics.work, logger: logger, clock: elapsed)
    }

    // MARK: Changes

    /// The present time, by AWS's clock as far as it is known: what is sent and what is due is dated by it.
    var now: Timestamp { Timestamp(milliseconds: trust.bestTime) }

    /// Makes changes: keeps them in the ledger, sends what is to be sent, and keeps what became of it.
    ///
    /// - Parameters:
    ///   - changes: of different findings.
    ///   - sender: sends to the Security Hub of their origin.
    ///   - update: what else is to be kept, before anything is sent.
    ///   - isShared: whether the changes come from several deliveries, of which the lease is of one.
    /// - Returns: what became of each finding that was to be sent, by its id.
    func write(
        _ changes: PlannedChanges, by sender: FindingSender, recording update: LedgerUpdate = LedgerUpdate(),
        under lease: Lease, isShared: Bool = false
    ) async throws(StoreError) -> [String: SendOutcome] {
        try await record(changes, update, under: lease)
        return try await send(changes, by: sender, under: lease, isShared: isShared)
    }

    /// Keeps changes in the ledger, which is the first part of making them: what is to be sent is marked as not sent, so
    /// that an interrupted work is found by ``FindingRefresher``.
    func record(
        _ changes: PlannedChanges, _ update: LedgerUpdate = LedgerUpdate(), under lease: Lease
    ) async throws(StoreError) {
        var before = update
        before.entries += changes.all.map(\.entry)
        if !before.isEmpty { try await store.record(before, under: lease) }
    }

    /// Sends what is to be sent of changes that the ledger has, and keeps what became of it: the rest of making them.
    ///
    /// - Parameter checkpoint: what the bookmark is then, if it moves on.
    /// - Returns: what became of each finding that was to be sent, by its id.
    func send(
        _ changes: PlannedChanges, by sender: FindingSender,
        checkpoint: ([String: SendOutcome]) -> String? = { _ in nil },
        under lease: Lease, isShared: Bool = false
    ) async throws(StoreError) -> [String: SendOutcome] {
        let sent = changes.toBeSent
        let outcomes = await sender.send(sent.map { FindingText(id: $0.entry.id, json: $0.entry.finding) })
        let sentAt = clock()
        for change in sent {
            recordResult(
                change, known: changes.known[change.entry.id], outcome: outcomes[change.entry.id], at: sentAt,
                from: isShared ? nil : lease)
        }
        var after = LedgerUpdate(checkpoint: checkpoint(outcomes))
        for change in sent {
            switch outcomes[change.entry.id] {
            case .imported: after.sent[change.entry.id] = change.entry.updatedAt
            case .rejected:
                if let known = changes.known[change.entry.id] {
                    after.entries.append(Planner.rejected(change, known: known))
                } else {
                    after.rejected.append(change.entry.id)
                }
            case .retryable, .accessDenied, .interrupted, nil: continue
            }
        }
        if !after.isEmpty { try await store.record(after, under: lease) }
        return outcomes
    }

    /// Counts, remembers and logs what became of a finding.
    private func recordResult(
        _ change: Change, known: LedgerEntry?, outcome: SendOutcome?, at time: Int64, from lease: Lease?
    ) {
        guard let result = FindingResult(change, known: known, outcome: outcome) else { return }
        metrics.work.sent(change, result, known: known, now: time)
        activity.recordFinding(result, of: change.entry.id, from: lease?.deliveryID)
        guard logger.logLevel <= .debug else { return }
        var metadata = Logger.Metadata.about(
            change.entry.accountRegion,
            [LogMetadataKey.finding: .string(change.entry.id), LogMetadataKey.result: .string(result.rawValue)])
        if let lease { metadata[LogMetadataKey.delivery] = .string(lease.deliveryID) }
        logger.debug("Security Hub was told of a finding.", metadata: metadata)
    }

    /// Makes changes of findings that the ledger has.
    ///
    /// - Returns: what Security Hub refused.
    /// - Throws: ``SendError`` if any may still be taken, `StoreError`.
    func write(
        _ plan: (LedgerEntry) -> Change?, of entries: [LedgerEntry], by sender: FindingSender, under lease: Lease
    ) async throws -> FindingRejections {
        let known = Dictionary(entries.map { ($0.id, $0) }) { first, _ in first }
        let outcomes = try await write(
            PlannedChanges(entries.compactMap(plan), known: known), by: sender, under: lease)
        var rejections = FindingRejections()
        try rejections.add(outcomes)
        return rejections
    }

    // MARK: Deliveries

    /// Takes note that another worker has a delivery now.
    func leaseLost(_ leased: LeasedDelivery) {
        activity.discardCounts(of: leased.delivery)
        logger.warning("Lease lost: another worker took over this delivery.", metadata: .about(leased))
    }

    /// Ends the work on a delivery: it is done, put off, given up, or given back because the bridge stops.
    ///
    /// - Parameters:
    ///   - subject: what it is about.
    ///   - result: what became of its finding, if it is about one.
    ///   - kind: why it is given up, if it is refused.
    func finish(
        _ leased: LeasedDelivery, about subject: DeliverySubject, _ outcome: SendOutcome,
        _ result: FindingResult? = nil,
        as kind: DeadLetterKind = .rejected
    ) async {
        do throws(StoreError) {
            switch outcome {
            case .imported:
                try await store.complete(leased.lease, recording: [], now: clock())
                let now = clock()
                metrics.work.completed(leased.delivery, now: now)
                activity.recordOutcome(of: leased.delivery, about: subject, result)
                var details: Logger.Metadata = [
                    LogMetadataKey.milliseconds: .string(
                        String(max(now.saturatingSubtracting(leased.delivery.receivedAt), 0)))
                ]
                if let result {
                    details[LogMetadataKey.finding] = subject.findingID.map { .string($0) }
                    details[LogMetadataKey.result] = .string(result.rawValue)
                }
                logger.info("A delivery is done.", metadata: .about(leased, details))
            case .rejected(let reason):
                try await deadLetter(leased, subject, kind, reason)
            case .retryable where Task.isCancelled, .accessDenied where Task.isCancelled,
                .interrupted where Task.isCancelled:
                try await release(leased)
            case .interrupted(let reason): try await retryAfterInterruption(leased, subject, reason)
            case .accessDenied(let reason)
            where trust.isTrusted && RetryBackoff.isTooOld(leased.delivery, now: clock()):
                try await deadLetter(leased, subject, .denied, "given up after 90 days: \(reason)")
            case .accessDenied(let reason):
                // While an account and Region is suspended, tries do not count, and nothing is fetched for it, if that
                // concerns all of it.
                if circuitBreakers.suspended(now: elapsed()).accountRegions.contains(leased.delivery.accountRegion) {
                    try await release(leased)
                } else if let denial = circuitBreakers.denial(leased.delivery.accountRegion, .audits) {
                    let delay = Duration.milliseconds(max(denial.retryAt.saturatingSubtracting(elapsed()), 1000))
                    try await scheduleRetry(leased, subject, reason, for: delay, isCounted: false)
                } else {
                    try await scheduleRetry(
                        leased, subject, reason, for: RetryBackoff.delayAfterDenial(jitter: jitter()), isCounted: false)
                }
            case .retryable(let reason) where leased.attempt >= RetryBackoff.maximumAttempts:
                try await deadLetter(leased, subject, .attempts, "given up after \(leased.attempt) attempts: \(reason)")
            case .retryable(let reason): try await scheduleRetry(leased, subject, reason)
            }
        } catch  where error.code == .leaseLost {
            leaseLost(leased)
        } catch {
            // The lease is released as soon as the store is available, and the delivery is leased again.
            activity.discardCounts(of: leased.delivery)
            unstored.add(leased.lease)
            outage.failed(error.message, to: .work)
            logger.debug(
                "The outcome of a delivery could not be stored.",
                metadata: .about(leased, [LogMetadataKey.reason: "\(error)"]))
        }
    }

    private func release(_ leased: LeasedDelivery) async throws(StoreError) {
        activity.discardCounts(of: leased.delivery)
        try await store.release([leased.lease])
    }

    /// Has a delivery wait a moment that was not worked on to the end for reasons that it has nothing to do with.
    private func retryAfterInterruption(
        _ leased: LeasedDelivery, _ subject: DeliverySubject, _ reason: String
    ) async throws(StoreError) {
        outage.failed(reason, to: .work)
        let now = clock()
        let delay = RetryBackoff.delayAfterInterruption(jitter: jitter())
        try await store.retry(
            leased.lease, at: now + delay.milliseconds, reason: reason, isCounted: false, now: now)
        activity.recordOutcome(of: leased.delivery, about: subject, as: .retried)
        logger.debug(
            "Processing of a delivery was interrupted and will be retried.",
            metadata: .about(leased, [LogMetadataKey.reason: "\(reason)"]))
    }

    private func scheduleRetry(
        _ leased: LeasedDelivery, _ subject: DeliverySubject, _ reason: String
    ) async throws(StoreError) {
        let delay = RetryBackoff.delay(afterAttempt: leased.attempt, jitter: jitter())
        try await scheduleRetry(leased, subject, reason, for: delay)
    }

    private func scheduleRetry(
        _ leased: LeasedDelivery, _ subject: DeliverySubject, _ reason: String, for delay: Duration,
        isCounted: Bool = true
    ) async throws(StoreError) {
        let now = clock()
        try await store.retry(
            leased.lease, at: now.saturatingAdding(delay.milliseconds), reason: reason, isCounted: isCounted, now: now)
        metrics.work.retries.increment()
        activity.recordOutcome(of: leased.delivery, about: subject, as: .retried)
        logger.warning(
            "A delivery failed and will be tried again.",
            metadata: .about(leased, [LogMetadataKey.reason: "\(reason)", "retryIn": "\(delay)"]))
    }

    private func deadLetter(
        _ leased: LeasedDelivery, _ subject: DeliverySubject, _ kind: DeadLetterKind, _ reason: String
    ) async throws(StoreError) {
        let dropped = try await store.deadLetter(
            leased.lease, reason: reason, now: clock(), within: deadLetters.limits.value)
        metrics.work.deadLettered(kind)
        activity.recordOutcome(of: leased.delivery, about: subject, as: .dead)
        logger.error(
            "A delivery was given up and is kept as a dead letter.",
            metadata: .about(leased, [LogMetadataKey.code: .string(kind.rawValue), LogMetadataKey.reason: "\(reason)"]))
        if !dropped.isEmpty { deadLetters.recordDropped(dropped) }
    }
}

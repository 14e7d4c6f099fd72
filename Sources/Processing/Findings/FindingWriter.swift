import AWSClient
import CoreMetrics
import DeviceDefender
package import Encoding
import EventLoop
package import Logging
import Metrics
package import Planning
import SecurityFindings
package import Store
import Telemetry

/// Writes changes of findings to the ledger and to Security Hub, and stores the outcomes of deliveries. All processors
/// share it.
package struct FindingWriter: Sendable {
    package let store: any Store
    package let clock: @Sendable () -> Int64
    /// Monotonic time in milliseconds, for intervals.
    package let elapsed: @Sendable () -> Int64
    /// Whether this machine's clock is trusted, and AWS's time.
    package let trust: ClockTrust
    package let jitter: @Sendable () -> Double
    package let metrics: ProcessingMetrics
    package let outage: StoreOutageTracker
    package let logger: Logger
    package let circuitBreakers: CircuitBreakers
    package let activity: (any ActivityObserver)?
    package let unstored = UnstoredOutcomes()
    package let readiness: Readiness
    package let deadLetters: DeadLetterKeeper

    /// - Parameters:
    ///   - elapsed: monotonic time in milliseconds; nil to use `clock`, in tests.
    ///   - trust: nil to trust `clock` always.
    package init(
        store: any Store, clock: @escaping @Sendable () -> Int64, elapsed: (@Sendable () -> Int64)? = nil,
        trust: ClockTrust? = nil, jitter: @escaping @Sendable () -> Double, metrics: ProcessingMetrics, logger: Logger,
        activity: (any ActivityObserver)? = nil, deadLetterLimits: DeadLetterLimits = .standard
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
        self.activity = activity
        deadLetters = DeadLetterKeeper(limits: deadLetterLimits, metrics: metrics, logger: logger, clock: elapsed)
    }

    // MARK: Changes

    /// The present time by AWS's clock, as far as it is known. It dates what is sent and decides what is due.
    package var now: Timestamp { Timestamp(milliseconds: trust.bestTime) }

    /// Writes changes: records them in the ledger, sends them, and records the outcomes.
    ///
    /// - Parameters:
    ///   - changes: changes of different findings.
    ///   - sender: the sender for their account and Region.
    ///   - update: further updates of the ledger, recorded before anything is sent.
    ///   - isShared: whether the changes come from several deliveries; the lease is that of the first.
    /// - Returns: the outcomes of the findings that were sent, by finding id.
    package func write(
        _ changes: PlannedChanges, by sender: FindingSender, recording update: LedgerUpdate = LedgerUpdate(),
        under lease: Lease, isShared: Bool = false
    ) async throws(StoreError) -> [String: SendOutcome] {
        try await record(changes, update, under: lease)
        return try await send(changes, by: sender, under: lease, isShared: isShared)
    }

    /// Records changes in the ledger before they are sent. They are marked as not sent, so that ``FindingRefresher``
    /// finds them after an interruption.
    package func record(
        _ changes: PlannedChanges, _ update: LedgerUpdate = LedgerUpdate(), under lease: Lease
    ) async throws(StoreError) {
        var before = update
        before.entries += changes.all.map(\.entry)
        if !before.isEmpty { try await store.record(before, under: lease) }
    }

    /// Sends recorded changes, and records the outcomes.
    ///
    /// - Parameter checkpoint: returns the checkpoint to store with the outcomes; nil to leave it unchanged.
    /// - Returns: the outcomes of the findings that were sent, by finding id.
    package func send(
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

    /// Adds the result of a finding to the metrics, the activity log and the log.
    private func recordResult(
        _ change: Change, known: LedgerEntry?, outcome: SendOutcome?, at time: Int64, from lease: Lease?
    ) {
        guard let result = FindingResult(change, known: known, outcome: outcome) else { return }
        metrics.sent(change, result, known: known, now: time)
        activity?.recordFinding(result, of: change.entry.id, from: lease?.deliveryID)
        logger.log(
            .findingSent,
            .about(
                change.entry.accountRegion,
                [
                    .finding: .string(change.entry.id), .result: .string(result.rawValue),
                    .delivery: lease.map { .string($0.deliveryID) },
                ]))
    }

    /// Counts the observations from which nothing was to be sent.
    func countUnchanged(_ observations: [Observation], _ changes: PlannedChanges) {
        let sent = Set(changes.toBeSent.map(\.entry.id))
        for same in observations where !sent.contains(same.finding.id) {
            metrics.count(.unchanged, same.kind, same.finding.severity.label)
        }
    }

    /// Writes changes of findings of the ledger.
    ///
    /// - Returns: the findings that Security Hub rejected.
    /// - Throws: ``SendError`` if any finding can be sent later; `StoreError`.
    package func write(
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

    /// Records that another worker has taken over a delivery.
    func leaseLost(_ leased: LeasedDelivery) {
        activity?.discardCounts(of: leased.delivery)
        logger.log(.leaseLost, .about(leased))
    }

    /// The outcome of processing a delivery.
    package struct DeliveryOutcome: Sendable {
        package let leased: LeasedDelivery
        /// What the delivery is about.
        package let subject: DeliverySubject
        package let outcome: SendOutcome
        /// The result of its finding; nil if it is about several or none.
        package var finding: FindingResult?
        /// The kind of the dead letter if the outcome is a rejection.
        package var deadLetter = DeadLetterKind.rejected
    }

    /// Stores the outcome of a delivery; see ``finish(_:)``.
    package func finish(
        _ leased: LeasedDelivery, about subject: DeliverySubject, _ outcome: SendOutcome,
        _ result: FindingResult? = nil,
        as kind: DeadLetterKind = .rejected
    ) async {
        await finish([
            DeliveryOutcome(leased: leased, subject: subject, outcome: outcome, finding: result, deadLetter: kind)
        ])
    }

    /// Stores the outcomes of deliveries: they are completed, scheduled for a retry, dead-lettered, or released because
    /// the bridge stops.
    package func finish(_ results: [DeliveryOutcome]) async {
        let completed = results.filter { $0.outcome == .imported }
        await complete(completed)
        guard completed.count < results.count else { return }
        // Concurrently, so that they share commits.
        await withDiscardingTaskGroup { group in
            for result in results where result.outcome != .imported { group.addTask { await self.fail(result) } }
        }
    }

    private func complete(_ results: [DeliveryOutcome]) async {
        do throws(StoreError) {
            let isHeld = try await store.complete(results.map(\.leased.lease), now: clock())
            let now = clock()
            for (result, isHeld) in zip(results, isHeld) {
                if isHeld { completed(result, now: now) } else { leaseLost(result.leased) }
            }
        } catch {
            for result in results { notStored(result.leased, error) }
        }
    }

    private func completed(_ result: DeliveryOutcome, now: Int64) {
        let (leased, subject, finding) = (result.leased, result.subject, result.finding)
        metrics.completed(leased.delivery, now: now)
        activity?.recordOutcome(of: leased.delivery, about: subject, finding)
        logger.log(
            .deliveryCompleted,
            .about(
                leased,
                [
                    .milliseconds: .integer(max(now.saturatingSubtracting(leased.delivery.receivedAt), 0)),
                    .finding: finding == nil ? nil : subject.findingID.map { .string($0) },
                    .result: finding.map { .string($0.rawValue) },
                ]))
    }

    private func notStored(_ leased: LeasedDelivery, _ error: StoreError) {
        // The lease is released as soon as the store is available, and the delivery is leased again.
        activity?.discardCounts(of: leased.delivery)
        unstored.add(leased.lease)
        outage.failed(error.message, to: .work)
        logger.log(.outcomeNotStored, .about(leased, [.reason: "\(error)"]))
    }

    /// Stores the outcome of a delivery that is not completed.
    private func fail(_ result: DeliveryOutcome) async {
        let (leased, subject, kind) = (result.leased, result.subject, result.deadLetter)
        do throws(StoreError) {
            switch result.outcome {
            case .imported: break
            case .rejected(let reason):
                try await deadLetter(leased, subject, kind, reason)
            case .retryable where Task.isCancelled, .accessDenied where Task.isCancelled,
                .interrupted where Task.isCancelled:
                try await release(leased)
            case .interrupted(let reason): try await retryAfterInterruption(leased, subject, reason)
            case .accessDenied(let reason)
            where trust.isTrusted && RetryBackoff.isTooOld(leased.delivery, now: clock()):
                try await deadLetter(leased, subject, .denied, "suspended for 90 days: \(reason)")
            case .accessDenied(let reason):
                // Attempts during a suspension do not count. While all processing of an account and Region is
                // suspended, no deliveries are leased for it.
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
                try await deadLetter(leased, subject, .attempts, "failed \(leased.attempt) times: \(reason)")
            case .retryable(let reason): try await scheduleRetry(leased, subject, reason)
            }
        } catch  where error.code == .leaseLost {
            leaseLost(leased)
        } catch {
            notStored(leased, error)
        }
    }

    private func release(_ leased: LeasedDelivery) async throws(StoreError) {
        activity?.discardCounts(of: leased.delivery)
        try await store.release([leased.lease])
    }

    /// Schedules a retry in a few seconds for a delivery whose processing was interrupted for a reason unrelated to it.
    private func retryAfterInterruption(
        _ leased: LeasedDelivery, _ subject: DeliverySubject, _ reason: String
    ) async throws(StoreError) {
        outage.failed(reason, to: .work)
        let now = clock()
        let delay = RetryBackoff.delayAfterInterruption(jitter: jitter())
        try await store.retry(
            leased.lease, at: now + delay.milliseconds, reason: reason, isCounted: false, now: now)
        activity?.recordOutcome(of: leased.delivery, about: subject, as: .retried)
        logger.log(.deliveryInterrupted, .about(leased, [.reason: .string(reason)]))
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
        metrics.retries.increment()
        activity?.recordOutcome(of: leased.delivery, about: subject, as: .retried)
        logger.log(.deliveryRetryScheduled, .about(leased, [.reason: .string(reason), .retryIn: "\(delay)"]))
    }

    private func deadLetter(
        _ leased: LeasedDelivery, _ subject: DeliverySubject, _ kind: DeadLetterKind, _ reason: String
    ) async throws(StoreError) {
        let dropped = try await store.deadLetter(
            leased.lease, reason: reason, now: clock(), within: deadLetters.limits.value)
        metrics.deadLettered(kind)
        activity?.recordOutcome(of: leased.delivery, about: subject, as: .dead)
        logger.log(
            .deliveryDeadLettered, .about(leased, [.code: .string(kind.rawValue), .reason: .string(reason)]))
        if !dropped.isEmpty { deadLetters.recordDropped(dropped) }
    }
}

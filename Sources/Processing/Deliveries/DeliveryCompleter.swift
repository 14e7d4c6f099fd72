package import AWSClient
import AWSCore
import CoreMetrics
import Encoding
import EventLoop
package import Logging
import Metrics
package import Planning
package import Store
import Telemetry

/// Stores the outcomes of deliveries: completes them, schedules retries, dead-letters or releases them.
package struct DeliveryCompleter: Sendable {
    private let queue: any DeliveryQueue
    private let clock: AWSClock
    private let trust: ClockTrust
    private let jitter: @Sendable () -> Double
    private let circuitBreakers: CircuitBreakers
    private let deadLetters: DeadLetterKeeper
    private let outage: StoreOutageTracker
    private let metrics: ProcessingMetrics
    private let activity: (any ActivityObserver)?
    private let logger: Logger
    /// The leases that could not be released yet.
    package let unstored = UnstoredOutcomes()

    /// How long a lease lasts unless it is extended. A crashed bridge holds its deliveries no longer.
    static let leaseDuration = Duration.seconds(60)

    /// Creates a completer.
    ///
    /// - Parameters:
    ///   - jitter: returns random numbers from 0 to 1, for delays.
    ///   - activity: receives the outcomes for the status page.
    package init(
        queue: any DeliveryQueue, clock: AWSClock, trust: ClockTrust, jitter: @escaping @Sendable () -> Double,
        circuitBreakers: CircuitBreakers, deadLetters: DeadLetterKeeper, outage: StoreOutageTracker,
        metrics: ProcessingMetrics, activity: (any ActivityObserver)?, logger: Logger
    ) {
        self.queue = queue
        self.clock = clock
        self.trust = trust
        self.jitter = jitter
        self.circuitBreakers = circuitBreakers
        self.deadLetters = deadLetters
        self.outage = outage
        self.metrics = metrics
        self.activity = activity
        self.logger = logger
    }

    /// Stores the outcome of a delivery; see ``finish(_:)``.
    package func finish(
        _ leased: LeasedDelivery, about subject: DeliverySubject, _ outcome: SendOutcome,
        as kind: DeadLetterKind = .rejected
    ) async {
        await finish([DeliveryOutcome(leased, about: subject, outcome, as: kind)])
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

    /// Extends the leases of deliveries, and reports those that another worker has taken over.
    ///
    /// - Returns: whether each lease is held, in order. If the store fails, all count as held: the failure recurs when
    ///   the outcomes are stored.
    func extendLeases(of deliveries: [LeasedDelivery]) async -> [Bool] {
        let leases = deliveries.map(\.lease)
        guard let extended = try? await queue.extend(leases, for: Self.leaseDuration, now: clock.now()) else {
            return leases.map { _ in true }
        }
        for (leased, lease) in zip(deliveries, extended) where lease == nil { leaseLost(leased) }
        return extended.map { $0 != nil }
    }

    /// Records that another worker has taken over a delivery.
    func leaseLost(_ leased: LeasedDelivery) {
        activity?.discardCounts(of: leased.delivery)
        logger.log(.leaseLost, .about(leased))
    }

    // MARK: Completion

    private func complete(_ results: [DeliveryOutcome]) async {
        do throws(StoreError) {
            let isHeld = try await queue.complete(results.map(\.leased.lease), now: clock.now())
            let now = clock.now()
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

    // MARK: Failures

    /// Stores the outcome of a delivery that is not completed.
    private func fail(_ result: DeliveryOutcome) async {
        let (leased, subject) = (result.leased, result.subject)
        do throws(StoreError) {
            switch result.outcome {
            case .imported: break
            case .rejected(let reason): try await deadLetter(leased, subject, result.deadLetter, reason)
            case .retryable where Task.isCancelled, .accessDenied where Task.isCancelled,
                .interrupted where Task.isCancelled:
                try await release(leased)
            case .interrupted(let reason): try await retryAfterInterruption(leased, subject, reason)
            case .accessDenied(let reason)
            where trust.isTrusted && RetryBackoff.isTooOld(leased.delivery, now: clock.now()):
                try await deadLetter(leased, subject, .denied, "suspended for 90 days: \(reason)")
            case .accessDenied(let reason): try await retryAfterDenial(leased, subject, reason)
            case .retryable(let reason) where leased.attempt >= RetryBackoff.maximumAttempts:
                try await deadLetter(leased, subject, .attempts, "failed \(leased.attempt) times: \(reason)")
            case .retryable(let reason):
                let delay = RetryBackoff.delay(afterAttempt: leased.attempt, jitter: jitter())
                try await scheduleRetry(leased, subject, reason, for: delay, isCounted: true)
            }
        } catch  where error.code == .leaseLost {
            leaseLost(leased)
        } catch {
            notStored(leased, error)
        }
    }

    private func release(_ leased: LeasedDelivery) async throws(StoreError) {
        activity?.discardCounts(of: leased.delivery)
        try await queue.release([leased.lease])
    }

    /// Schedules a retry in a few seconds for a delivery whose processing was interrupted for a reason unrelated to it.
    private func retryAfterInterruption(
        _ leased: LeasedDelivery, _ subject: DeliverySubject, _ reason: String
    ) async throws(StoreError) {
        outage.failed(reason, to: .work)
        let now = clock.now()
        let delay = RetryBackoff.delayAfterInterruption(jitter: jitter())
        try await queue.retry(
            leased.lease, at: now.saturatingAdding(delay.milliseconds), reason: reason, isCounted: false, now: now)
        activity?.recordOutcome(of: leased.delivery, about: subject, as: .retried)
        logger.log(.deliveryInterrupted, .about(leased, [.reason: .string(reason)]))
    }

    /// Schedules a retry for when the next probe is allowed. Attempts during a suspension do not count.
    private func retryAfterDenial(
        _ leased: LeasedDelivery, _ subject: DeliverySubject, _ reason: String
    ) async throws(StoreError) {
        let accountRegion = leased.delivery.accountRegion
        // While all processing of an account and Region is suspended, no deliveries are leased for it.
        guard !circuitBreakers.suspended().accountRegions.contains(accountRegion) else {
            return try await release(leased)
        }
        let delay =
            circuitBreakers.timeUntilProbe(accountRegion, .audits).map { max($0, .seconds(1)) }
            ?? RetryBackoff.delayAfterDenial(jitter: jitter())
        try await scheduleRetry(leased, subject, reason, for: delay, isCounted: false)
    }

    private func scheduleRetry(
        _ leased: LeasedDelivery, _ subject: DeliverySubject, _ reason: String, for delay: Duration, isCounted: Bool
    ) async throws(StoreError) {
        let now = clock.now()
        try await queue.retry(
            leased.lease, at: now.saturatingAdding(delay.milliseconds), reason: reason, isCounted: isCounted, now: now)
        metrics.retries.increment()
        activity?.recordOutcome(of: leased.delivery, about: subject, as: .retried)
        logger.log(.deliveryRetryScheduled, .about(leased, [.reason: .string(reason), .retryIn: "\(delay)"]))
    }

    private func deadLetter(
        _ leased: LeasedDelivery, _ subject: DeliverySubject, _ kind: DeadLetterKind, _ reason: String
    ) async throws(StoreError) {
        let dropped = try await queue.deadLetter(
            leased.lease, reason: reason, now: clock.now(), within: deadLetters.limits.value)
        metrics.deadLettered(kind)
        activity?.recordOutcome(of: leased.delivery, about: subject, as: .dead)
        logger.log(
            .deliveryDeadLettered, .about(leased, [.code: .string(kind.rawValue), .reason: .string(reason)]))
        if !dropped.isEmpty { deadLetters.recordDropped(dropped) }
    }
}

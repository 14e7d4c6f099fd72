package import AWSClient
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
        var completed: [DeliveryOutcome] = []
        var retries: [Retry] = []
        var deadLetters: [DeadLettering] = []
        var released: [LeasedDelivery] = []
        for result in results {
            switch disposal(of: result) {
            case .complete: completed.append(result)
            case .retry(let retry): retries.append(retry)
            case .deadLetter(let deadLettering): deadLetters.append(deadLettering)
            case .release: released.append(result.leased)
            }
        }
        await complete(completed)
        await scheduleRetries(retries)
        await deadLetter(deadLetters)
        await release(released)
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

    /// Records that deliveries were leased.
    func recordLeases(_ deliveries: [LeasedDelivery]) {
        for leased in deliveries { logger.log(.deliveryLeased, .about(leased)) }
        activity?.recordLeases(deliveries)
    }

    /// Records that deliveries are released unprocessed.
    func recordReleases(_ deliveries: [LeasedDelivery], because reason: String) {
        for leased in deliveries { activity?.recordRelease(of: leased.delivery, because: reason) }
    }

    /// Records that another worker has taken over a delivery.
    func leaseLost(_ leased: LeasedDelivery) {
        activity?.recordRelease(of: leased.delivery, because: "another worker has taken it over")
        logger.log(.leaseLost, .about(leased))
    }

    // MARK: Decision

    /// What becomes of a delivery.
    private enum Disposal {
        case complete
        case retry(Retry)
        case deadLetter(DeadLettering)
        case release
    }

    private struct Retry {
        let result: DeliveryOutcome
        let reason: String
        let delay: Duration
        /// Whether the attempt counts.
        var isCounted = true
        /// Whether the reason is unrelated to the delivery.
        var isInterruption = false
    }

    private struct DeadLettering {
        let result: DeliveryOutcome
        let kind: DeadLetterKind
        let reason: String
    }

    private func disposal(of result: DeliveryOutcome) -> Disposal {
        let leased = result.leased
        func dead(_ kind: DeadLetterKind, _ reason: String) -> Disposal {
            .deadLetter(DeadLettering(result: result, kind: kind, reason: reason))
        }
        switch result.outcome {
        case .imported: return .complete
        case .rejected(let reason): return dead(result.deadLetter, reason)
        case .retryable where Task.isCancelled, .accessDenied where Task.isCancelled,
            .interrupted where Task.isCancelled:
            return .release
        case .accessDenied(let reason)
        where trust.isTrusted && RetryBackoff.isTooOld(leased.delivery, now: clock.now()):
            return dead(.denied, "suspended for 90 days: \(reason)")
        case .accessDenied(let reason): return afterDenial(result, reason)
        case .interrupted(let reason):
            let delay = RetryBackoff.delayAfterInterruption(jitter: jitter())
            return .retry(
                Retry(result: result, reason: reason, delay: delay, isCounted: false, isInterruption: true))
        case .retryable(let reason) where leased.attempt >= RetryBackoff.maximumAttempts:
            return dead(.attempts, "failed \(leased.attempt) times: \(reason)")
        case .retryable(let reason):
            let delay = RetryBackoff.delay(afterAttempt: leased.attempt, jitter: jitter())
            return .retry(Retry(result: result, reason: reason, delay: delay))
        }
    }

    /// Attempts during a suspension do not count.
    private func afterDenial(_ result: DeliveryOutcome, _ reason: String) -> Disposal {
        let lane = result.leased.delivery.lane
        // While all processing of a lane is suspended, none of its deliveries is leased.
        if circuitBreakers.suspended().lanes.contains(lane) { return .release }
        let delay =
            circuitBreakers.timeUntilProbe(lane, .audits).map { max($0, .seconds(1)) }
            ?? RetryBackoff.delayAfterDenial(jitter: jitter())
        return .retry(Retry(result: result, reason: reason, delay: delay, isCounted: false))
    }

    // MARK: Storage

    private func complete(_ results: [DeliveryOutcome]) async {
        guard !results.isEmpty else { return }
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

    private func completed(_ result: DeliveryOutcome, now: Timestamp) {
        let (leased, subject, finding) = (result.leased, result.subject, result.finding)
        metrics.completed(leased.delivery, now: now)
        activity?.recordOutcome(of: leased.delivery, about: subject, finding)
        logger.log(
            .deliveryCompleted,
            .about(
                leased,
                [
                    .milliseconds: .integer(max(now - leased.delivery.receivedAt, .zero).milliseconds),
                    .finding: finding == nil ? nil : subject.findingID.map { .string($0) },
                    .result: finding.map { .string($0.rawValue) },
                ]))
    }

    private func scheduleRetries(_ retries: [Retry]) async {
        guard !retries.isEmpty else { return }
        for retry in retries where retry.isInterruption { outage.failed(retry.reason, to: .work) }
        let now = clock.now()
        let scheduled = retries.map { retry in
            ScheduledRetry(
                retry.result.leased.lease, at: now + retry.delay, reason: retry.reason,
                isCounted: retry.isCounted)
        }
        do throws(StoreError) {
            for (retry, isHeld) in zip(retries, try await queue.retry(scheduled, now: now)) {
                if isHeld { retryScheduled(retry) } else { leaseLost(retry.result.leased) }
            }
        } catch {
            for retry in retries { notStored(retry.result.leased, error) }
        }
    }

    private func retryScheduled(_ retry: Retry) {
        let leased = retry.result.leased
        activity?.recordOutcome(of: leased.delivery, about: retry.result.subject, as: .retried, because: retry.reason)
        guard !retry.isInterruption else {
            logger.log(.deliveryInterrupted, .about(leased, [.reason: .string(retry.reason)]))
            return
        }
        metrics.retries.increment()
        logger.log(
            .deliveryRetryScheduled,
            .about(leased, [.reason: .string(retry.reason), .retryIn: "\(retry.delay)"]))
    }

    private func deadLetter(_ letters: [DeadLettering]) async {
        guard !letters.isEmpty else { return }
        do throws(StoreError) {
            let stored = try await queue.deadLetter(
                letters.map { PermanentFailure($0.result.leased.lease, reason: $0.reason) }, now: clock.now(),
                within: deadLetters.limits.value)
            for (letter, isHeld) in zip(letters, stored.held) {
                if isHeld { deadLettered(letter) } else { leaseLost(letter.result.leased) }
            }
            if !stored.dropped.isEmpty { deadLetters.recordDropped(stored.dropped) }
        } catch {
            for letter in letters { notStored(letter.result.leased, error) }
        }
    }

    private func deadLettered(_ letter: DeadLettering) {
        let leased = letter.result.leased
        metrics.deadLettered(letter.kind)
        activity?.recordOutcome(of: leased.delivery, about: letter.result.subject, as: .dead, because: letter.reason)
        logger.log(
            .deliveryDeadLettered,
            .about(leased, [.code: .string(letter.kind.rawValue), .reason: .string(letter.reason)]))
    }

    private func release(_ released: [LeasedDelivery]) async {
        guard !released.isEmpty else { return }
        recordReleases(released, because: "AWS denies access, or the bridge stops")
        do throws(StoreError) {
            try await queue.release(released.map(\.lease))
        } catch {
            for leased in released { notStored(leased, error) }
        }
    }

    private func notStored(_ leased: LeasedDelivery, _ error: StoreError) {
        // The lease is released as soon as the store is available, and the delivery is leased again.
        activity?.recordRelease(of: leased.delivery, because: "its outcome could not be stored: \(error.message)")
        unstored.add(leased.lease)
        outage.failed(error.message, to: .work)
        logger.log(.outcomeNotStored, .about(leased, [.reason: "\(error)"]))
    }
}

package import AWSClient
package import AWSCore
import DequeModule
package import Encoding
package import Intake
package import Processing
package import Store
import Synchronization

/// Recent activity of this process, for the status page.
package final class ActivityLog: ActivityObserver {
    private struct State {
        /// Oldest first; at most ``eventLimit``.
        var events: Deque<DeliveryEvent> = []
        var histogram = MinuteHistogram()
        var throttledAt: [AccountRegion: Timestamp] = [:]
        var lastDeliveries: [AccountRegion: Timestamp] = [:]
        /// At most ``topicLimit``.
        var topicDeliveries: [ARN: Timestamp] = [:]
        var intakeProblems = IntakeProblems()
        /// Of the deliveries in processing, by delivery id.
        var findingCounts: [String: FindingCounts] = [:]
    }

    /// The recent activity at one point in time.
    struct Snapshot: Sendable {
        /// Outcomes of deliveries, newest first.
        let events: [DeliveryEvent]
        let histogram: MinuteHistogram
        /// Last throttling by AWS.
        let throttledAt: [AccountRegion: Timestamp]
        /// Last delivery.
        let lastDeliveries: [AccountRegion: Timestamp]
        /// Last delivery of each topic.
        let topicDeliveries: [ARN: Timestamp]
        /// Deliveries that point to a misconfigured sender.
        let intakeProblems: IntakeProblems
    }

    /// Most delivery outcomes that are kept.
    static let eventLimit = 100
    /// Most topics whose last delivery is kept.
    static let topicLimit = 10_000

    /// The ways of the last deliveries.
    let traces = DeliveryTraceLog()
    private let state = Mutex(State())
    private let clock: @Sendable () -> Timestamp

    /// Creates an empty log.
    package init(clock: @escaping @Sendable () -> Timestamp) { self.clock = clock }

    /// The recent activity up to now.
    var snapshot: Snapshot {
        state.withLock {
            Snapshot(
                events: $0.events.reversed(), histogram: $0.histogram, throttledAt: $0.throttledAt,
                lastDeliveries: $0.lastDeliveries, topicDeliveries: $0.topicDeliveries,
                intakeProblems: $0.intakeProblems)
        }
    }

    /// Records that a delivery was accepted.
    ///
    /// - Parameters:
    ///   - topic: the SNS topic by which it arrived; nil for other channels.
    ///   - isNew: false for a duplicate.
    package func recordDelivery(from accountRegion: AccountRegion, by topic: ARN? = nil, isNew: Bool) {
        let now = clock()
        state.withLock { state in
            state.lastDeliveries[accountRegion] = Self.later(now, than: state.lastDeliveries[accountRegion])
            if let topic, state.topicDeliveries[topic] != nil || state.topicDeliveries.count < Self.topicLimit {
                state.topicDeliveries[topic] = Self.later(now, than: state.topicDeliveries[topic])
            }
            if isNew { state.histogram.add(now: now) { $0.deliveries += 1 } }
        }
    }

    /// The later of two times. A last time far ahead was recorded before the clock was set back.
    private static func later(_ now: Timestamp, than last: Timestamp?) -> Timestamp {
        guard let last, last - now <= QueueTime.longestWait else { return now }
        return max(now, last)
    }

    /// Records a delivery to a wrong path.
    package func recordMisdirected(_ delivery: MisdirectedDelivery) {
        let now = clock()
        state.withLock { $0.intakeProblems.record(delivery, now: now) }
    }

    /// Records a message that does not come from Device Defender.
    package func recordUnrelated(_ topic: ARN) {
        let now = clock()
        state.withLock { $0.intakeProblems.recordUnrelated(topic, now: now) }
    }

    /// Records an AWS API call.
    package func recordCall(_ call: AWSCall) {
        let now = clock()
        traces.recordCall(call, of: DeliveryScope.deliveries, now: now)
        guard call.failure == .throttled, let account = call.account else { return }
        let accountRegion = AccountRegion(account: account, region: call.region)
        state.withLock { $0.throttledAt[accountRegion] = now }
    }

    /// Records that Security Hub accepted or rejected a finding.
    ///
    /// - Parameters:
    ///   - severity: the severity of the finding; nil if it is not known.
    ///   - deliveryID: the delivery that the finding comes from; nil if it comes from several.
    package func recordFinding(
        _ result: FindingResult, of findingID: String, _ severity: LedgerEntry.Severity?, from deliveryID: String?
    ) {
        let now = clock()
        state.withLock { state in
            if result != .rejected { state.histogram.add(now: now) { $0.imports += 1 } }
            if let deliveryID {
                state.findingCounts[deliveryID, default: FindingCounts()].add(result, findingID, severity)
            }
        }
        guard let deliveryID else { return }
        traces.recordFinding(
            DeliveryTrace.Finding(id: findingID, severity: severity, result: result), from: deliveryID, now: now)
    }

    /// Records that deliveries were leased.
    package func recordLeases(_ deliveries: [LeasedDelivery]) { traces.recordLeases(deliveries, now: clock()) }

    /// Records the outcome of processing a delivery.
    ///
    /// - Parameters:
    ///   - result: the result for its finding, unless ``recordFinding(_:of:_:from:)`` recorded it.
    ///   - ending: the outcome if the delivery was not completed; nil if it was. For a delivery that is released unprocessed, call
    ///     ``recordRelease(of:because:)`` instead.
    ///   - reason: why the delivery was not completed.
    package func recordOutcome(
        of delivery: Delivery, about subject: DeliverySubject, _ result: FindingResult?,
        as ending: DeliveryEvent.Outcome?, because reason: String?
    ) {
        let now = clock()
        let outcome = state.withLock { state in
            var counts = state.findingCounts.removeValue(forKey: delivery.id) ?? FindingCounts()
            if let result, let id = subject.findingID { counts.add(result, id) }
            let usual = subject.kind == .other ? .ignored : counts.outcome
            if state.events.count == Self.eventLimit { state.events.removeFirst() }
            state.events.append(
                DeliveryEvent(
                    at: now, id: delivery.id, accountRegion: delivery.accountRegion, subject: subject,
                    outcome: ending ?? usual, findings: counts.sent,
                    findingID: subject.findingID ?? counts.onlyFindingID,
                    severity: counts.severity ?? subject.severity, source: delivery.source ?? subject.origin,
                    duration: max(now - delivery.receivedAt, .zero)))
            return ending ?? usual
        }
        if let id = subject.findingID {
            let finding = DeliveryTrace.Finding(id: id, severity: subject.severity, result: result)
            traces.recordFinding(finding, from: delivery.id, now: now)
        }
        let step = DeliveryTrace.Step.Kind(ending)
        traces.recordStep(step, reason ?? outcome.rawValue, about: subject.text, of: delivery.id, now: now)
    }

    /// Records that a delivery is released unprocessed, or that its lease was lost.
    package func recordRelease(of delivery: Delivery, because reason: String) {
        state.withLock { $0.findingCounts[delivery.id] = nil }
        traces.recordStep(.released, reason, of: delivery.id, now: clock())
    }
}

extension DeliveryTrace.Step.Kind {
    /// The step that ends an attempt.
    fileprivate init(_ ending: DeliveryEvent.Outcome?) {
        switch ending {
        case .retried: self = .retried
        case .dead: self = .dead
        default: self = .completed
        }
    }
}

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
        /// Deliveries that point to a misconfigured sender.
        let intakeProblems: IntakeProblems
    }

    /// Most delivery outcomes that are kept.
    static let eventLimit = 100

    private let state = Mutex(State())
    private let clock: @Sendable () -> Timestamp

    /// Creates an empty log.
    package init(clock: @escaping @Sendable () -> Timestamp) { self.clock = clock }

    /// The recent activity up to now.
    var snapshot: Snapshot {
        state.withLock {
            Snapshot(
                events: $0.events.reversed(), histogram: $0.histogram, throttledAt: $0.throttledAt,
                lastDeliveries: $0.lastDeliveries, intakeProblems: $0.intakeProblems)
        }
    }

    /// Records that a delivery was accepted.
    ///
    /// - Parameter isNew: false for a duplicate.
    package func recordDelivery(from accountRegion: AccountRegion, isNew: Bool) {
        let now = clock()
        state.withLock { state in
            let last = state.lastDeliveries[accountRegion] ?? now
            // A time far ahead was recorded before the clock was set back.
            state.lastDeliveries[accountRegion] =
                last - now > QueueTime.longestWait ? now : max(now, last)
            if isNew { state.histogram.add(now: now) { $0.deliveries += 1 } }
        }
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
        guard call.failure == .throttled, let account = call.account else { return }
        let (now, accountRegion) = (clock(), AccountRegion(account: account, region: call.region))
        state.withLock { $0.throttledAt[accountRegion] = now }
    }

    /// Records that Security Hub accepted or rejected a finding.
    ///
    /// - Parameter deliveryID: the delivery that the finding comes from; nil if it comes from several.
    package func recordFinding(_ result: FindingResult, of findingID: String, from deliveryID: String?) {
        let now = clock()
        state.withLock { state in
            if result != .rejected { state.histogram.add(now: now) { $0.imports += 1 } }
            if let deliveryID { state.findingCounts[deliveryID, default: FindingCounts()].add(result, findingID) }
        }
    }

    /// Records the outcome of processing a delivery.
    ///
    /// - Parameters:
    ///   - result: the result for its finding, unless ``recordFinding(_:of:from:)`` recorded it.
    ///   - ending: the outcome if the delivery was not completed; nil if it was. For a delivery that is released unprocessed, call
    ///     ``discardCounts(of:)`` instead.
    package func recordOutcome(
        of delivery: Delivery, about subject: DeliverySubject, _ result: FindingResult?,
        as ending: DeliveryEvent.Outcome?
    ) {
        let now = clock()
        state.withLock { state in
            var counts = state.findingCounts.removeValue(forKey: delivery.id) ?? FindingCounts()
            if let result, let id = subject.findingID { counts.add(result, id) }
            let usual = subject.kind == .other ? .ignored : counts.outcome
            if state.events.count == Self.eventLimit { state.events.removeFirst() }
            state.events.append(
                DeliveryEvent(
                    at: now, id: delivery.id, accountRegion: delivery.accountRegion, subject: subject,
                    outcome: ending ?? usual,
                    findings: counts.sent, findingID: subject.findingID ?? counts.onlyFindingID,
                    duration: max(now - delivery.receivedAt, .zero)))
        }
    }

    /// Discards the counts of a delivery that is released unprocessed.
    package func discardCounts(of delivery: Delivery) { state.withLock { $0.findingCounts[delivery.id] = nil } }
}

import AWSClient
import AWSCore
import Store
import Synchronization

/// What this process has seen of late, for the status page.
final class ActivityLog: Sendable {
    private struct State {
        var events = RingBuffer<DeliveryEvent>(capacity: eventLimit)
        var histogram = MinuteHistogram()
        var throttledAt: [AccountRegion: Int64] = [:]
        var lastDeliveries: [AccountRegion: Int64] = [:]
        var intakeProblems = IntakeProblems()
        /// Of the deliveries that are being worked on, by id.
        var findingCounts: [String: FindingCounts] = [:]
    }

    /// What is known now.
    struct Snapshot: Sendable {
        /// What became of deliveries, the newest first.
        let events: [DeliveryEvent]
        let histogram: MinuteHistogram
        /// When AWS throttled last, in milliseconds since 1970.
        let throttledAt: [AccountRegion: Int64]
        /// When deliveries came last, in milliseconds since 1970.
        let lastDeliveries: [AccountRegion: Int64]
        /// What points to a wrong setting.
        let intakeProblems: IntakeProblems
    }

    /// How many deliveries are remembered.
    static let eventLimit = 100

    private let state = Mutex(State())
    private let clock: @Sendable () -> Int64

    /// - Parameter clock: milliseconds since 1970.
    init(clock: @escaping @Sendable () -> Int64) { self.clock = clock }

    /// What is known now.
    var snapshot: Snapshot {
        state.withLock {
            Snapshot(
                events: $0.events.newestFirst, histogram: $0.histogram, throttledAt: $0.throttledAt,
                lastDeliveries: $0.lastDeliveries, intakeProblems: $0.intakeProblems)
        }
    }

    /// A delivery came.
    ///
    /// - Parameter isNew: whether it was not known.
    func recordDelivery(from accountRegion: AccountRegion, isNew: Bool) {
        let now = clock()
        state.withLock { state in
            let last = state.lastDeliveries[accountRegion] ?? now
            // One that is far ahead was noted before the clock was set back.
            state.lastDeliveries[accountRegion] =
                last.saturatingSubtracting(now) > QueueTime.longestWait ? now : max(now, last)
            if isNew { state.histogram.add(now: now) { $0.deliveries += 1 } }
        }
    }

    /// A delivery came to a wrong path.
    func recordMisdirected(_ delivery: MisdirectedDelivery) {
        let now = clock()
        state.withLock { $0.intakeProblems.record(delivery, now: now) }
    }

    /// A message came that is not Device Defender's.
    func recordUnrelated(_ topic: ARN) {
        let now = clock()
        state.withLock { $0.intakeProblems.recordUnrelated(topic, now: now) }
    }

    /// AWS was called.
    func recordCall(_ call: AWSCall) {
        guard call.failure == .throttled, let account = call.account else { return }
        let (now, accountRegion) = (clock(), AccountRegion(account: account, region: call.region))
        state.withLock { $0.throttledAt[accountRegion] = now }
    }

    /// Security Hub was told of a finding, or refused it.
    ///
    /// - Parameter deliveryID: the delivery that it comes from; nil if there are several.
    func recordFinding(_ result: FindingResult, of findingID: String, from deliveryID: String?) {
        let now = clock()
        state.withLock { state in
            if result != .rejected { state.histogram.add(now: now) { $0.imports += 1 } }
            if let deliveryID { state.findingCounts[deliveryID, default: FindingCounts()].add(result, findingID) }
        }
    }

    /// The work on a delivery has come to an end of some kind.
    ///
    /// - Parameters:
    ///   - result: what became of its finding, if that is not known from ``told(_:of:from:)``.
    ///   - ending: what became of the delivery instead; nil if it is done. A delivery that is given back untouched has none,
    ///     and is not remembered.
    func recordOutcome(
        of delivery: Delivery, about subject: DeliverySubject, _ result: FindingResult? = nil,
        as ending: DeliveryEvent.Outcome? = nil
    ) {
        let now = clock()
        state.withLock { state in
            var counts = state.findingCounts.removeValue(forKey: delivery.id) ?? FindingCounts()
            if let result, let id = subject.findingID { counts.add(result, id) }
            let usual = subject.kind == .other ? .ignored : counts.outcome
            state.events.add(
                DeliveryEvent(
                    at: now, id: delivery.id, accountRegion: delivery.accountRegion, subject: subject,
                    outcome: ending ?? usual,
                    findings: counts.sent, findingID: subject.findingID ?? counts.onlyFindingID,
                    duration: max(now.saturatingSubtracting(delivery.receivedAt), 0)))
        }
    }

    /// A delivery was given back untouched: what was counted of it is forgotten.
    func discardCounts(of delivery: Delivery) { state.withLock { $0.findingCounts[delivery.id] = nil } }
}

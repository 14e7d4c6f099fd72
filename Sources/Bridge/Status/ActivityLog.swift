import AWSClient
import AWSCore
import Store
import Synchronization

/// What this process has seen of late, for the status page.
final class ActivityLog: Sendable {
    private struct State {
        var events = RingBuffer<DeliveryEvent>(capacity: eventLimit)
        var chart = MinuteHistogram()
        var throttledAt: [AccountRegion: Int64] = [:]
        var lastDeliveries: [AccountRegion: Int64] = [:]
        var notices = IntakeProblems()
        /// Of the deliveries that are being worked on, by id.
        var tallies: [String: FindingCounts] = [:]
    }

    /// What is known now.
    struct Snapshot: Sendable {
        /// What became of deliveries, the newest first.
        let events: [DeliveryEvent]
        let chart: MinuteHistogram
        /// When AWS throttled last, in milliseconds since 1970.
        let throttledAt: [AccountRegion: Int64]
        /// When deliveries came last, in milliseconds since 1970.
        let lastDeliveries: [AccountRegion: Int64]
        /// What points to a wrong setting.
        let notices: IntakeProblems
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
                events: $0.events.newestFirst, chart: $0.chart, throttledAt: $0.throttledAt,
                lastDeliveries: $0.lastDeliveries, notices: $0.notices)
        }
    }

    /// A delivery came.
    ///
    /// - Parameter isNew: whether it was not known.
    func received(from accountRegion: AccountRegion, isNew: Bool) {
        let now = clock()
        state.withLock { state in
            let last = state.lastDeliveries[accountRegion] ?? now
            // One that is far ahead was noted before the clock was set back.
            state.lastDeliveries[accountRegion] =
                last.saturatingSubtracting(now) > QueueTime.longestWait ? now : max(now, last)
            if isNew { state.chart.add(now: now) { $0.deliveries += 1 } }
        }
    }

    /// A delivery came to a wrong path.
    func misdirected(_ delivery: MisdirectedDelivery) {
        let now = clock()
        state.withLock { $0.notices.note(delivery, now: now) }
    }

    /// A message came that is not Device Defender's.
    func unrelated(_ topic: ARN) {
        let now = clock()
        state.withLock { $0.notices.noteUnrelated(topic, now: now) }
    }

    /// AWS was called.
    func called(_ call: AWSCall) {
        guard call.failure == .throttled, let account = call.account else { return }
        let (now, accountRegion) = (clock(), AccountRegion(account: account, region: call.region))
        state.withLock { $0.throttledAt[accountRegion] = now }
    }

    /// Security Hub was told of a finding, or refused it.
    ///
    /// - Parameter deliveryID: the delivery that it comes from; nil if there are several.
    func told(_ result: FindingResult, of findingID: String, from deliveryID: String?) {
        let now = clock()
        state.withLock { state in
            if result != .rejected { state.chart.add(now: now) { $0.imports += 1 } }
            if let deliveryID { state.tallies[deliveryID, default: FindingCounts()].add(result, findingID) }
        }
    }

    /// The work on a delivery has come to an end of some kind.
    ///
    /// - Parameters:
    ///   - result: what became of its finding, if that is not known from ``told(_:of:from:)``.
    ///   - ending: what became of the delivery instead; nil if it is done. A delivery that is given back untouched has none,
    ///     and is not remembered.
    func ended(
        _ delivery: Delivery, about topic: DeliverySubject, _ result: FindingResult? = nil,
        as ending: DeliveryEvent.Outcome? = nil
    ) {
        let now = clock()
        state.withLock { state in
            var tally = state.tallies.removeValue(forKey: delivery.id) ?? FindingCounts()
            if let result, let id = topic.findingID { tally.add(result, id) }
            let usual = topic.kind == .other ? .ignored : tally.outcome
            state.events.add(
                DeliveryEvent(
                    at: now, id: delivery.id, accountRegion: delivery.accountRegion, topic: topic,
                    outcome: ending ?? usual,
                    findings: tally.told, findingID: topic.findingID ?? tally.onlyFindingID,
                    duration: max(now.saturatingSubtracting(delivery.receivedAt), 0)))
        }
    }

    /// A delivery was given back untouched: what was counted of it is forgotten.
    func released(_ delivery: Delivery) { state.withLock { $0.tallies[delivery.id] = nil } }
}

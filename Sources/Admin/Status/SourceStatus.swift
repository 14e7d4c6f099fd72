import Encoding
import JSON
import Processing
import Store

/// Status of a mapped source for status.json, in all its account-Regions. A pure value.
struct SourceStatus: Sendable {
    let name: String
    /// Whether it is in the configuration; if not, it has deliveries or a pause left from when it was.
    let isConfigured: Bool
    var depths: [QueueDepth] = []
    var isPaused = false
    /// The number of account-Regions in which AWS denies its requests.
    var denied = 0

    /// An element of `sources` in status.json.
    ///
    /// - Parameter isKnown: whether the store was read. If not, members from the store are `null`.
    func json(isKnown: Bool) -> JSON {
        let own: JSON.Members = [
            "name": .string(name), "configured": .bool(isConfigured), "denied": .integer(denied),
        ]
        let stored: JSON.Members = [
            "pending": .integer(count(.pending) + count(.waiting)), "leased": .integer(count(.leased)),
            "dead": .integer(count(.dead)), "oldestPendingAt": .time(oldest),
            "paused": .bool(isPaused),
        ]
        return .object(own.merging(isKnown ? stored : stored.mapValues { _ in .null }) { first, _ in first })
    }

    private func count(_ state: QueueDepth.State) -> Int {
        depths.reduce(0) { $0 + ($1.state == state ? $1.count : 0) }
    }

    private var oldest: Timestamp? { depths.filter { $0.state != .dead }.map(\.oldestReceivedAt).min() }

    /// The configured sources in the order of the file, then the other ones with deliveries, a pause or a denial, sorted.
    ///
    /// - Parameter stored: the queue; nil if the store is unavailable.
    static func all(
        configured: [String], stored: StoreSnapshot.QueueSnapshot?, denied: [CircuitBreakers.Entry]
    ) -> [SourceStatus] {
        var all = Dictionary(configured.map { ($0, SourceStatus(name: $0, isConfigured: true)) }) { first, _ in first }
        func change(_ name: String?, _ change: (inout SourceStatus) -> Void) {
            guard let name else { return }
            change(&all[name, default: SourceStatus(name: name, isConfigured: false)])
        }
        for depth in stored?.depths ?? [] { change(depth.source) { $0.depths.append(depth) } }
        for pause in stored?.pauses ?? [] { change(pause.scope.source) { $0.isPaused = true } }
        for entry in denied { change(entry.lane.source) { $0.denied += 1 } }
        if stored?.pauses.contains(where: { $0.scope == .all }) == true {
            for name in all.keys { change(name) { $0.isPaused = true } }
        }
        let others = all.keys.filter { !configured.contains($0) }.sorted()
        return (configured + others).compactMap { all[$0] }
    }
}

import AWSCore
import Intake

/// Recent deliveries that point to a misconfigured sender: requests to wrong paths, and messages of allowed topics that do not come
/// from Device Defender. A pure value of bounded size; times are milliseconds since 1970.
struct IntakeProblems: Sendable {
    /// How often a delivery was seen, and when last.
    struct Count: Sendable, Hashable {
        var count = 0
        var lastAt: Int64
    }

    /// Most paths, and most topics, that are kept. Beyond, the one seen least recently is removed.
    static let limit = 20
    /// How long after its last occurrence an entry is reported.
    static let lifetime: Int64 = 86_400_000

    private(set) var misdirected: [MisdirectedDelivery: Count] = [:]
    private(set) var unrelated: [ARN: Count] = [:]

    /// Records a request to a wrong path.
    mutating func record(_ delivery: MisdirectedDelivery, now: Int64) { Self.record(delivery, in: &misdirected, now) }

    /// Records a message of a topic that does not come from Device Defender.
    mutating func recordUnrelated(_ topic: ARN, now: Int64) { Self.record(topic, in: &unrelated, now) }

    private static func record<Key>(_ key: Key, in counts: inout [Key: Count], _ now: Int64) {
        if counts[key] == nil, counts.count >= limit,
            let oldest = counts.min(by: { $0.value.lastAt < $1.value.lastAt })?.key
        {
            counts[oldest] = nil
        }
        var count = counts[key] ?? Count(lastAt: now)
        count.count += 1
        count.lastAt = max(count.lastAt, now)
        counts[key] = count
    }

    /// Only entries within their ``lifetime``.
    func recent(now: Int64) -> IntakeProblems {
        var recent = self
        recent.misdirected = misdirected.filter { $0.value.lastAt > now - Self.lifetime }
        recent.unrelated = unrelated.filter { $0.value.lastAt > now - Self.lifetime }
        return recent
    }
}

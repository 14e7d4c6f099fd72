import AWSCore
import Encoding
import Intake

/// Recent deliveries that point to a misconfigured sender: requests to wrong paths, and messages of allowed topics that do not come
/// from Device Defender. A pure value of bounded size.
struct IntakeProblems: Sendable {
    /// How often a delivery was seen, and when last.
    struct Count: Sendable, Hashable {
        var count = 0
        var lastAt: Timestamp
    }

    /// Most paths, and most topics, that are kept. Beyond, the one seen least recently is removed.
    static let limit = 20
    /// How long after its last occurrence an entry is reported.
    static let lifetime = Duration.seconds(86_400)

    private(set) var misdirected: [MisdirectedDelivery: Count] = [:]
    private(set) var unrelated: [ARN: Count] = [:]

    /// Records a request to a wrong path.
    mutating func record(_ delivery: MisdirectedDelivery, now: Timestamp) {
        Self.record(delivery, in: &misdirected, now)
    }

    /// Records a message of a topic that does not come from Device Defender.
    mutating func recordUnrelated(_ topic: ARN, now: Timestamp) { Self.record(topic, in: &unrelated, now) }

    private static func record<Key>(_ key: Key, in counts: inout [Key: Count], _ now: Timestamp) {
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
    func recent(now: Timestamp) -> IntakeProblems {
        var recent = self
        recent.misdirected = misdirected.filter { $0.value.lastAt > now - Self.lifetime }
        recent.unrelated = unrelated.filter { $0.value.lastAt > now - Self.lifetime }
        return recent
    }
}

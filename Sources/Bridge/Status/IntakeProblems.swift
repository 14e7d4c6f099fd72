import AWSCore

/// What came in lately that points to a wrong setting elsewhere: deliveries to wrong paths, and messages of allowed topics
/// that are not Device Defender's. A pure value of bounded size; times are milliseconds since 1970.
struct IntakeProblems: Sendable {
    /// How often something came, and when last.
    struct Count: Sendable, Hashable {
        var count = 0
        var lastAt: Int64
    }

    /// How many paths, and how many topics, are kept; the one seen longest ago makes room.
    static let limit = 20
    /// How long something is reported after it came last.
    static let lifetime: Int64 = 86_400_000

    private(set) var misdirected: [MisdirectedDelivery: Count] = [:]
    private(set) var unrelated: [ARN: Count] = [:]

    mutating func record(_ delivery: MisdirectedDelivery, now: Int64) { Self.record(delivery, in: &misdirected, now) }

    /// A message of a topic is not Device Defender's.
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

    /// Without what came too long ago.
    func recent(now: Int64) -> IntakeProblems {
        var recent = self
        recent.misdirected = misdirected.filter { $0.value.lastAt > now - Self.lifetime }
        recent.unrelated = unrelated.filter { $0.value.lastAt > now - Self.lifetime }
        return recent
    }
}

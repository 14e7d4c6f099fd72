/// How many dead letters a store keeps, and how many bytes of them. Beyond, the oldest are dropped.
///
/// No channel, and so no topic, takes more than half of either. Within a channel that takes more, and between channels when
/// all together take more, the topic that takes most loses its oldest dead letters first: noise from one topic does not push
/// out the dead letters of another.
public struct DeadLetterLimits: Sendable, Hashable {
    /// The most dead letters, at least 2.
    public let maximumCount: Int
    /// The most bytes of payloads and reasons.
    public let maximumBytes: Int

    /// What holds unless an operator says otherwise: 100,000 dead letters of 256 MiB.
    public static let standard = DeadLetterLimits(maximumCount: 100_000, maximumBytes: 256 << 20)

    /// Puts the limits together.
    public init(maximumCount: Int, maximumBytes: Int) {
        self.maximumCount = maximumCount
        self.maximumBytes = maximumBytes
    }

    /// What one channel may take.
    var half: DeadLetterLimits {
        DeadLetterLimits(maximumCount: maximumCount / 2, maximumBytes: maximumBytes / 2)
    }
}

/// What some dead letters take of a store.
public struct DeadLetterLoad: Sendable, Hashable {
    /// How many there are.
    public var count: Int
    /// The bytes of their payloads and reasons.
    public var bytes: Int

    /// Puts the figures together.
    public init(count: Int = 0, bytes: Int = 0) {
        self.count = count
        self.bytes = bytes
    }

    static func + (one: Self, other: Self) -> Self {
        Self(count: one.count + other.count, bytes: one.bytes + other.bytes)
    }
}

/// What the dead letters in a store take.
public struct DeadLetterUsage: Sendable, Hashable {
    /// What those of each source take.
    public var loads: [Delivery.Channel: DeadLetterLoad]
    /// How many were dropped since the store was created, because of a limit or their age.
    public var dropped: Int
    /// When the dead letter that has been kept longest failed last, in milliseconds since 1970; nil if there is none.
    public var oldestFailedAt: Int64?

    /// Puts the figures together.
    public init(loads: [Delivery.Channel: DeadLetterLoad] = [:], dropped: Int = 0, oldestFailedAt: Int64? = nil) {
        self.loads = loads
        self.dropped = dropped
        self.oldestFailedAt = oldestFailedAt
    }

    /// What all together take.
    public var total: DeadLetterLoad { loads.values.reduce(DeadLetterLoad(), +) }

    /// What each channel takes.
    var channels: [(channels: [Delivery.Channel], load: DeadLetterLoad)] {
        Delivery.Channel.groups.map { channels in
            (channels, channels.reduce(DeadLetterLoad()) { $0 + (loads[$1] ?? DeadLetterLoad()) })
        }
    }

    /// How much of its limit the count, or the bytes, take: of all together or of the channel that is nearest to its half,
    /// whichever is more. 1 is the point from which on dead letters are dropped.
    public func utilization(of limits: DeadLetterLimits) -> (count: Double, bytes: Double) {
        func ratio(_ used: Int, _ limit: Int) -> Double { limit > 0 ? Double(used) / Double(limit) : 1 }
        let (total, half) = (total, limits.half)
        return channels.reduce((ratio(total.count, limits.maximumCount), ratio(total.bytes, limits.maximumBytes))) {
            (max($0.0, ratio($1.load.count, half.maximumCount)), max($0.1, ratio($1.load.bytes, half.maximumBytes)))
        }
    }

    /// What must be dropped next; nil if all is within the limits.
    func excess(over limits: DeadLetterLimits) -> DeadLetterExcess? {
        let half = limits.half
        for measure in [DroppedDeadLetters.Cause.count, .bytes] {
            let limit = measure.limit(in: half)
            for (channels, load) in channels where measure.amount(of: load) > limit {
                return DeadLetterExcess(channels: channels, cause: measure, amount: measure.amount(of: load) - limit)
            }
        }
        for measure in [DroppedDeadLetters.Cause.count, .bytes] {
            let amount = measure.amount(of: total) - measure.limit(in: limits)
            guard amount > 0 else { continue }
            let largest = channels.max { measure.amount(of: $0.load) < measure.amount(of: $1.load) }
            return largest.map { DeadLetterExcess(channels: $0.channels, cause: measure, amount: amount) }
        }
        return nil
    }
}

/// What must be dropped: so much of the dead letters of these sources.
struct DeadLetterExcess: Sendable, Hashable {
    let channels: [Delivery.Channel]
    let cause: DroppedDeadLetters.Cause
    let amount: Int
}

/// Dead letters that were dropped.
public struct DroppedDeadLetters: Sendable, Hashable {
    /// Why dead letters are dropped.
    public enum Cause: String, Sendable, Hashable, CaseIterable {
        /// There were too many.
        case count
        /// They took too many bytes.
        case bytes
        /// They were too old.
        case age

        func amount(of load: DeadLetterLoad) -> Int { self == .bytes ? load.bytes : load.count }

        func limit(in limits: DeadLetterLimits) -> Int {
            self == .bytes ? limits.maximumBytes : limits.maximumCount
        }
    }

    /// How many, by why.
    public private(set) var counts: [Cause: Int] = [:]
    /// The SNS topic of the last one; nil if it came by no topic, or if that is not known.
    public private(set) var lastTopic: String?

    /// None.
    public init() {}

    /// Whether there are none.
    public var isEmpty: Bool { counts.isEmpty }

    mutating func add(_ count: Int, for cause: Cause, of topic: String) {
        guard count > 0 else { return }
        counts[cause, default: 0] += count
        lastTopic = topic.isEmpty ? nil : topic
    }

    mutating func add(_ more: Self) {
        counts.merge(more.counts, uniquingKeysWith: +)
        lastTopic = more.lastTopic ?? lastTopic
    }
}

extension Delivery.Channel {
    /// The channels by their names: the bridge's own share one.
    static var groups: [[Self]] { [[.sns], [.eventBridge], [.schedule, .catchUp]] }
}

package import Encoding

/// The maximum number and size of the dead letters in a store. Beyond them, the oldest are dropped.
///
/// No channel, and so no topic and no mapped source, uses more than half of either. In a channel that exceeds its half, or
/// when all channels together exceed a limit, the topic or mapped source that uses most loses its oldest dead letters
/// first: a noisy one does not evict the dead letters of another.
package struct DeadLetterLimits: Sendable, Hashable {
    /// The maximum number of dead letters, at least 2.
    package let maximumCount: Int
    /// The maximum size of payloads and reasons, in bytes.
    package let maximumBytes: Int

    /// The default limits: 100,000 dead letters, 256 MiB.
    package static let standard = DeadLetterLimits(maximumCount: 100_000, maximumBytes: 256 << 20)

    /// Creates a value.
    package init(maximumCount: Int, maximumBytes: Int) {
        self.maximumCount = maximumCount
        self.maximumBytes = maximumBytes
    }

    /// The limits of one channel.
    package var half: DeadLetterLimits {
        DeadLetterLimits(maximumCount: maximumCount / 2, maximumBytes: maximumBytes / 2)
    }
}

/// The number and size of some dead letters.
package struct DeadLetterLoad: Sendable, Hashable {
    /// The number.
    package var count: Int
    /// The size of the payloads and reasons, in bytes.
    package var bytes: Int

    /// Creates a value.
    package init(count: Int = 0, bytes: Int = 0) {
        self.count = count
        self.bytes = bytes
    }

    /// The sum of two loads.
    package static func + (one: Self, other: Self) -> Self {
        Self(count: one.count + other.count, bytes: one.bytes + other.bytes)
    }
}

/// The number and size of all dead letters in a store.
package struct DeadLetterUsage: Sendable, Hashable {
    /// The number and size by channel.
    package var loads: [Delivery.Channel: DeadLetterLoad]
    /// How many dead letters were dropped since the store was created, because of a limit or their age.
    package var dropped: Int
    /// When the oldest dead letter failed last; nil if there is none.
    package var oldestFailedAt: Timestamp?

    /// Creates a value.
    package init(loads: [Delivery.Channel: DeadLetterLoad] = [:], dropped: Int = 0, oldestFailedAt: Timestamp? = nil) {
        self.loads = loads
        self.dropped = dropped
        self.oldestFailedAt = oldestFailedAt
    }

    /// The number and size of all of them.
    package var total: DeadLetterLoad { loads.values.reduce(DeadLetterLoad(), +) }

    /// The number and size by group of channels with a common limit.
    package var channels: [(channels: [Delivery.Channel], load: DeadLetterLoad)] {
        Delivery.Channel.groups.map { channels in
            (channels, channels.reduce(DeadLetterLoad()) { $0 + (loads[$1] ?? DeadLetterLoad()) })
        }
    }

    /// The used fractions of the count limit and of the size limit: of all dead letters, or of the channel nearest to
    /// its half, whichever is greater. From 1 on, dead letters are dropped.
    package func utilization(of limits: DeadLetterLimits) -> (count: Double, bytes: Double) {
        func ratio(_ used: Int, _ limit: Int) -> Double { limit > 0 ? Double(used) / Double(limit) : 1 }
        let (total, half) = (total, limits.half)
        return channels.reduce((ratio(total.count, limits.maximumCount), ratio(total.bytes, limits.maximumBytes))) {
            (max($0.0, ratio($1.load.count, half.maximumCount)), max($0.1, ratio($1.load.bytes, half.maximumBytes)))
        }
    }

    /// What must be dropped next; nil if everything is within the limits.
    package func excess(over limits: DeadLetterLimits) -> DeadLetterExcess? {
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

/// How much of the dead letters of some channels must be dropped.
package struct DeadLetterExcess: Sendable, Hashable {
    /// The channels, which share a limit.
    package let channels: [Delivery.Channel]
    /// The exceeded limit.
    package let cause: DroppedDeadLetters.Cause
    /// By how much: a number of dead letters or bytes, depending on the cause.
    package let amount: Int
}

/// The result of dropping dead letters.
package struct DroppedDeadLetters: Sendable, Hashable {
    /// Why dead letters are dropped.
    package enum Cause: String, Sendable, Hashable, CaseIterable {
        /// The count limit was exceeded.
        case count
        /// The size limit was exceeded.
        case bytes
        /// They expired.
        case age

        /// What a limit of this kind measures: a number of dead letters or bytes.
        package func amount(of load: DeadLetterLoad) -> Int { self == .bytes ? load.bytes : load.count }

        /// The limit of this kind.
        package func limit(in limits: DeadLetterLimits) -> Int {
            self == .bytes ? limits.maximumBytes : limits.maximumCount
        }
    }

    /// The number by cause.
    package private(set) var counts: [Cause: Int] = [:]
    /// The SNS topic or the mapped source of the last one; nil if it has neither, or if it is unknown.
    package private(set) var lastShare: String?

    /// Creates an empty result.
    package init() {}

    /// Whether nothing was dropped.
    package var isEmpty: Bool { counts.isEmpty }

    /// Adds dropped dead letters of a topic or a mapped source; an empty name is unknown.
    package mutating func add(_ count: Int, for cause: Cause, of share: String) {
        guard count > 0 else { return }
        counts[cause, default: 0] += count
        lastShare = share.isEmpty ? nil : share
    }

    /// Adds a later result.
    package mutating func add(_ more: Self) {
        counts.merge(more.counts, uniquingKeysWith: +)
        lastShare = more.lastShare ?? lastShare
    }
}

extension Delivery.Channel {
    /// The channels that share a limit: those with one name.
    package static var groups: [[Self]] { allCases.filter { $0 == named($0.name).first }.map { named($0.name) } }
}

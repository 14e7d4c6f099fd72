/// The number and size of the dead letters of one topic, of one mapped source, or of a channel without either; or a
/// change of them. A pure value.
package struct DeadLetterShare: Sendable, Hashable {
    /// The channel, as it is stored.
    package let channel: String
    /// The topic or the mapped source; empty if there is none or if it is unknown. Stored in the column `topic`.
    package let name: String
    /// The number and size; negative to subtract them.
    package var load: DeadLetterLoad
    /// How many of them are dropped.
    package var dropped = 0

    /// Creates a value.
    package init(channel: String, name: String, load: DeadLetterLoad, dropped: Int = 0) {
        (self.channel, self.name, self.load, self.dropped) = (channel, name, load, dropped)
    }

    /// The changes that dropping these dead letters causes.
    package static func dropping(_ letters: [Self]) -> [Self] {
        let shares = Dictionary(grouping: letters) { [$0.channel, $0.name] }
        return shares.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { name, letters in
            let load = letters.reduce(DeadLetterLoad()) { $0 + $1.load }
            return Self(
                channel: name[0], name: name[1], load: DeadLetterLoad(count: -load.count, bytes: -load.bytes),
                dropped: load.count)
        }
    }
}

/// The result of one transaction that drops dead letters.
package struct DeadLetterDrop: Sendable {
    /// What was dropped.
    package var dropped = DroppedDeadLetters()
    /// Whether the rest is within the limits.
    package var isDone: Bool

    /// Creates an empty result.
    package init(isDone: Bool = true) { self.isDone = isDone }

    /// Adds the result of the next transaction.
    package mutating func add(_ next: Self) {
        dropped.add(next.dropped)
        isDone = next.isDone
    }
}

/// The dead letters that the largest share loses next. A pure value.
package struct DeadLetterPortion: Sendable, Hashable {
    /// The share whose dead letters are dropped.
    package let share: DeadLetterShare
    private let amount: Int
    private let cause: DroppedDeadLetters.Cause
    /// How many of its oldest dead letters to read.
    package let rows: Int

    /// How many rows to read to free a number of bytes.
    private static let rowsForBytes = 16

    fileprivate init(share: DeadLetterShare, amount: Int, cause: DroppedDeadLetters.Cause, atMost limit: Int) {
        (self.share, self.amount, self.cause) = (share, amount, cause)
        rows = min(limit, cause == .bytes ? Self.rowsForBytes : amount)
    }

    /// How many of the oldest dead letters must be dropped.
    ///
    /// - Parameter letters: The oldest dead letters, oldest first.
    package func count(of letters: [DeadLetterShare]) -> Int {
        var left = amount
        return letters.prefix { letter in
            defer { left -= cause.amount(of: letter.load) }
            return left > 0
        }.count
    }
}

extension DeadLetterExcess {
    /// What to drop next so that the largest shares converge to the same size; nil if there is nothing.
    ///
    /// - Parameters:
    ///   - shares: The two largest shares of each channel.
    ///   - limit: The maximum number to drop.
    package func portion(of shares: [DeadLetterShare], atMost limit: Int) -> DeadLetterPortion? {
        let sorted = shares.sorted { cause.amount(of: $0.load) > cause.amount(of: $1.load) }
        guard let largest = sorted.first else { return nil }
        let next = sorted.dropFirst().first.map { cause.amount(of: $0.load) } ?? 0
        let lead = max(cause.amount(of: largest.load) - next, 1)
        return DeadLetterPortion(share: largest, amount: min(amount, lead), cause: cause, atMost: limit)
    }
}

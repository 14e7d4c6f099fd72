/// Which lines of the log are written, and which are summed up because many of the same kind come. A pure value; times are
/// milliseconds since 1970.
///
/// Of each kind the first so many in a minute are written; what follows is counted, and told in one line when the minute is
/// over.
struct RepeatedLineLimiter<Kind: Hashable & Sendable>: Sendable {
    /// Lines that were counted and not written.
    struct Summary: Sendable, Hashable {
        let kind: Kind
        let count: Int
        /// The time that they came in, in seconds.
        let seconds: Int64
    }

    /// How many lines of a kind are written in a minute.
    static var limit: Int { 20 }
    /// How long lines are counted, in milliseconds.
    static var window: Int64 { 60_000 }
    /// How many kinds are kept apart; lines of more are written all.
    static var maximumKinds: Int { 256 }

    private struct Count: Sendable {
        let since: Int64
        var written = 0
        var summed = 0
    }

    private var counts: [Kind: Count] = [:]
    /// When the first of the minutes is over.
    private var nextEnd = Int64.max
    private var lastLook = Int64.min

    /// Whether to write a line.
    ///
    /// - Parameter other: the kind that it counts as when many kinds are kept apart already; nil if it always is its own.
    mutating func takes(_ kind: Kind, elseAs other: Kind?, now: Int64) -> Bool {
        guard let other, counts[kind] == nil, counts.count >= Self.maximumKinds / 2 else {
            return takes(kind, now: now)
        }
        return takes(other, now: now)
    }

    /// Whether to write a line.
    mutating func takes(_ kind: Kind, now: Int64) -> Bool {
        guard var count = counts[kind] else {
            guard counts.count < Self.maximumKinds else { return true }
            counts[kind] = Count(since: now, written: 1)
            nextEnd = min(nextEnd, now + Self.window)
            return true
        }
        defer { counts[kind] = count }
        guard count.written >= Self.limit else {
            count.written += 1
            return true
        }
        count.summed += 1
        return false
    }

    /// Takes out what is to be told: of those minutes that are over or, at the end, of all.
    mutating func takeSummaries(now: Int64, atEnd: Bool = false) -> [Summary] {
        defer { lastLook = now }
        guard atEnd || now >= nextEnd || now < lastLook else { return [] }
        // A clock that was set back makes no minute longer.
        let over = counts.filter { atEnd || now >= $0.value.since + Self.window || now < $0.value.since }
        for kind in over.keys { counts[kind] = nil }
        nextEnd = counts.values.map { $0.since + Self.window }.min() ?? .max
        return over.compactMap { kind, count in
            count.summed == 0
                ? nil : Summary(kind: kind, count: count.summed, seconds: max((now - count.since) / 1000, 1))
        }
    }
}

/// A rate limit on repeated log lines. A pure value; times are of a monotonic clock.
///
/// In each minute, the first ``limit`` lines of a kind are written. Further lines are counted, and reported in a summary at the
/// end of the minute.
struct RepeatedLineLimiter<Kind: Hashable & Sendable>: Sendable {
    /// Lines that were counted but not written.
    struct Summary: Sendable, Hashable {
        let kind: Kind
        let count: Int
        /// The time in which they occurred, in seconds.
        let seconds: Int64
    }

    /// The number of lines of a kind that are written per minute.
    static var limit: Int { 20 }
    /// The length of a minute.
    static var window: Duration { .seconds(60) }
    /// The maximum number of kinds that are counted; lines of further kinds are always written.
    static var maximumKinds: Int { 256 }

    private struct Count: Sendable {
        let since: Duration
        var written = 0
        var suppressed = 0
    }

    private var counts: [Kind: Count] = [:]
    /// The end of the minute that ends first; nil if none is counted.
    private var nextEnd: Duration?
    private var lastCheck: Duration?

    /// Whether to write a line.
    ///
    /// - Parameter other: the kind to count it as when many kinds are counted already; nil for its own kind always.
    mutating func allows(_ kind: Kind, elseAs other: Kind?, now: Duration) -> Bool {
        guard let other, counts[kind] == nil, counts.count >= Self.maximumKinds / 2 else {
            return allows(kind, now: now)
        }
        return allows(other, now: now)
    }

    /// Whether to write a line.
    mutating func allows(_ kind: Kind, now: Duration) -> Bool {
        guard var count = counts[kind] else {
            guard counts.count < Self.maximumKinds else { return true }
            counts[kind] = Count(since: now, written: 1)
            nextEnd = min(nextEnd ?? now + Self.window, now + Self.window)
            return true
        }
        defer { counts[kind] = count }
        guard count.written >= Self.limit else {
            count.written += 1
            return true
        }
        count.suppressed += 1
        return false
    }

    /// Removes and returns the summaries of the minutes that have ended or, at the end, of all minutes.
    mutating func takeSummaries(now: Duration, atEnd: Bool = false) -> [Summary] {
        defer { lastCheck = now }
        guard let nextEnd, atEnd || now >= nextEnd || lastCheck.map({ now < $0 }) ?? false else { return [] }
        // A clock that is set back must not extend a minute.
        let over = counts.filter { atEnd || now >= $0.value.since + Self.window || now < $0.value.since }
        for kind in over.keys { counts[kind] = nil }
        self.nextEnd = counts.values.map { $0.since + Self.window }.min()
        return over.compactMap { kind, count in
            count.suppressed == 0
                ? nil
                : Summary(kind: kind, count: count.suppressed, seconds: max((now - count.since).components.seconds, 1))
        }
    }
}

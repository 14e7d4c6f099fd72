/// Delays that double with each consecutive failure, up to a limit.
public struct ExponentialBackoff: Sendable, Hashable {
    /// Which part of a delay is random, so that what failed together is not retried together.
    public enum Jitter: Sendable, Hashable {
        /// None.
        case none
        /// Half of it.
        case half
        /// All of it (AWS Builders' Library, "Timeouts, retries, and backoff with jitter").
        case full
    }

    /// The longest delay after the first failure.
    public let base: Duration
    /// The longest delay after any number of failures.
    public let cap: Duration
    /// Which part of a delay is random.
    public let jitter: Jitter

    /// Makes a backoff.
    ///
    /// - Parameters:
    ///   - base: the longest delay after the first failure; a negative one counts as zero.
    ///   - cap: the longest delay after any number of failures.
    ///   - jitter: which part of a delay is random.
    public init(base: Duration, cap: Duration, jitter: Jitter = .none) {
        self.base = max(base, .zero)
        self.cap = max(cap, .zero)
        self.jitter = jitter
    }

    /// The delay before the next attempt.
    ///
    /// - Parameters:
    ///   - failures: the number of consecutive failures so far; less than 1 counts as 1.
    ///   - random: a number from 0 to 1, for the jitter; others are clamped, and not-a-number counts as 0.
    public func delay(afterFailures failures: Int, random: Double = 1) -> Duration {
        var delay = min(base, cap)
        // Doubling stops at the limit, so it cannot overflow.
        for _ in 1..<min(max(failures, 1), 128) where delay < cap { delay = delay < cap - delay ? delay * 2 : cap }
        // The comparison is false for not-a-number.
        let part = random > 0 ? min(random, 1) : 0
        switch jitter {
        case .none: return delay
        // The product of a long delay is rounded.
        case .half: return min(delay * (0.5 + 0.5 * part), delay)
        case .full: return min(delay * part, delay)
        }
    }
}

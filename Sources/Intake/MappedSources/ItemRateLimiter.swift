import Encoding
import Synchronization

/// The rate limit of a mapped source: items per second, with a burst of ten times as many.
package final class ItemRateLimiter: Sendable {
    private static let burstSeconds = 10.0
    private let bucket: Mutex<TokenBucket>

    /// Creates a limiter.
    ///
    /// - Parameter rate: items per second.
    package init(rate: Int) {
        bucket = Mutex(TokenBucket(rate: Double(rate), burst: Double(rate) * Self.burstSeconds))
    }

    /// Takes tokens for the items of a request. A request with more items than the burst passes after an idle period:
    /// otherwise it would be retried forever.
    ///
    /// - Parameter now: the time of ``MonotonicClock``.
    /// - Returns: false if the rate limit is reached; then no token is taken.
    package func allows(_ count: Int, now: Duration = MonotonicClock.elapsed()) -> Bool {
        bucket.withLock { bucket in
            let level = bucket.level(now: now)
            // A request with more items than the burst leaves a level below zero.
            guard level >= min(Double(count), bucket.burst) else { return false }
            bucket.setLevel(level - Double(count), now: now)
            return true
        }
    }
}

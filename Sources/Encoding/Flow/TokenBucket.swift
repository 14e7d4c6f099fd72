/// A token bucket: allows a burst after an idle period, then a sustained rate.
///
/// It has no clock: times are durations since a fixed moment, on a monotonic clock. Use either ``reserve(now:)``, which
/// queues, or ``take(now:)`` and ``spend(now:)``, which do not.
public struct TokenBucket: Sendable, Hashable {
    private let interval: Duration
    /// The bucket's capacity in tokens.
    public let burst: Double
    /// When the bucket will be, or was, full; nil for a bucket that was never used.
    private var fullAt: Duration?

    /// Makes a full bucket.
    ///
    /// - Parameters:
    ///   - rate: tokens per second, more than 0.
    ///   - burst: the bucket's capacity, at least 1.
    public init(rate: Double, burst: Double) {
        // Bounded, so that no sum of intervals overflows. The comparisons are false for not-a-number.
        interval = .seconds(rate > 1e-9 ? 1 / rate : 1e9)
        self.burst = burst > 1 ? min(burst, 1e9) : 1
    }

    /// Reserves a token; returns how long to wait before using it.
    public mutating func reserve(now: Duration) -> Duration {
        let fullAt = max(self.fullAt ?? now, now) + interval
        self.fullAt = fullAt
        // A full bucket has `burst` tokens available immediately.
        let wait = fullAt - now - interval * burst
        // Intervals such as a third of a second are rounded.
        return wait < .microseconds(1) ? .zero : wait
    }

    /// Takes a token if one is available; returns false otherwise.
    public mutating func take(now: Duration) -> Bool {
        var next = self
        guard next.reserve(now: now) == .zero else { return false }
        self = next
        return true
    }

    /// Takes a token, or what is left of one.
    public mutating func spend(now: Duration) {
        fullAt = min(max(fullAt ?? now, now) + interval, now + interval * burst)
    }

    /// The available tokens; negative while reservations wait for tokens, or if the clock was set back.
    public func level(now: Duration) -> Double { burst - max((fullAt ?? now) - now, .zero) / interval }

    /// Sets the number of available tokens, at most ``burst``.
    public mutating func setLevel(_ tokens: Double, now: Duration) { fullAt = now + interval * max(burst - tokens, 0) }

    /// Removes all tokens: the server has reported that the limit is reached. Reservations stay.
    public mutating func empty(now: Duration) { fullAt = max(fullAt ?? now, now + interval * burst) }
}

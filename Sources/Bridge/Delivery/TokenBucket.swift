/// A limit on how often something is done: so many at once after a pause, then so many a second. It has no clock: times
/// are durations since any fixed moment.
struct TokenBucket: Sendable {
    private let interval: Duration
    private let burst: Int
    /// When the bucket is, or was, full.
    private var fullAt: Duration?

    /// - Parameters:
    ///   - rate: tokens a second, more than 0.
    ///   - burst: how many the bucket holds, at least 1.
    init(rate: Double, burst: Int) {
        interval = .seconds(1 / rate)
        self.burst = burst
    }

    /// Takes a token, and returns how long to wait before it may be used.
    mutating func take(now: Duration) -> Duration {
        let fullAt = max(self.fullAt ?? now, now) + interval
        self.fullAt = fullAt
        // With a full bucket, the first `burst` tokens are there at once.
        return max(.zero, fullAt - now - interval * burst)
    }
}

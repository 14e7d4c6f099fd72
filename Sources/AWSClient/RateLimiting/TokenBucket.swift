/// A limit on how often something is done: so many at once after a pause, then so many a second. It has no clock: times
/// are durations since any fixed moment.
public struct TokenBucket: Sendable, Hashable {
    private let interval: Duration
    private let burst: Double
    /// When the bucket is, or was, full.
    private var fullAt: Duration?

    /// A full bucket.
    ///
    /// - Parameters:
    ///   - rate: tokens a second, more than 0.
    ///   - burst: how many the bucket holds, at least 1.
    public init(rate: Double, burst: Int) { self.init(rate: rate, burst: Double(burst)) }

    init(rate: Double, burst: Double) {
        interval = .seconds(1 / rate)
        self.burst = max(burst, 1)
    }

    /// Takes a token, and returns how long to wait before it may be used.
    public mutating func reserve(now: Duration) -> Duration {
        let fullAt = max(self.fullAt ?? now, now) + interval
        self.fullAt = fullAt
        // With a full bucket, the first `burst` tokens are there at once.
        let wait = fullAt - now - interval * burst
        // Thirds of a second are rounded.
        return wait < .microseconds(1) ? .zero : wait
    }

    /// How many tokens are there; less than nothing when some are promised that are yet to come.
    func level(now: Duration) -> Double { burst - missing(now: now) }

    /// Has so many tokens be missing.
    mutating func drain(_ count: Double, now: Duration) { fullAt = now + interval * count }

    /// Takes out what is there: whoever keeps the limit says that there is nothing.
    mutating func empty(now: Duration) { fullAt = max(fullAt ?? now, now + interval * burst) }

    /// How many tokens are missing until it is full.
    func missing(now: Duration) -> Double { max((fullAt ?? now) - now, .zero) / interval }
}

/// A token bucket: allows a burst after an idle period, then a sustained rate. It has no clock: times are durations
/// since a fixed moment.
public struct TokenBucket: Sendable, Hashable {
    private let interval: Duration
    private let burst: Double
    /// When the bucket will be, or was, full.
    private var fullAt: Duration?

    /// Makes a full bucket.
    ///
    /// - Parameters:
    ///   - rate: tokens per second, more than 0.
    ///   - burst: the bucket's capacity, at least 1.
    public init(rate: Double, burst: Int) { self.init(rate: rate, burst: Double(burst)) }

    init(rate: Double, burst: Double) {
        interval = .seconds(1 / rate)
        self.burst = max(burst, 1)
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

    /// The available tokens; negative when reservations wait for tokens.
    func level(now: Duration) -> Double { burst - missing(now: now) }

    /// Sets the number of missing tokens.
    mutating func drain(_ count: Double, now: Duration) { fullAt = now + interval * count }

    /// Removes all tokens: the server has reported that the limit is reached.
    mutating func empty(now: Duration) { fullAt = max(fullAt ?? now, now + interval * burst) }

    /// The number of tokens missing from a full bucket.
    func missing(now: Duration) -> Double { max((fullAt ?? now) - now, .zero) / interval }
}

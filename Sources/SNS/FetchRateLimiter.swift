import Encoding

/// A token bucket per host for requests that unauthenticated clients can trigger.
public struct FetchRateLimiter: Sendable {
    /// The most requests to a host in a burst.
    public static let burst = 6
    /// The time after which another request to a host is allowed.
    public static let interval = Duration.seconds(10)
    /// The most hosts that are tracked.
    private static let maximumHosts = 256

    private static let full = TokenBucket(rate: 1000 / Double(interval.milliseconds), burst: Double(burst))

    /// The bucket of each host that is not full.
    private var buckets: [String: TokenBucket] = [:]

    /// Creates a limiter with full buckets.
    public init() {}

    /// Takes a token for a request to a host.
    ///
    /// - Parameter now: the time of a monotonic clock. If it goes back, the buckets are refilled.
    /// - Returns: false if the rate limit is reached.
    public mutating func allowRequest(to host: String, now: Duration) -> Bool {
        // A level below zero is left only after the clock went back.
        buckets = buckets.filter { (0..<$0.value.burst).contains($0.value.level(now: now)) }
        guard buckets[host] != nil || buckets.count < Self.maximumHosts else { return false }
        return buckets[host, default: Self.full].take(now: now)
    }
}

import Encoding

/// A token bucket per host for requests that unauthenticated clients can trigger.
public struct FetchRateLimiter: Sendable {
    /// The most requests to a host in a burst.
    public static let burst = 6
    /// The time after which another request to a host is allowed, in milliseconds.
    public static let interval: Int64 = 10_000
    /// The most hosts that are tracked.
    private static let maximumHosts = 256

    /// The time at which each host's bucket is full again, in milliseconds of the caller's clock.
    private var fullAt: [String: Int64] = [:]

    /// Creates a limiter with full buckets.
    public init() {}

    /// Takes a token for a request to a host.
    ///
    /// - Parameter now: the time of a monotonic clock, in milliseconds. If it goes back, the buckets are refilled.
    /// - Returns: false if the rate limit is reached.
    public mutating func allowRequest(to host: String, now: Int64) -> Bool {
        let span = Int64(Self.burst) * Self.interval
        fullAt = fullAt.filter { $0.value > now && $0.value <= now.saturatingAdding(span) }
        let full = fullAt[host] ?? now
        guard full.saturatingAdding(Self.interval) <= now.saturatingAdding(span),
            fullAt[host] != nil || fullAt.count < Self.maximumHosts
        else {
            return false
        }
        fullAt[host] = full.saturatingAdding(Self.interval)
        return true
    }
}

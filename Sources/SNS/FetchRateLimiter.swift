import AWSCore

/// How often hosts may be asked for what strangers can make us ask for: a few times at once, and then once in a while.
public struct FetchRateLimiter: Sendable {
    /// How many times a host is asked at once.
    public static let burst = 6
    /// After which time a host may be asked once more, in milliseconds.
    public static let interval: Int64 = 10_000
    /// How many hosts are kept account of.
    private static let maximumHosts = 256

    /// When each host's account is full again, in milliseconds of the clock that the caller goes by.
    private var fullAt: [String: Int64] = [:]

    /// Makes one that nothing was taken from.
    public init() {}

    /// Takes a request to a host from its account, if there is one left.
    ///
    /// - Parameter now: the time of a monotonic clock, in milliseconds. One that goes back fills the accounts.
    public mutating func take(from host: String, now: Int64) -> Bool {
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

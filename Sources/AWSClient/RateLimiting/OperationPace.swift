/// The pace of one operation in one account and Region: AWS's documented rate, the adaptive rate after throttling, and what
/// `Retry-After` asked for. A pure value; times are durations since any fixed moment.
struct OperationPace: Sendable {
    private var quota: Quota?
    private var bucket: TokenBucket?
    private var adaptive: AdaptiveRate
    private var notBefore = Duration.zero

    init(quota: Quota?, now: Duration) {
        self.quota = quota
        bucket = quota.map { TokenBucket(rate: $0.rate, burst: $0.usableBurst) }
        adaptive = AdaptiveRate(now: now / .seconds(1))
    }

    /// Goes on with another quota, with as many tokens missing as are now.
    mutating func use(_ quota: Quota, now: Duration) {
        var fresh = TokenBucket(rate: quota.rate, burst: quota.usableBurst)
        if let bucket { fresh.drain(bucket.missing(now: now), now: now) }
        (self.quota, bucket) = (quota, fresh)
    }

    /// How many requests the documented rate allows at once; nil where there is none.
    func level(now: Duration) -> Double? { bucket?.level(now: now) }

    /// Takes the turn of a request, and returns how long to wait for it.
    mutating func reserve(now: Duration) -> Duration {
        let documented = bucket?.reserve(now: now) ?? .zero
        return max(documented, .seconds(adaptive.reserve(now: now / .seconds(1))), notBefore - now, .zero)
    }

    /// Whether a request could go at once, and some more behind it.
    func hasHeadroom(now: Duration) -> Bool {
        guard !adaptive.isLimiting, notBefore <= now, let quota else { return notBefore <= now && !adaptive.isLimiting }
        return (bucket?.level(now: now) ?? 0) >= quota.usableBurst / 2
    }

    /// Notes an answer other than one that says that requests come too fast.
    mutating func recordResponse(now: Duration) { adaptive.recordResponse(now: now / .seconds(1)) }

    /// Notes that a request was throttled.
    mutating func recordThrottling(retryAfter: Duration?, now: Duration) {
        bucket?.empty(now: now)
        adaptive.recordThrottling(now: now / .seconds(1))
        if let retryAfter { notBefore = max(notBefore, now + min(retryAfter, .seconds(60))) }
    }

    /// Notes that another process may have used up what the rate allows.
    mutating func empty(now: Duration) { bucket?.empty(now: now) }
}

/// How many requests AWS takes of an operation in one account and Region.
struct Quota: Sendable, Hashable {
    /// Requests a second in the long run.
    let rate: Double
    /// Requests at once after a pause.
    let burst: Int

    /// How many of those at once are used: one less than all, because a request may take longer than the next ones, whose
    /// tokens would then not be there yet.
    var usableBurst: Double { max(Double(burst) - 1, 1) }

    /// The documented quotas: "AWS Security Hub endpoints and quotas" and "AWS IoT Device Defender endpoints and quotas" in
    /// the AWS General Reference. Where no burst is documented, it is that of a second. Nil where there is no quota that
    /// the bridge could come near.
    static func documented(_ service: AWSService, _ operation: String) -> Quota? {
        switch (service, operation) {
        case (.securityHub, "GetFindings"): Quota(rate: 3, burst: 6)
        case (.securityHub, _): Quota(rate: 10, burst: 30)
        case (.iot, let name) where name.hasPrefix("Describe"): Quota(rate: 25, burst: 25)
        case (.iot, _): Quota(rate: 10, burst: 10)
        case (.sts, _), (.sns, _), (.events, _), (.cloudTrail, _): nil
        }
    }
}

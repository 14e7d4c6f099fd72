import Encoding

/// The rate limit of one operation in one account and Region: AWS's documented quota, the adaptive rate after
/// throttling, and `Retry-After`. A pure value; times are durations since a fixed moment.
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

    /// Changes the quota, keeping the number of used tokens.
    mutating func use(_ quota: Quota, now: Duration) {
        var fresh = TokenBucket(rate: quota.rate, burst: quota.usableBurst)
        if let bucket { fresh.setLevel(fresh.burst - bucket.burst + bucket.level(now: now), now: now) }
        (self.quota, bucket) = (quota, fresh)
    }

    /// The sustained requests per second of the quota; nil without a documented quota.
    var rate: Double? { quota?.rate }

    /// The tokens left in the quota; nil without a documented quota.
    func level(now: Duration) -> Double? { bucket?.level(now: now) }

    /// Reserves a slot for one request; returns how long to wait for it.
    mutating func reserve(now: Duration) -> Duration {
        let documented = bucket?.reserve(now: now) ?? .zero
        return max(documented, .seconds(adaptive.reserve(now: now / .seconds(1))), notBefore - now, .zero)
    }

    /// Whether a request, and several after it, could be sent immediately.
    func hasHeadroom(now: Duration) -> Bool {
        guard !adaptive.isLimiting, notBefore <= now, let quota else { return notBefore <= now && !adaptive.isLimiting }
        return (bucket?.level(now: now) ?? 0) >= quota.usableBurst / 2
    }

    /// Records a response other than throttling.
    mutating func recordResponse(now: Duration) { adaptive.recordResponse(now: now / .seconds(1)) }

    /// Records a throttled request.
    mutating func recordThrottling(retryAfter: Duration?, now: Duration) {
        bucket?.empty(now: now)
        adaptive.recordThrottling(now: now / .seconds(1))
        if let retryAfter { notBefore = max(notBefore, now + min(retryAfter, .seconds(60))) }
    }

    /// Empties the bucket: another process may have used its tokens.
    mutating func empty(now: Duration) { bucket?.empty(now: now) }
}

/// AWS's quota for an operation in one account and Region.
struct Quota: Sendable, Hashable {
    /// Sustained requests per second.
    let rate: Double
    /// Burst: requests allowed at once after an idle period.
    let burst: Int

    /// The burst to use: one less than allowed, because a slow request may arrive at AWS together with later ones.
    var usableBurst: Double { max(Double(burst) - 1, 1) }

    /// The documented quotas: "AWS Security Hub endpoints and quotas", "AWS IoT Device Defender endpoints and quotas" and
    /// "Amazon CloudWatch endpoints and quotas" in the AWS General Reference. Where no burst is documented, it is one second's worth. Nil where the
    /// bridge cannot come near a quota.
    static func documented(_ service: AWSService, _ operation: String) -> Quota? {
        switch (service, operation) {
        case (.securityHub, "GetFindings"): Quota(rate: 3, burst: 6)
        case (.securityHub, _): Quota(rate: 10, burst: 30)
        case (.iot, let name) where name.hasPrefix("Describe"): Quota(rate: 25, burst: 25)
        case (.iot, _): Quota(rate: 10, burst: 10)
        case (.cloudWatch, _): Quota(rate: 9, burst: 9)
        case (.sts, _), (.sns, _), (.events, _), (.cloudTrail, _): nil
        }
    }
}

import AWSCore

/// The documented request rates per account and Region: "AWS Security Hub endpoints and quotas", "AWS IoT Device Defender
/// endpoints and quotas" in the AWS General Reference.
struct Throttle {
    /// How many requests an operation takes.
    struct Rate: Hashable {
        /// Requests a second in the long run.
        let perSecond: Int64
        /// Requests at once.
        let burst: Int64
    }

    private struct Key: Hashable {
        let accountRegion: AccountRegion
        let operation: LocalAWS.Operation
    }

    private var buckets: [Key: TokenBucket] = [:]

    /// Takes one request, and says whether it is within the rate.
    ///
    /// - Parameter now: milliseconds since 1970.
    mutating func allows(_ operation: LocalAWS.Operation, of accountRegion: AccountRegion, now: Int64) -> Bool {
        guard let rate = Self.rate(of: operation) else { return true }
        return buckets[Key(accountRegion: accountRegion, operation: operation), default: TokenBucket(rate, now: now)]
            .take(now: now)
    }

    /// The response to a request above the rate.
    static func rejection(of operation: LocalAWS.Operation) -> ServiceError {
        switch operation {
        case .describeAuditTask, .listAuditFindings, .listAuditTasks, .listAuditSuppressions, .listViolationEvents,
            .listActiveViolations, .listRules, .listTargetsByRule, .describeTrails, .getTrailStatus:
            ServiceError(400, "ThrottlingException", "Rate exceeded")
        case .getCallerIdentity, .assumeRole, .confirmSubscription, .listSubscriptionsByTopic,
            .getSubscriptionAttributes, .getTopicAttributes:
            ServiceError(400, "Throttling", "Rate exceeded")
        case .batchImportFindings, .getFindings, .batchUpdateFindings, .describeHub, .listEnabledProductsForImport:
            ServiceError(429, "TooManyRequestsException", "Too Many Requests")
        }
    }

    /// The rate of an operation, or nil if none is documented.
    static func rate(of operation: LocalAWS.Operation) -> Rate? {
        switch operation {
        case .batchImportFindings, .batchUpdateFindings: Rate(perSecond: 10, burst: 30)
        case .getFindings: Rate(perSecond: 3, burst: 6)
        case .describeAuditTask: Rate(perSecond: 25, burst: 25)
        case .listAuditFindings, .listAuditTasks, .listAuditSuppressions, .listViolationEvents, .listActiveViolations:
            Rate(perSecond: 10, burst: 10)
        case .describeHub, .getCallerIdentity, .assumeRole, .confirmSubscription, .listSubscriptionsByTopic,
            .getSubscriptionAttributes, .listRules, .listTargetsByRule, .listEnabledProductsForImport,
            .getTopicAttributes,
            .describeTrails, .getTrailStatus:
            nil
        }
    }
}

/// Tokens that come back with time; a request takes one.
struct TokenBucket {
    private let rate: Throttle.Rate
    /// In thousandths, so that a millisecond adds a whole number.
    private var thousandths: Int64
    private var time: Int64

    /// A full bucket.
    init(_ rate: Throttle.Rate, now: Int64) {
        self.rate = rate
        thousandths = rate.burst * 1000
        time = now
    }

    /// Takes a token if there is one.
    mutating func take(now: Int64) -> Bool {
        // More time than this fills any bucket.
        let elapsed = max(0, min(now.saturatingSubtracting(time), 3_600_000))
        time = max(time, now)
        thousandths = min(thousandths + elapsed * rate.perSecond, rate.burst * 1000)
        guard thousandths >= 1000 else { return false }
        thousandths -= 1000
        return true
    }
}

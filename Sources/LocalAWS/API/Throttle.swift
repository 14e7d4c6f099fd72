package import AWSCore
import Encoding

/// The documented request rates per account and Region: "AWS Security Hub endpoints and quotas", "AWS IoT Device Defender
/// endpoints and quotas" and "Amazon CloudWatch endpoints and quotas" in the AWS General Reference.
package struct Throttle: Sendable {
    /// The rate limit of an operation.
    struct Rate: Hashable {
        /// Sustained requests per second.
        let perSecond: Double
        /// The burst.
        let burst: Double

        /// A full bucket.
        var bucket: TokenBucket { TokenBucket(rate: perSecond, burst: burst) }
    }

    private struct Key: Hashable {
        let accountRegion: AccountRegion
        let operation: LocalAWS.Operation
    }

    private var buckets: [Key: TokenBucket] = [:]
    /// The latest time so far, in milliseconds since 1970: a clock that goes back changes nothing.
    private var latest = Int64.min

    /// Full buckets.
    package init() {}

    /// Counts one request, and returns whether it is within the limit.
    ///
    /// - Parameter now: milliseconds since 1970.
    package mutating func allows(_ operation: LocalAWS.Operation, of accountRegion: AccountRegion, now: Int64) -> Bool {
        guard let rate = Self.rate(of: operation) else { return true }
        latest = max(latest, now)
        return buckets[Key(accountRegion: accountRegion, operation: operation), default: rate.bucket]
            .take(now: .milliseconds(latest))
    }

    /// The error for a request over the limit.
    static func rejection(of operation: LocalAWS.Operation) -> ServiceError {
        switch operation {
        case .describeAuditTask, .describeThing, .listAuditFindings, .listAuditTasks, .listAuditSuppressions,
            .listViolationEvents,
            .listActiveViolations, .listRules, .listTargetsByRule, .describeTrails, .getTrailStatus, .describeAlarms,
            .describeAlarmContributors, .describeSecurityHubV2, .getFindingsV2:
            ServiceError(400, "ThrottlingException", "Rate exceeded")
        case .getCallerIdentity, .assumeRole, .confirmSubscription, .listSubscriptionsByTopic,
            .getSubscriptionAttributes, .getTopicAttributes, .publish:
            ServiceError(400, "Throttling", "Rate exceeded")
        case .batchImportFindings, .getFindings, .batchUpdateFindings, .describeHub, .listEnabledProductsForImport:
            ServiceError(429, "TooManyRequestsException", "Too Many Requests")
        }
    }

    /// The rate limit of an operation; nil if none is documented.
    static func rate(of operation: LocalAWS.Operation) -> Rate? {
        switch operation {
        case .batchImportFindings, .batchUpdateFindings: Rate(perSecond: 10, burst: 30)
        case .getFindings: Rate(perSecond: 3, burst: 6)
        case .describeAuditTask: Rate(perSecond: 25, burst: 25)
        case .listAuditFindings, .listAuditTasks, .listAuditSuppressions, .listViolationEvents, .listActiveViolations:
            Rate(perSecond: 10, burst: 10)
        case .describeAlarms, .describeAlarmContributors: Rate(perSecond: 9, burst: 9)
        case .describeThing, .describeHub, .describeSecurityHubV2, .getFindingsV2, .getCallerIdentity, .assumeRole,
            .confirmSubscription, .listSubscriptionsByTopic,
            .getSubscriptionAttributes, .listRules, .listTargetsByRule, .listEnabledProductsForImport,
            .getTopicAttributes, .publish, .describeTrails, .getTrailStatus:
            nil
        }
    }
}

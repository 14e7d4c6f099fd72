public import AWSCore

/// When audits last completed a check, and when one last found no noncompliant resource. Times are the start times of
/// the audits, in milliseconds since 1970 by AWS's clock.
///
/// Recorded for every audit that AWS lists, whether or not its findings are applied. Findings of checks that no audit
/// completes any more are recognized by it.
public struct CheckCompletion: Sendable, Hashable {
    /// The account-Region that the audits ran in.
    public let accountRegion: AccountRegion
    /// The check name: 1 to 2,048 bytes of UTF-8 without NUL.
    public let check: String
    /// The start of the newest audit that completed the check.
    public let completedAt: Int64
    /// The start of the newest audit that completed the check as compliant; nil if none is known.
    public let passedAt: Int64?

    /// Creates a value. The text is validated when it is recorded.
    public init(accountRegion: AccountRegion, check: String, completedAt: Int64, passedAt: Int64?) {
        self.accountRegion = accountRegion
        self.check = check
        self.completedAt = completedAt
        self.passedAt = passedAt
    }

    /// The latest times of two values about the same check.
    public func merged(with other: CheckCompletion?) -> CheckCompletion {
        guard let other else { return self }
        return CheckCompletion(
            accountRegion: accountRegion, check: check, completedAt: max(completedAt, other.completedAt),
            passedAt: [passedAt, other.passedAt].compactMap(\.self).max())
    }
}

/// A time span in which every audit of an account-Region is known, because its audits were listed without a gap. In
/// milliseconds since 1970 by AWS's clock.
public struct AuditCoverage: Sendable, Hashable {
    /// The start.
    public let since: Int64
    /// The end: the time of the last listing.
    public let until: Int64

    /// Creates a time span.
    public init(since: Int64, until: Int64) {
        self.since = since
        self.until = until
    }
}

package import AWSCore
package import Encoding

/// When audits last completed a check, and when one last found no noncompliant resource. Times are the start times of
/// the audits by AWS's clock.
///
/// Recorded for every audit that AWS lists, whether or not its findings are applied. Findings of checks that no audit
/// completes any more are recognized by it.
package struct CheckCompletion: Sendable, Hashable {
    /// The account-Region that the audits ran in.
    package let accountRegion: AccountRegion
    /// The check name: 1 to 2,048 bytes of UTF-8 without NUL.
    package let check: String
    /// The start of the newest audit that completed the check.
    package let completedAt: Timestamp
    /// The start of the newest audit that completed the check as compliant; nil if none is known.
    package let passedAt: Timestamp?

    /// Creates a value. The text is validated when it is recorded.
    package init(accountRegion: AccountRegion, check: String, completedAt: Timestamp, passedAt: Timestamp?) {
        self.accountRegion = accountRegion
        self.check = check
        self.completedAt = completedAt
        self.passedAt = passedAt
    }

    /// The latest times of two values about the same check.
    package func merged(with other: CheckCompletion?) -> CheckCompletion {
        guard let other else { return self }
        return CheckCompletion(
            accountRegion: accountRegion, check: check, completedAt: max(completedAt, other.completedAt),
            passedAt: [passedAt, other.passedAt].compactMap(\.self).max())
    }
}

/// A time span in which every audit of an account-Region is known, because its audits were listed without a gap. Times
/// are of AWS's clock.
package struct AuditCoverage: Sendable, Hashable {
    /// The start.
    package let since: Timestamp
    /// The end: the time of the last listing.
    package let until: Timestamp

    /// Creates a time span.
    package init(since: Timestamp, until: Timestamp) {
        self.since = since
        self.until = until
    }
}

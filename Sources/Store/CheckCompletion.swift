public import AWSCore

/// When audits last completed a check, and when one last found no resource that fails it. Times are the starts of the audits,
/// in milliseconds since 1970 by AWS's clock.
///
/// It is kept for each audit that AWS tells of, whether or not its findings are applied: what no audit looks at any more is
/// known by it.
public struct CheckCompletion: Sendable, Hashable {
    /// The account and Region that the audits ran in.
    public let accountRegion: AccountRegion
    /// The check's name: 1 to 2,048 bytes of UTF-8 without NUL.
    public let check: String
    /// The start of the newest audit that completed the check.
    public let completedAt: Int64
    /// The start of the newest audit that completed the check as compliant; nil if none is known.
    public let passedAt: Int64?

    /// Puts the parts together; whether the text is well formed is checked when the completion is recorded.
    public init(accountRegion: AccountRegion, check: String, completedAt: Int64, passedAt: Int64?) {
        self.accountRegion = accountRegion
        self.check = check
        self.completedAt = completedAt
        self.passedAt = passedAt
    }

    /// The newest of two about the same check.
    public func merged(with other: CheckCompletion?) -> CheckCompletion {
        guard let other else { return self }
        return CheckCompletion(
            accountRegion: accountRegion, check: check, completedAt: max(completedAt, other.completedAt),
            passedAt: [passedAt, other.passedAt].compactMap(\.self).max())
    }
}

/// A span of time in which every audit of an account and Region is known, because AWS's lists of it were read without a gap.
/// Both ends are in milliseconds since 1970 by AWS's clock.
public struct AuditCoverage: Sendable, Hashable {
    /// The beginning.
    public let since: Int64
    /// The end: when a list was read last.
    public let until: Int64

    /// Puts the ends together.
    public init(since: Int64, until: Int64) {
        self.since = since
        self.until = until
    }
}

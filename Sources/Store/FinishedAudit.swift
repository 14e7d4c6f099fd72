public import AWSCore

/// An audit that has ended and was worked on, for people to see that audits arrive. All times are milliseconds since 1970.
public struct FinishedAudit: Sendable, Hashable {
    /// The account and Region that it ran in.
    public let accountRegion: AccountRegion
    /// The scheduled audit's name: 1 to 2,048 bytes of UTF-8 without NUL; nil for an audit on demand.
    public let schedule: String?
    /// The audit's id: 1 to 2,048 bytes of UTF-8 without NUL.
    public let taskID: String
    /// When it began.
    public let startTime: Int64
    /// When Device Defender said that it had ended; nil if nobody said so, and the bridge found it by asking.
    public let finishedAt: Int64?

    /// Puts the parts together; whether the texts are well formed is checked when the audit is recorded.
    public init(accountRegion: AccountRegion, schedule: String?, taskID: String, startTime: Int64, finishedAt: Int64?) {
        self.accountRegion = accountRegion
        self.schedule = schedule
        self.taskID = taskID
        self.startTime = startTime
        self.finishedAt = finishedAt
    }
}

package import AWSCore
package import Encoding

/// An audit that has ended and was imported. Shows operators that audits arrive.
package struct FinishedAudit: Sendable, Hashable {
    /// The account-Region of the audit.
    package let accountRegion: AccountRegion
    /// The name of the scheduled audit: 1 to 2,048 bytes of UTF-8 without NUL; nil for an on-demand audit.
    package let schedule: String?
    /// The audit's task id: 1 to 2,048 bytes of UTF-8 without NUL.
    package let taskID: String
    /// When it started.
    package let startTime: Timestamp
    /// When it ended, as Device Defender reported; nil if catch-up found the audit without a notification.
    package let finishedAt: Timestamp?

    /// Creates a value. The texts are validated when it is recorded.
    package init(
        accountRegion: AccountRegion, schedule: String?, taskID: String, startTime: Timestamp, finishedAt: Timestamp?
    ) {
        self.accountRegion = accountRegion
        self.schedule = schedule
        self.taskID = taskID
        self.startTime = startTime
        self.finishedAt = finishedAt
    }
}

package import AWSCore
package import Encoding

/// The newest audit whose result for a check was applied in full.
///
/// An older audit may arrive later. A finding that only the older audit reports is resolved, even if the ledger does
/// not contain it.
package struct AppliedAudit: Sendable, Hashable {
    /// The account-Region that the audit ran in.
    package let accountRegion: AccountRegion
    /// The check name: 1 to 2,048 bytes of UTF-8 without NUL.
    package let check: String
    /// When the audit started.
    package let startTime: Timestamp
    /// The audit's task id: 1 to 2,048 bytes of UTF-8 without NUL. Orders audits that started at the same time.
    package let taskID: String

    /// Creates a value. The texts are validated when it is recorded.
    package init(accountRegion: AccountRegion, check: String, startTime: Timestamp, taskID: String) {
        self.accountRegion = accountRegion
        self.check = check
        self.startTime = startTime
        self.taskID = taskID
    }
}

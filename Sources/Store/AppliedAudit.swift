public import AWSCore

/// The newest audit whose outcome for a check was applied in full.
///
/// An older audit may be told of later. What it found and the newer one did not is gone, though the ledger may never
/// have heard of it.
public struct AppliedAudit: Sendable, Hashable {
    /// The account and Region that the audit ran in.
    public let accountRegion: AccountRegion
    /// The check's name: 1 to 2,048 bytes of UTF-8 without NUL.
    public let check: String
    /// When the audit began, in milliseconds since 1970.
    public let startTime: Int64
    /// The audit's id, which decides between two that began at once: 1 to 2,048 bytes of UTF-8 without NUL.
    public let taskID: String

    /// Puts the parts together; whether the texts are well formed is checked when the mark is recorded.
    public init(accountRegion: AccountRegion, check: String, startTime: Int64, taskID: String) {
        self.accountRegion = accountRegion
        self.check = check
        self.startTime = startTime
        self.taskID = taskID
    }
}

public import AWSCore

/// What people last said about findings in Device Defender: the verification state of a violation, or whether the
/// audit findings of a resource are suppressed.
///
/// It may be said before the finding is known; it then waits for it. All times are milliseconds since 1970.
public struct Disposition: Sendable, Hashable {
    /// What is judged, the same as ``LedgerEntry/subject`` of the findings concerned: 1 to 2,048 bytes of UTF-8 without
    /// NUL.
    public let subject: String
    /// The account and Region that it was said in.
    public let accountRegion: AccountRegion
    /// When it was said.
    public let time: Int64
    /// When the findings must be looked at again because it ends then; nil if it does not end, or if they were.
    public let dueAt: Int64?
    /// When it may be forgotten if no finding in the ledger is concerned; nil keeps it.
    public let keepUntil: Int64?
    /// What was said, in a form that only its writer knows.
    public let content: [UInt8]

    /// Puts the parts together; whether the subject is well formed is checked when the judgement is recorded.
    public init(
        subject: String, accountRegion: AccountRegion, time: Int64, dueAt: Int64?, keepUntil: Int64?, content: [UInt8]
    ) {
        self.subject = subject
        self.accountRegion = accountRegion
        self.time = time
        self.dueAt = dueAt
        self.keepUntil = keepUntil
        self.content = content
    }
}

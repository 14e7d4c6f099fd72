package import AWSCore
package import Encoding

/// What a person last decided about findings in Device Defender: the verification state of a violation, or the
/// suppression of a resource's audit findings.
///
/// It may be recorded before the finding exists.
package struct Disposition: Sendable, Hashable {
    /// The subject of the decision, equal to ``LedgerEntry/subject`` of the findings that it applies to: 1 to 2,048
    /// bytes of UTF-8 without NUL.
    package let subject: String
    /// The account-Region of the decision.
    package let accountRegion: AccountRegion
    /// When the decision was made.
    package let time: Timestamp
    /// When it ends and the findings must be evaluated again; nil if it does not end, or if that has been done.
    package let dueAt: Timestamp?
    /// When it may be deleted if it applies to no finding in the ledger; nil keeps it.
    package let keepUntil: Timestamp?
    /// The decision, in a format known only to its writer.
    package let content: [UInt8]

    /// Creates a value. The subject is validated when it is recorded.
    package init(
        subject: String, accountRegion: AccountRegion, time: Timestamp, dueAt: Timestamp?, keepUntil: Timestamp?,
        content: [UInt8]
    ) {
        self.subject = subject
        self.accountRegion = accountRegion
        self.time = time
        self.dueAt = dueAt
        self.keepUntil = keepUntil
        self.content = content
    }
}

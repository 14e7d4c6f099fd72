package import AWSCore

/// A change of the audit whose list of findings is being imported in an account-Region.
///
/// What an interrupted import has seen of its list counts only while nothing else has changed findings by audits or
/// suppressions: it then begins again.
package struct ListingChange: Sendable, Hashable {
    /// The account-Region.
    package let accountRegion: AccountRegion
    /// The task id of the audit whose list begins: 1 to 2,048 bytes of UTF-8 without NUL; nil if what any audit has
    /// seen no longer counts.
    package let taskID: String?

    /// Creates a value. The text is validated when it is recorded.
    package init(accountRegion: AccountRegion, taskID: String?) {
        self.accountRegion = accountRegion
        self.taskID = taskID
    }
}

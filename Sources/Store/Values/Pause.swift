package import AWSCore
package import Encoding

/// A pause of processing: deliveries are accepted and queued, but not leased, until it ends.
package struct Pause: Sendable, Hashable {
    /// The paused account; nil for all accounts.
    package let account: AccountID?
    /// Who paused, for display: 1 to 256 bytes of UTF-8 without NUL.
    package let pausedBy: String
    /// When the pause began.
    package let pausedAt: Timestamp
    /// The reason; truncated to 1,024 characters.
    package let reason: String?

    /// Creates a value. The texts are validated when the pause is stored.
    package init(account: AccountID?, pausedBy: String, pausedAt: Timestamp, reason: String?) {
        self.account = account
        self.pausedBy = pausedBy
        self.pausedAt = pausedAt
        self.reason = reason
    }

    /// Whether it pauses the deliveries of an account-Region.
    package func applies(to accountRegion: AccountRegion) -> Bool { account == nil || account == accountRegion.account }
}

public import AWSCore
public import Encoding

/// A pause of processing: deliveries are accepted and queued, but not leased, until it ends.
public struct Pause: Sendable, Hashable {
    /// The paused account; nil for all accounts.
    public let account: AccountID?
    /// Who paused, for display: 1 to 256 bytes of UTF-8 without NUL.
    public let pausedBy: String
    /// When the pause began.
    public let pausedAt: Timestamp
    /// The reason; truncated to 1,024 characters.
    public let reason: String?

    /// Creates a value. The texts are validated when the pause is stored.
    public init(account: AccountID?, pausedBy: String, pausedAt: Timestamp, reason: String?) {
        self.account = account
        self.pausedBy = pausedBy
        self.pausedAt = pausedAt
        self.reason = reason
    }

    /// Whether it pauses the deliveries of an account-Region.
    public func applies(to accountRegion: AccountRegion) -> Bool { account == nil || account == accountRegion.account }
}

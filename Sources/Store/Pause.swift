public import AWSCore

/// A hold on deliveries: they are received and kept, and nobody works on them until the hold ends.
public struct Pause: Sendable, Hashable {
    /// The account whose deliveries are held; nil: those of all accounts.
    public let account: AccountID?
    /// Who asked for it, for people to read: 1 to 256 bytes of UTF-8 without NUL.
    public let pausedBy: String
    /// When it began, in milliseconds since 1970.
    public let pausedAt: Int64
    /// Why; of more than 1,024 characters the first are kept.
    public let reason: String?

    /// Puts the parts together; whether the texts are well formed is checked when the pause begins.
    public init(account: AccountID?, pausedBy: String, pausedAt: Int64, reason: String?) {
        self.account = account
        self.pausedBy = pausedBy
        self.pausedAt = pausedAt
        self.reason = reason
    }

    /// Whether it holds the deliveries of an origin.
    public func applies(to accountRegion: AccountRegion) -> Bool { account == nil || account == accountRegion.account }
}

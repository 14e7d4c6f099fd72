public import AWSCore

/// A dead letter without its payload. All times are milliseconds since 1970.
public struct DeadLetterSummary: Sendable, Hashable {
    /// The delivery's id.
    public let id: String
    /// The account-Region.
    public let accountRegion: AccountRegion
    /// How it arrived.
    public let channel: Delivery.Channel
    /// When it arrived.
    public let receivedAt: Int64
    /// The number of attempts.
    public let attempts: Int
    /// When it failed first.
    public let firstFailedAt: Int64
    /// When it failed last and was dead-lettered.
    public let lastFailedAt: Int64
    /// Why it was dead-lettered: at most 1,024 characters.
    public let reason: String
    /// The size of the payload in bytes.
    public let payloadLength: Int

    /// Creates a value.
    public init(
        id: String, accountRegion: AccountRegion, channel: Delivery.Channel, receivedAt: Int64, attempts: Int,
        firstFailedAt: Int64,
        lastFailedAt: Int64, reason: String, payloadLength: Int
    ) {
        self.id = id
        self.accountRegion = accountRegion
        self.channel = channel
        self.receivedAt = receivedAt
        self.attempts = attempts
        self.firstFailedAt = firstFailedAt
        self.lastFailedAt = lastFailedAt
        self.reason = reason
        self.payloadLength = payloadLength
    }
}

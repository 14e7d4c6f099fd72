public import AWSCore
public import Encoding

/// A dead letter without its payload.
public struct DeadLetterSummary: Sendable, Hashable {
    /// The delivery's id.
    public let id: String
    /// The account-Region.
    public let accountRegion: AccountRegion
    /// How it arrived.
    public let channel: Delivery.Channel
    /// When it arrived.
    public let receivedAt: Timestamp
    /// The number of attempts.
    public let attempts: Int
    /// When it failed first.
    public let firstFailedAt: Timestamp
    /// When it failed last and was dead-lettered.
    public let lastFailedAt: Timestamp
    /// Why it was dead-lettered: at most 1,024 characters.
    public let reason: String
    /// The size of the payload in bytes.
    public let payloadLength: Int

    /// Creates a value.
    public init(
        id: String, accountRegion: AccountRegion, channel: Delivery.Channel, receivedAt: Timestamp, attempts: Int,
        firstFailedAt: Timestamp,
        lastFailedAt: Timestamp, reason: String, payloadLength: Int
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

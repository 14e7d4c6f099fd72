public import AWSCore

/// What is known of a dead letter but its payload. All times are milliseconds since 1970.
public struct DeadLetterSummary: Sendable, Hashable {
    /// The delivery's id.
    public let id: String
    /// The account and Region that it is about.
    public let accountRegion: AccountRegion
    /// Who sent it.
    public let channel: Delivery.Channel
    /// When it came in.
    public let receivedAt: Int64
    /// How many times it was tried.
    public let attempts: Int
    /// When it failed first.
    public let firstFailedAt: Int64
    /// When it failed last and was given up.
    public let lastFailedAt: Int64
    /// Why it was given up: 1,024 characters at most.
    public let reason: String
    /// The payload's length in bytes.
    public let payloadLength: Int

    /// Puts the parts together.
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

package import AWSCore
package import Encoding

/// A dead letter without its payload.
package struct DeadLetterSummary: Sendable, Hashable {
    /// The delivery's id.
    package let id: String
    /// The account-Region.
    package let accountRegion: AccountRegion
    /// The name of its mapped source; nil for Device Defender.
    package let source: String?
    /// How it arrived.
    package let channel: Delivery.Channel
    /// When it arrived.
    package let receivedAt: Timestamp
    /// The number of attempts.
    package let attempts: Int
    /// When it failed first.
    package let firstFailedAt: Timestamp
    /// When it failed last and was dead-lettered.
    package let lastFailedAt: Timestamp
    /// Why it was dead-lettered: at most 1,024 characters.
    package let reason: String
    /// The size of the payload in bytes.
    package let payloadLength: Int

    /// Creates a value.
    package init(
        id: String, accountRegion: AccountRegion, source: String? = nil, channel: Delivery.Channel,
        receivedAt: Timestamp, attempts: Int, firstFailedAt: Timestamp, lastFailedAt: Timestamp, reason: String,
        payloadLength: Int
    ) {
        self.id = id
        self.accountRegion = accountRegion
        self.source = source
        self.channel = channel
        self.receivedAt = receivedAt
        self.attempts = attempts
        self.firstFailedAt = firstFailedAt
        self.lastFailedAt = lastFailedAt
        self.reason = reason
        self.payloadLength = payloadLength
    }
}

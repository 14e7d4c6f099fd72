package import Encoding

/// A delivery that failed permanently. It is kept with its reason until it is replayed, dropped or expired.
package struct DeadLetter: Sendable, Hashable {
    /// The delivery, with its payload.
    package let delivery: Delivery
    /// The number of attempts.
    package let attempts: Int
    /// When it failed first.
    package let firstFailedAt: Timestamp
    /// When it failed last and was dead-lettered.
    package let lastFailedAt: Timestamp
    /// Why it was dead-lettered: at most 1,024 characters.
    package let reason: String

    /// Creates a value.
    package init(delivery: Delivery, attempts: Int, firstFailedAt: Timestamp, lastFailedAt: Timestamp, reason: String) {
        self.delivery = delivery
        self.attempts = attempts
        self.firstFailedAt = firstFailedAt
        self.lastFailedAt = lastFailedAt
        self.reason = reason
    }

    /// The dead letter without its payload.
    package var summary: DeadLetterSummary {
        DeadLetterSummary(
            id: delivery.id, accountRegion: delivery.accountRegion, source: delivery.source, channel: delivery.channel,
            receivedAt: delivery.receivedAt, attempts: attempts, firstFailedAt: firstFailedAt,
            lastFailedAt: lastFailedAt, reason: reason, payloadLength: delivery.payload.count)
    }
}

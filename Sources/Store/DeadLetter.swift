/// A delivery that was given up, kept until an operator decides about it.
public struct DeadLetter: Sendable, Hashable {
    /// The delivery, with its payload.
    public let delivery: Delivery
    /// How many times it was tried.
    public let attempts: Int
    /// When it failed first, in milliseconds since 1970.
    public let firstFailedAt: Int64
    /// When it failed last and was given up, in milliseconds since 1970.
    public let lastFailedAt: Int64
    /// Why it was given up: 1,024 characters at most.
    public let reason: String

    /// Puts the parts together.
    public init(delivery: Delivery, attempts: Int, firstFailedAt: Int64, lastFailedAt: Int64, reason: String) {
        self.delivery = delivery
        self.attempts = attempts
        self.firstFailedAt = firstFailedAt
        self.lastFailedAt = lastFailedAt
        self.reason = reason
    }

    /// The same without its payload.
    public var summary: DeadLetterSummary {
        DeadLetterSummary(
            id: delivery.id, accountRegion: delivery.accountRegion, channel: delivery.channel,
            receivedAt: delivery.receivedAt,
            attempts: attempts, firstFailedAt: firstFailedAt, lastFailedAt: lastFailedAt, reason: reason,
            payloadLength: delivery.payload.count)
    }
}

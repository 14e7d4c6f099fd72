public import AWSCore

/// The recorded status of the subscription to an SNS topic.
public struct Subscription: Sendable, Hashable {
    /// The status of a subscription.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// Waiting for confirmation.
        case pending
        /// Confirmed: the topic sends messages.
        case confirmed
        /// Ended: the topic sends no more messages.
        case ended
    }

    /// The topic.
    public var topic: ARN
    /// The status.
    public var state: State
    /// The id of the SNS message that reported the status; 1 to 256 bytes.
    public var messageID: String
    /// When that message was published, in milliseconds since 1970.
    public var publishedAt: Int64
    /// When the status was recorded, in milliseconds since 1970.
    public var changedAt: Int64

    /// Creates a value.
    public init(topic: ARN, state: State, messageID: String, publishedAt: Int64, changedAt: Int64) {
        self.topic = topic
        self.state = state
        self.messageID = messageID
        self.publishedAt = publishedAt
        self.changedAt = changedAt
    }
}

public import AWSCore
public import Encoding

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
    /// When that message was published.
    public var publishedAt: Timestamp
    /// When the status was recorded.
    public var changedAt: Timestamp

    /// Creates a value.
    public init(topic: ARN, state: State, messageID: String, publishedAt: Timestamp, changedAt: Timestamp) {
        self.topic = topic
        self.state = state
        self.messageID = messageID
        self.publishedAt = publishedAt
        self.changedAt = changedAt
    }
}

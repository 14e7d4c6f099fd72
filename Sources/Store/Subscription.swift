public import AWSCore

/// What is known of the subscription to a topic.
public struct Subscription: Sendable, Hashable {
    /// How it stands.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// It waits to be confirmed.
        case pending
        /// The topic delivers.
        case confirmed
        /// Somebody ended it: the topic delivers no more.
        case ended
    }

    /// The topic.
    public var topic: ARN
    /// How it stands.
    public var state: State
    /// The id of the message that says so; 1 to 256 bytes.
    public var messageID: String
    /// When that message was published, in milliseconds since 1970.
    public var publishedAt: Int64
    /// When this was noted, in milliseconds since 1970.
    public var changedAt: Int64

    /// Makes a value.
    public init(topic: ARN, state: State, messageID: String, publishedAt: Int64, changedAt: Int64) {
        self.topic = topic
        self.state = state
        self.messageID = messageID
        self.publishedAt = publishedAt
        self.changedAt = changedAt
    }
}

package import AWSCore
package import Encoding

/// The recorded status of the subscription to an SNS topic.
package struct Subscription: Sendable, Hashable {
    /// The status of a subscription.
    package enum State: String, Sendable, Hashable, CaseIterable {
        /// Waiting for confirmation.
        case pending
        /// Confirmed: the topic sends messages.
        case confirmed
        /// Ended: the topic sends no more messages.
        case ended
    }

    /// The topic.
    package var topic: ARN
    /// The status.
    package var state: State
    /// The id of the SNS message that reported the status; 1 to 256 bytes.
    package var messageID: String
    /// When that message was published.
    package var publishedAt: Timestamp
    /// When the status was recorded.
    package var changedAt: Timestamp

    /// Creates a value.
    package init(topic: ARN, state: State, messageID: String, publishedAt: Timestamp, changedAt: Timestamp) {
        self.topic = topic
        self.state = state
        self.messageID = messageID
        self.publishedAt = publishedAt
        self.changedAt = changedAt
    }
}

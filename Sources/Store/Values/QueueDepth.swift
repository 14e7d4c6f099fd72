package import AWSCore
package import Encoding

/// The number of deliveries of one lane in one state.
package struct QueueDepth: Sendable, Hashable {
    /// The state of a delivery that is not completed.
    package enum State: String, Sendable, Hashable, CaseIterable {
        /// Ready to be leased.
        case pending
        /// Scheduled for a retry, or received with a later time.
        case waiting
        /// Leased by a worker, which may have vanished.
        case leased
        /// Dead-lettered.
        case dead
    }

    /// The account-Region.
    package let accountRegion: AccountRegion
    /// The name of the mapped source; nil for Device Defender.
    package let source: String?
    /// The state.
    package let state: State
    /// The number of deliveries, at least 1.
    package let count: Int
    /// When the oldest of them arrived.
    package let oldestReceivedAt: Timestamp

    /// Creates a value.
    package init(
        accountRegion: AccountRegion, source: String? = nil, state: State, count: Int, oldestReceivedAt: Timestamp
    ) {
        self.accountRegion = accountRegion
        self.source = source
        self.state = state
        self.count = count
        self.oldestReceivedAt = oldestReceivedAt
    }

    /// The lane of the deliveries.
    package var lane: DeliveryLane { DeliveryLane(accountRegion, source: source) }
}

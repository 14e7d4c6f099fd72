public import AWSCore
public import Encoding

/// The number of deliveries of one account-Region in one state.
public struct QueueDepth: Sendable, Hashable {
    /// The state of a delivery that is not completed.
    public enum State: String, Sendable, Hashable, CaseIterable {
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
    public let accountRegion: AccountRegion
    /// The state.
    public let state: State
    /// The number of deliveries, at least 1.
    public let count: Int
    /// When the oldest of them arrived.
    public let oldestReceivedAt: Timestamp

    /// Creates a value.
    public init(accountRegion: AccountRegion, state: State, count: Int, oldestReceivedAt: Timestamp) {
        self.accountRegion = accountRegion
        self.state = state
        self.count = count
        self.oldestReceivedAt = oldestReceivedAt
    }
}

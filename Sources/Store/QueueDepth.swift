public import AWSCore

/// How many deliveries of one account and Region are in one state.
public struct QueueDepth: Sendable, Hashable {
    /// What a delivery that is not done is waiting for.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// A worker: it may be leased now.
        case pending
        /// A time: it failed and was put off, or it came from the future.
        case waiting
        /// The worker that holds it, or held it until it vanished.
        case leased
        /// An operator: it was given up.
        case dead
    }

    /// The account and Region.
    public let accountRegion: AccountRegion
    /// The state.
    public let state: State
    /// How many there are, at least one.
    public let count: Int
    /// When the oldest of them came in, in milliseconds since 1970.
    public let oldestReceivedAt: Int64

    /// Puts the parts together.
    public init(accountRegion: AccountRegion, state: State, count: Int, oldestReceivedAt: Int64) {
        self.accountRegion = accountRegion
        self.state = state
        self.count = count
        self.oldestReceivedAt = oldestReceivedAt
    }
}

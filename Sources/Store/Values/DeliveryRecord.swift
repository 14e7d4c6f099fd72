package import AWSCore
package import Encoding

/// What the queue knows about a delivery, without its payload.
package struct DeliveryRecord: Sendable, Hashable {
    /// The state of a delivery. Whether a pending one waits for a retry follows from ``readyAt``.
    package enum State: String, Sendable, Hashable, CaseIterable {
        /// In the queue.
        case pending
        /// Leased by a worker, which may have vanished.
        case leased
        /// Completed.
        case completed
        /// Dead-lettered.
        case dead
    }

    /// The account-Region.
    package let accountRegion: AccountRegion
    /// The name of its mapped source; nil for Device Defender.
    package let source: String?
    /// How it arrived.
    package let channel: Delivery.Channel
    /// When it arrived.
    package let receivedAt: Timestamp
    /// The state.
    package let state: State
    /// When it can be leased next, or when its lease ends; nil if it is completed or dead.
    package let readyAt: Timestamp?
    /// The number of attempts.
    package let attempts: Int
    /// The worker that has leased it: host and process id.
    package let leaseOwner: String?
    /// When it failed last.
    package let lastFailedAt: Timestamp?
    /// Why it failed last.
    package let reason: String?
    /// When it was completed.
    package let completedAt: Timestamp?

    /// Creates a value.
    package init(
        accountRegion: AccountRegion, source: String? = nil, channel: Delivery.Channel, receivedAt: Timestamp,
        state: State, readyAt: Timestamp? = nil, attempts: Int = 0, leaseOwner: String? = nil,
        lastFailedAt: Timestamp? = nil, reason: String? = nil, completedAt: Timestamp? = nil
    ) {
        self.accountRegion = accountRegion
        self.source = source
        self.channel = channel
        self.receivedAt = receivedAt
        self.state = state
        self.readyAt = readyAt
        self.attempts = attempts
        self.leaseOwner = leaseOwner
        self.lastFailedAt = lastFailedAt
        self.reason = reason
        self.completedAt = completedAt
    }
}

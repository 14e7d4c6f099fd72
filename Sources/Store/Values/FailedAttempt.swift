package import Encoding

/// A retry to schedule after a failed attempt.
package struct ScheduledRetry: Sendable, Hashable {
    /// The lease of the attempt.
    package let lease: Lease
    /// The time of the next attempt. At most ``QueueTime/longestWait`` from now.
    package let readyAt: Timestamp
    /// What failed; truncated to 1,024 characters.
    package let reason: String
    /// Whether the attempt counts.
    package let isCounted: Bool

    /// Creates a retry.
    package init(_ lease: Lease, at readyAt: Timestamp, reason: String, isCounted: Bool = true) {
        self.lease = lease
        self.readyAt = readyAt
        self.reason = reason
        self.isCounted = isCounted
    }
}

/// A permanent failure, after which a delivery is dead-lettered.
package struct PermanentFailure: Sendable, Hashable {
    /// The lease of the attempt.
    package let lease: Lease
    /// What failed; truncated to 1,024 characters.
    package let reason: String

    /// Creates a failure.
    package init(_ lease: Lease, reason: String) {
        self.lease = lease
        self.reason = reason
    }
}

/// The result of ``DeliveryQueue/deadLetter(_:now:within:)``.
package struct DeadLetterResult: Sendable, Hashable {
    /// Whether each lease was held, in order.
    package let held: [Bool]
    /// The dead letters that were dropped because of a limit.
    package let dropped: DroppedDeadLetters

    /// Creates a result.
    package init(held: [Bool], dropped: DroppedDeadLetters) {
        self.held = held
        self.dropped = dropped
    }
}

public import Encoding

/// A retry to schedule after a failed attempt.
public struct ScheduledRetry: Sendable, Hashable {
    /// The lease of the attempt.
    public let lease: Lease
    /// The time of the next attempt. At most ``QueueTime/longestWait`` from now.
    public let readyAt: Timestamp
    /// What failed; truncated to 1,024 characters.
    public let reason: String
    /// Whether the attempt counts.
    public let isCounted: Bool

    /// Creates a retry.
    public init(_ lease: Lease, at readyAt: Timestamp, reason: String, isCounted: Bool = true) {
        self.lease = lease
        self.readyAt = readyAt
        self.reason = reason
        self.isCounted = isCounted
    }
}

/// A permanent failure, after which a delivery is dead-lettered.
public struct PermanentFailure: Sendable, Hashable {
    /// The lease of the attempt.
    public let lease: Lease
    /// What failed; truncated to 1,024 characters.
    public let reason: String

    /// Creates a failure.
    public init(_ lease: Lease, reason: String) {
        self.lease = lease
        self.reason = reason
    }
}

/// The result of ``DeliveryQueue/deadLetter(_:now:within:)``.
public struct DeadLetterResult: Sendable, Hashable {
    /// Whether each lease was held, in order.
    public let held: [Bool]
    /// The dead letters that were dropped because of a limit.
    public let dropped: DroppedDeadLetters

    /// Creates a result.
    public init(held: [Bool], dropped: DroppedDeadLetters) {
        self.held = held
        self.dropped = dropped
    }
}

public import Encoding

/// The number of deliveries in a store, by state.
public struct QueueStatus: Sendable, Hashable {
    /// Deliveries that wait for a worker or for their retry.
    public var pending = 0
    /// Deliveries leased by a worker, which may have vanished.
    public var leased = 0
    /// Completed deliveries, kept to detect duplicates.
    public var completed = 0
    /// Dead letters.
    public var dead = 0
    /// When the oldest pending or leased delivery arrived; nil if there is none.
    public var oldestReceivedAt: Timestamp?

    /// The status of an empty queue.
    public init() {}
}

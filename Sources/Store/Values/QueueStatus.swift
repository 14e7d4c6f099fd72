package import Encoding

/// The number of deliveries in a store, by state.
package struct QueueStatus: Sendable, Hashable {
    /// Deliveries that wait for a worker or for their retry.
    package var pending = 0
    /// Deliveries leased by a worker, which may have vanished.
    package var leased = 0
    /// Completed deliveries, kept to detect duplicates.
    package var completed = 0
    /// Dead letters.
    package var dead = 0
    /// When the oldest pending or leased delivery arrived; nil if there is none.
    package var oldestReceivedAt: Timestamp?

    /// The status of an empty queue.
    package init() {}
}

package import Encoding

/// A worker's time-limited right to process a delivery.
///
/// After its end the right continues until another worker leases the delivery. A late worker can still complete it
/// until then.
package struct Lease: Sendable, Hashable {
    /// The delivery's id.
    package let deliveryID: String
    /// The owner of the lease, for display.
    package let owner: String
    /// When the lease expires and others can lease the delivery.
    package let until: Timestamp
    /// The delivery's position in the queue; never reused.
    package let sequence: Int64
    /// How many times the delivery was leased, including this lease. Distinguishes successive leases.
    package let number: Int64

    /// Creates a lease, for other implementations of ``Store``. ``SQLiteStore`` treats it as lost unless it equals a
    /// lease that it made.
    package init(deliveryID: String, owner: String, until: Timestamp, sequence: Int64, number: Int64) {
        self.deliveryID = deliveryID
        self.owner = owner
        self.until = until
        self.sequence = sequence
        self.number = number
    }

    /// The lease with another end.
    package func extended(until end: Timestamp) -> Lease {
        Lease(deliveryID: deliveryID, owner: owner, until: end, sequence: sequence, number: number)
    }
}

/// A delivery and its lease.
package struct LeasedDelivery: Sendable, Hashable {
    /// The delivery.
    package let delivery: Delivery
    /// The lease, to be passed with the outcome.
    package let lease: Lease
    /// The number of this attempt, from 1. Released attempts do not count; attempts whose worker vanished do.
    package let attempt: Int
    /// How far an earlier attempt came, as recorded in ``LedgerUpdate/checkpoint``; nil if none was recorded.
    package let checkpoint: String?

    /// Creates a value.
    package init(delivery: Delivery, lease: Lease, attempt: Int, checkpoint: String? = nil) {
        self.delivery = delivery
        self.lease = lease
        self.attempt = attempt
        self.checkpoint = checkpoint
    }
}

/// The result of ``DeliveryQueue/lease(limit:for:owner:now:excluding:)``.
package struct LeaseBatch: Sendable, Hashable {
    /// The leased deliveries; fewer than the limit if no more were ready.
    package let deliveries: [LeasedDelivery]
    /// When the next delivery becomes ready by the passing of time alone (new, due for a retry, or its lease expires).
    /// In the past if more are ready now; nil if the queue is empty.
    package let nextReadyAt: Timestamp?
    /// The state of the queue that this batch saw, for ``DeliveryQueue/waitForWork(after:)``.
    package let mark: WorkMark
    /// The current pauses, as returned by ``DeliveryQueue/pauses()``. The batch contains no paused deliveries.
    package let pauses: [Pause]
    /// The lanes that this process acquired with this batch. Another process may have processed them until now, so the
    /// API rate limits of their account-Regions may be used up.
    package let acquired: Set<DeliveryLane>
    /// How many leases of vanished workers this batch took over: expired ones, and those of processes that are gone.
    package let expired: Int

    /// Creates a value.
    package init(
        deliveries: [LeasedDelivery], nextReadyAt: Timestamp?, mark: WorkMark, pauses: [Pause],
        acquired: Set<DeliveryLane> = [],
        expired: Int = 0
    ) {
        self.deliveries = deliveries
        self.nextReadyAt = nextReadyAt
        self.mark = mark
        self.pauses = pauses
        self.acquired = acquired
        self.expired = expired
    }
}

/// A position in the change history of a queue, and the lanes that its reader skipped.
package struct WorkMark: Sendable, Hashable {
    /// The number of changes before the mark.
    package let count: UInt64
    /// The skipped lanes, as the tables name them.
    package let excluded: Set<String>

    /// Creates a mark; 0 is the beginning.
    package init(count: UInt64 = 0) { self.init(count: count, excluding: []) }

    /// Creates a mark of a reader that skips some lanes.
    package init(count: UInt64, excluding excluded: Set<String>) {
        self.count = count
        self.excluded = excluded
    }
}

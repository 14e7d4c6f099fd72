public import AWSCore

/// The right to work on one delivery until a time.
///
/// The right outlives that time until somebody else leases the delivery: whoever comes late but first may still
/// complete it.
public struct Lease: Sendable, Hashable {
    /// The delivery's id.
    public let deliveryID: String
    /// Who holds it, for people to read.
    public let owner: String
    /// From when on others may take it over, in milliseconds since 1970.
    public let until: Int64
    /// The delivery's place in the queue, never used twice.
    let sequence: Int64
    /// How many times the delivery had been leased when this lease began, itself included; tells one holder from the
    /// next.
    let number: Int64

    /// Makes a lease, for a store of another kind; one made by hand is refused as lost by ``SQLiteStore`` unless it
    /// names what was really leased.
    public init(deliveryID: String, owner: String, until: Int64, sequence: Int64, number: Int64) {
        self.deliveryID = deliveryID
        self.owner = owner
        self.until = until
        self.sequence = sequence
        self.number = number
    }
}

/// A delivery with the lease to work on it.
public struct LeasedDelivery: Sendable, Hashable {
    /// The delivery.
    public let delivery: Delivery
    /// The lease, to be handed back with the outcome.
    public let lease: Lease
    /// Which attempt this is, from 1. Attempts that were released do not count; attempts whose holder vanished do.
    public let attempt: Int
    /// How far an earlier attempt came, as ``Progress/bookmark`` said it; nil if none said.
    public let checkpoint: String?

    /// Puts the parts together.
    public init(delivery: Delivery, lease: Lease, attempt: Int, checkpoint: String? = nil) {
        self.delivery = delivery
        self.lease = lease
        self.attempt = attempt
        self.checkpoint = checkpoint
    }
}

/// What a call to ``Store/lease(limit:for:owner:now:excluding:)`` got, and how to wait for more.
public struct LeaseBatch: Sendable, Hashable {
    /// The deliveries leased; fewer than asked for when no more were ready.
    public let deliveries: [LeasedDelivery]
    /// When the next delivery becomes ready by the passing of time alone (new, due for retry, or its lease expired), in
    /// milliseconds since 1970; in the past when more are ready now; nil when the queue is empty.
    public let nextReadyAt: Int64?
    /// The state of the queue that this batch saw, for ``Store/waitForWork(after:)``.
    public let mark: WorkMark
    /// The pauses that this batch saw, as ``Store/pauses()`` gives them: nothing that they hold is in it.
    public let pauses: [Pause]
    /// The accounts and Regions that this process began to work on with this batch, and that another one may have worked on
    /// until now: whatever limit there is to requests in them may be used up.
    public let acquired: Set<AccountRegion>
    /// How many leases ended with this batch whose holder vanished: by their time, or because its process is gone.
    public let expired: Int

    /// Puts the parts together.
    public init(
        deliveries: [LeasedDelivery], nextReadyAt: Int64?, mark: WorkMark, pauses: [Pause],
        acquired: Set<AccountRegion> = [],
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

/// A point in the history of a store's queue: how many times it told its workers to look again; and what whoever looked
/// passed over.
public struct WorkMark: Sendable, Hashable {
    let count: UInt64
    /// Origins, in the form of the tables.
    let excluded: Set<String>

    /// Makes a mark; 0 is the beginning.
    public init(count: UInt64 = 0) { self.init(count: count, excluding: []) }

    init(count: UInt64, excluding excluded: Set<String>) {
        self.count = count
        self.excluded = excluded
    }
}

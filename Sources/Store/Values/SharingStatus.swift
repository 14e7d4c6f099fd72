package import AWSCore
import Encoding

/// How the replicas on a database share the partitions, for operators. SQLite has one process and reports nothing.
package struct SharingStatus: Sendable, Hashable {
    /// A live replica that processes deliveries.
    package struct Replica: Sendable, Hashable {
        /// Host and process id, as in the owner of its leases.
        package let name: String
        /// How far its clock is ahead of the database's, negative if it is behind.
        package let clockOffset: Duration

        /// Creates a value.
        package init(name: String, clockOffset: Duration) {
            self.name = name
            self.clockOffset = clockOffset
        }

        /// Whether its clock is so far from the database's that an operator should set it.
        package var hasWrongClock: Bool { clockOffset.magnitude > SharingStatus.clockTolerance }
    }

    /// A partition that its live owner does not process, although deliveries have been ready for a minute.
    package struct Stall: Sendable, Hashable {
        /// The account-Region.
        package let accountRegion: AccountRegion
        /// The name of the mapped source; nil for Device Defender.
        package let source: String?
        /// The name of its owner.
        package let replica: String
        /// The time since the owner last leased a delivery of it.
        package let idleTime: Duration

        /// Creates a value.
        package init(accountRegion: AccountRegion, source: String? = nil, replica: String, idleTime: Duration) {
            self.accountRegion = accountRegion
            self.source = source
            self.replica = replica
            self.idleTime = idleTime
        }

        /// The lane of the partition.
        package var lane: DeliveryLane { DeliveryLane(accountRegion, source: source) }
    }

    /// The clock difference above which an operator is warned.
    package static let clockTolerance = Duration.seconds(3)

    /// The live replicas, by name.
    package var replicas: [Replica] = []
    /// The stalled partitions, in order.
    package var stalls: [Stall] = []

    /// Creates an empty status.
    package init() {}
}

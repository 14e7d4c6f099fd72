public import AWSCore
import Encoding

/// How the replicas on a database share the partitions, for operators. SQLite has one process and reports nothing.
public struct SharingStatus: Sendable, Hashable {
    /// A live replica that processes deliveries.
    public struct Replica: Sendable, Hashable {
        /// Host and process id, as in the owner of its leases.
        public let name: String
        /// How far its clock is ahead of the database's, negative if it is behind.
        public let clockOffset: Duration

        /// Creates a value.
        public init(name: String, clockOffset: Duration) {
            self.name = name
            self.clockOffset = clockOffset
        }

        /// Whether its clock is so far from the database's that an operator should set it.
        public var hasWrongClock: Bool { clockOffset.magnitude > SharingStatus.clockTolerance }
    }

    /// A partition that its live owner does not process, although deliveries have been ready for a minute.
    public struct Stall: Sendable, Hashable {
        /// The account-Region.
        public let accountRegion: AccountRegion
        /// The name of its owner.
        public let replica: String
        /// The time since the owner last leased a delivery of it.
        public let idleTime: Duration

        /// Creates a value.
        public init(accountRegion: AccountRegion, replica: String, idleTime: Duration) {
            self.accountRegion = accountRegion
            self.replica = replica
            self.idleTime = idleTime
        }
    }

    /// The clock difference above which an operator is warned.
    public static let clockTolerance = Duration.seconds(3)

    /// The live replicas, by name.
    public var replicas: [Replica] = []
    /// The stalled partitions, in order.
    public var stalls: [Stall] = []

    /// Creates an empty status.
    public init() {}
}

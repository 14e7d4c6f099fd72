public import AWSCore

/// How the replicas on a database share the partitions, for operators. SQLite has one process and reports nothing.
public struct SharingStatus: Sendable, Hashable {
    /// A live replica that processes deliveries.
    public struct Replica: Sendable, Hashable {
        /// Host and process id, as in the owner of its leases.
        public let name: String
        /// How far its clock is ahead of the database's, in milliseconds; negative if it is behind.
        public let clockOffset: Int64

        /// Creates a value.
        public init(name: String, clockOffset: Int64) {
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
        /// Milliseconds since the owner last leased a delivery of it.
        public let idleTime: Int64

        /// Creates a value.
        public init(accountRegion: AccountRegion, replica: String, idleTime: Int64) {
            self.accountRegion = accountRegion
            self.replica = replica
            self.idleTime = idleTime
        }
    }

    /// The clock difference above which an operator is warned, in milliseconds.
    public static let clockTolerance: UInt64 = 3000

    /// The live replicas, by name.
    public var replicas: [Replica] = []
    /// The stalled partitions, in order.
    public var stalls: [Stall] = []

    /// Creates an empty status.
    public init() {}
}

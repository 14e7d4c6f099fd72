public import AWSCore

/// How the replicas on one database share the work, as far as an operator must know. SQLite has one process and reports
/// nothing.
public struct SharingStatus: Sendable, Hashable {
    /// A live process that works on deliveries.
    public struct Replica: Sendable, Hashable {
        /// Host and process id, as in the owner of its leases.
        public let name: String
        /// How far its clock is ahead of the database's, in milliseconds; negative if it is behind.
        public let clockOffset: Int64

        /// Puts the parts together.
        public init(name: String, clockOffset: Int64) {
            self.name = name
            self.clockOffset = clockOffset
        }

        /// Whether its clock is so far from the database's that an operator should set it.
        public var hasWrongClock: Bool { clockOffset.magnitude > SharingStatus.clockTolerance }
    }

    /// An account-Region that a live replica holds and does not process, although deliveries have been ready for a minute.
    public struct Stall: Sendable, Hashable {
        /// The account-Region.
        public let accountRegion: AccountRegion
        /// The name of the replica that holds it.
        public let replica: String
        /// Milliseconds since the replica last leased a delivery of it.
        public let idleTime: Int64

        /// Puts the parts together.
        public init(accountRegion: AccountRegion, replica: String, idleTime: Int64) {
            self.accountRegion = accountRegion
            self.replica = replica
            self.idleTime = idleTime
        }
    }

    /// The difference between two clocks that is not worth a warning, in milliseconds.
    public static let clockTolerance: UInt64 = 3000

    /// The live replicas, by name.
    public var replicas: [Replica] = []
    /// The stalled account-Regions, in order.
    public var stalls: [Stall] = []

    /// Nothing to report.
    public init() {}
}

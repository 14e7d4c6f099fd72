/// An event that a store reports, for metrics.
package enum StoreEvent: Sendable, Hashable {
    /// The purpose of connections to a database server.
    package enum Pool: String, Sendable, Hashable, CaseIterable {
        /// Appending deliveries.
        case append
        /// All other statements.
        case work
        /// Heartbeats, and notifications of other replicas.
        case listen
    }

    /// Writes that shared a transaction are durable; with the duration of the transaction.
    case committed(writes: Int, duration: Duration)
    /// A connection to the database server was established.
    case connected(Pool)
    /// An established connection was lost or closed.
    case disconnected(Pool)
    /// A connection could not be established.
    case connectionFailed(Pool)
    /// Findings of an earlier version were moved to the present tables; with the estimated number of all, which is at
    /// least as large.
    case migrated(findings: Int, total: Int)

    /// Receives events on any thread; must return immediately.
    package typealias Report = @Sendable (StoreEvent) -> Void
}

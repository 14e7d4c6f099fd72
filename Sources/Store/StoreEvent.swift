/// What a store tells its owner, beside what it answers.
public enum StoreEvent: Sendable, Hashable {
    /// What connections to a database server are for.
    public enum Pool: String, Sendable, Hashable, CaseIterable {
        /// Adding deliveries.
        case append
        /// Everything else that is asked of the database.
        case work
        /// Hearing what other bridges tell.
        case listen
    }

    /// Writes that shared a transaction are durable; with the time from the transaction's begin to that.
    case committed(writes: Int, duration: Duration)
    /// A connection to the database server was made.
    case connected(Pool)
    /// A connection that was made is lost or closed.
    case disconnected(Pool)
    /// A connection could not be made.
    case connectionFailed(Pool)

    /// Hears the events, on any thread, and returns at once.
    public typealias Report = @Sendable (StoreEvent) -> Void
}

/// What a store holds.
public struct StoreStatus: Sendable, Hashable {
    /// Deliveries that wait for a worker, those that wait for their retry included.
    public var pending = 0
    /// Deliveries that a worker holds, or held until it vanished.
    public var leased = 0
    /// Deliveries that are done and remembered only to find duplicates.
    public var completed = 0
    /// Deliveries that were given up.
    public var dead = 0
    /// When the oldest pending or leased delivery came in, in milliseconds since 1970; nil when there is none.
    public var oldestReceivedAt: Int64?
    /// Findings that Security Hub has as active.
    public var activeFindings = 0
    /// Findings that Security Hub has as archived.
    public var archivedFindings = 0
    /// Findings whose latest state Security Hub is not known to have.
    public var unsentFindings = 0

    /// The status of an empty store.
    public init() {}
}

/// The number of deliveries and findings in a store.
public struct StoreStatus: Sendable, Hashable {
    /// Deliveries that wait for a worker or for their retry.
    public var pending = 0
    /// Deliveries leased by a worker, which may have vanished.
    public var leased = 0
    /// Completed deliveries, kept to detect duplicates.
    public var completed = 0
    /// Dead letters.
    public var dead = 0
    /// When the oldest pending or leased delivery arrived, in milliseconds since 1970; nil if there is none.
    public var oldestReceivedAt: Int64?
    /// Findings that are active in Security Hub.
    public var activeFindings = 0
    /// Findings that are archived in Security Hub.
    public var archivedFindings = 0
    /// Findings whose latest state is not confirmed by Security Hub.
    public var unsentFindings = 0

    /// The status of an empty store.
    public init() {}
}

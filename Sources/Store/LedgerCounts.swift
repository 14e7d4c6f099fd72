/// How many findings the ledger holds, by what Security Hub has of them.
public struct LedgerCounts: Sendable, Hashable {
    /// Findings that Security Hub has as active.
    public var active = 0
    /// Findings that Security Hub has as archived.
    public var archived = 0
    /// Findings whose latest state Security Hub is not known to have.
    public var unsent = 0

    /// The counts of an empty ledger.
    public init() {}

    /// Takes what was not sent yet from what the ledger says. Counts that were read one after the other may not fit each other.
    ///
    /// - Parameters:
    ///   - active: active findings, sent or not.
    ///   - archived: archived findings, sent or not.
    ///   - unsentActive: active findings that were not sent.
    ///   - unsent: findings that were not sent, active or archived.
    init(active: Int, archived: Int, unsentActive: Int, unsent: Int) {
        self.active = max(active - unsentActive, 0)
        self.archived = max(archived - max(unsent - unsentActive, 0), 0)
        self.unsent = unsent
    }
}

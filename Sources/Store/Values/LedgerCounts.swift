/// The number of findings in the ledger, by their state in Security Hub.
package struct LedgerCounts: Sendable, Hashable {
    /// Findings that are active in Security Hub.
    package var active: Int
    /// Findings that are archived in Security Hub.
    package var archived: Int
    /// Findings whose latest state is not confirmed by Security Hub.
    package var unsent: Int

    /// Creates counts; without arguments, those of an empty ledger.
    package init(active: Int = 0, archived: Int = 0, unsent: Int = 0) {
        self.active = active
        self.archived = archived
        self.unsent = unsent
    }
}

/// The number of findings in the ledger, by their state in Security Hub.
package struct LedgerCounts: Sendable, Hashable {
    /// Findings that are active in Security Hub.
    package var active = 0
    /// Findings that are archived in Security Hub.
    package var archived = 0
    /// Findings whose latest state is not confirmed by Security Hub.
    package var unsent = 0

    /// The counts of an empty ledger.
    package init() {}

    /// Subtracts the unsent findings from the counts in the ledger. Counts that were read one after another may be
    /// inconsistent.
    ///
    /// - Parameters:
    ///   - active: active findings, sent or not.
    ///   - archived: archived findings, sent or not.
    ///   - unsentActive: active findings that were not sent.
    ///   - unsent: findings that were not sent, active or archived.
    package init(active: Int, archived: Int, unsentActive: Int, unsent: Int) {
        self.active = max(active - unsentActive, 0)
        self.archived = max(archived - max(unsent - unsentActive, 0), 0)
        self.unsent = unsent
    }
}

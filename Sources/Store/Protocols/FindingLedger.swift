package import AWSCore
package import Encoding

/// The ledger: what was last sent to Security Hub about each finding, and which audits were applied.
package protocol FindingLedger: Sendable {
    /// The ledger entries with these ids. Unknown ids are omitted.
    func ledgerEntries(ids: [String]) async throws(StoreError) -> [String: LedgerEntry]

    /// The findings about a subject, ordered by id, at most 1,000.
    ///
    /// - Parameter last: The last entry of the previous page; nil for the first page.
    func ledgerEntries(
        about subject: String, after last: LedgerEntry?, limit: Int
    ) async throws(StoreError) -> [LedgerEntry]

    /// The findings of a group that are not over and were last reported before a time, ordered by
    /// ``LedgerEntry/eventTime`` and id, at most 1,000.
    ///
    /// - Parameter last: The last entry of the previous page; nil for the first page.
    func unseenLedgerEntries(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, group: String, before time: Timestamp,
        after last: LedgerEntry?,
        limit: Int
    ) async throws(StoreError) -> [LedgerEntry]

    /// The active findings that were last sent before a time, ordered by ``LedgerEntry/updatedAt`` and id, at most
    /// 1,000.
    ///
    /// - Parameter last: The last entry of the previous page; nil for the first page.
    func staleLedgerEntries(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, before time: Timestamp, after last: LedgerEntry?,
        limit: Int
    ) async throws(StoreError) -> [LedgerEntry]

    /// The findings whose latest state was not confirmed by Security Hub, ordered by id, at most 1,000.
    ///
    /// - Parameter last: The last entry of the previous page; nil for the first page.
    func unsentLedgerEntries(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, after last: LedgerEntry?, limit: Int
    ) async throws(StoreError) -> [LedgerEntry]

    /// Counts the findings that are active in Security Hub, and those whose latest state is not confirmed, by
    /// account-Region and severity. In no order; zero counts are omitted.
    ///
    /// Reads a short index entry for each counted finding.
    func openFindings() async throws(StoreError) -> [OpenFindings]

    /// Up to `limit` (at most 1,000) active findings without a severity: an earlier version wrote them.
    func unlabeledLedgerEntries(limit: Int) async throws(StoreError) -> [LedgerEntry]

    /// Sets the severities, by id, of findings that have none. Other ids are skipped.
    func label(_ severities: [String: LedgerEntry.Severity]) async throws(StoreError)

    /// Deletes archived findings that are over and were last updated before a time, and returns their number. Security
    /// Hub deletes them too.
    func purgeLedger(archivedBefore time: Timestamp) async throws(StoreError) -> Int

    /// The groups (``LedgerEntry/group``) of the findings of an account-Region that are not over, in order.
    ///
    /// Reads an index entry for each group.
    func ledgerGroups(of accountRegion: AccountRegion, kind: LedgerEntry.Kind) async throws(StoreError) -> [String]

    // MARK: Audits

    /// The newest applied audits of an account-Region, by check name.
    func appliedAudits(of accountRegion: AccountRegion) async throws(StoreError) -> [String: AppliedAudit]

    /// The newest finished and imported audit of each account-Region and schedule, in no order.
    func finishedAudits() async throws(StoreError) -> [FinishedAudit]

    /// When audits last completed the checks of an account-Region, by check name.
    func checkCompletions(of accountRegion: AccountRegion) async throws(StoreError) -> [String: CheckCompletion]

    /// The time span in which every audit of an account-Region is known; nil if its audits were never listed.
    func auditCoverage(of accountRegion: AccountRegion) async throws(StoreError) -> AuditCoverage?

    /// Records that all audits of a time span were listed, with the checks that they completed. The known span is
    /// extended if the new one begins within it. Otherwise there is a gap, and the new span replaces it.
    func record(
        _ coverage: AuditCoverage, of accountRegion: AccountRegion, _ completions: [CheckCompletion]
    ) async throws(StoreError)

    // MARK: Rebuilding

    /// The account-Regions whose ledger is complete: it contains every finding that Security Hub has.
    func ledgerAccountRegions() async throws(StoreError) -> [AccountRegion]

    /// Deletes the findings, applied audits and check completions of an account-Region, and marks its ledger
    /// incomplete. Dispositions are kept.
    func clearLedger(of accountRegion: AccountRegion) async throws(StoreError)

    /// Adds findings and dispositions from Security Hub to a ledger that is being rebuilt. Existing ones are not
    /// changed.
    func restore(_ entries: [LedgerEntry], _ dispositions: [Disposition]) async throws(StoreError)

    /// Marks the ledger of an account-Region as complete, and adds the applied audits of checks that have none.
    func finishLedger(of accountRegion: AccountRegion, appliedAudits: [AppliedAudit], now: Timestamp)
        async throws(StoreError)
}

extension FindingLedger {
    /// The findings about a subject, ordered by id.
    package func entries(about subject: String) -> Pages<LedgerEntry> {
        Pages { last, limit throws(StoreError) in
            try await ledgerEntries(about: subject, after: last, limit: limit)
        }
    }

    /// The findings of a group that are not over and were last reported before a time, in the order of
    /// ``LedgerEntry/eventTime``.
    package func unseenEntries(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, group: String, before time: Timestamp
    ) -> Pages<LedgerEntry> {
        Pages { last, limit throws(StoreError) in
            try await unseenLedgerEntries(
                of: accountRegion, kind: kind, group: group, before: time, after: last, limit: limit)
        }
    }

    /// The active findings that were last sent before a time, in the order of ``LedgerEntry/updatedAt``.
    package func staleEntries(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, before time: Timestamp
    ) -> Pages<LedgerEntry> {
        Pages { last, limit throws(StoreError) in
            try await staleLedgerEntries(of: accountRegion, kind: kind, before: time, after: last, limit: limit)
        }
    }

    /// The findings whose latest state was not confirmed by Security Hub, ordered by id.
    package func unsentEntries(of accountRegion: AccountRegion, kind: LedgerEntry.Kind) -> Pages<LedgerEntry> {
        Pages { last, limit throws(StoreError) in
            try await unsentLedgerEntries(of: accountRegion, kind: kind, after: last, limit: limit)
        }
    }
}

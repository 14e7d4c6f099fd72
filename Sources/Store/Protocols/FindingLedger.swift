package import AWSCore
package import Encoding

/// The ledger: what was last sent to Security Hub about each finding, and which audits were applied.
package protocol FindingLedger: Sendable {
    /// The findings with these ids. Unknown ids are omitted.
    func ledgerRows(ids: [String]) async throws(StoreError) -> [String: LedgerRow]

    /// The findings in these rows, in no order. Unknown rows are omitted.
    ///
    /// - Parameter numbers: at most 1,000.
    func ledgerRows(numbers: [Int64]) async throws(StoreError) -> [LedgerRow]

    /// The findings whose digest (``LedgerEntry/digest``) is one of these, and whose state is sent. Reads short index
    /// entries only.
    ///
    /// - Parameter digests: at most 1,000 of 32 bytes each.
    /// - Returns: for each digest the finding; nil if there is none.
    func unchangedFindings(
        digests: [[UInt8]], of accountRegion: AccountRegion
    ) async throws(StoreError) -> [UnchangedFinding?]

    /// The findings about a subject, in the order of their rows, at most 1,000.
    ///
    /// - Parameter last: The last row of the previous page; nil for the first page.
    func ledgerRows(about subject: String, after last: LedgerRow?, limit: Int) async throws(StoreError) -> [LedgerRow]

    /// The places of the findings of a group that are not over and were last reported before a time, ordered by that
    /// time and the row number.
    ///
    /// The start of an applied audit does not count as a report here. Reads short index entries only.
    ///
    /// - Parameters:
    ///   - last: The last place of the previous page; nil for the first page.
    ///   - limit: At most 10,000.
    func openPositions(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, group: String, before time: Timestamp,
        after last: LedgerPosition?, limit: Int
    ) async throws(StoreError) -> [LedgerPosition]

    /// The findings of a mapped source that are not over and were last reported before a time, in the order of their
    /// rows, at most 1,000.
    ///
    /// - Parameter last: The last row of the previous page; nil for the first page.
    func openLedgerRows(
        of accountRegion: AccountRegion, source: String, reportedBefore time: Timestamp, after last: LedgerRow?,
        limit: Int
    ) async throws(StoreError) -> [LedgerRow]

    /// The active findings that were last sent before a time, ordered by ``LedgerEntry/updatedAt`` and row number, at
    /// most 1,000.
    ///
    /// - Parameter last: The last row of the previous page; nil for the first page.
    func staleLedgerRows(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, before time: Timestamp, after last: LedgerRow?,
        limit: Int
    ) async throws(StoreError) -> [LedgerRow]

    /// The findings whose latest state was not confirmed by Security Hub, in the order of their rows, at most 1,000.
    ///
    /// - Parameter last: The last row of the previous page; nil for the first page.
    func unsentLedgerRows(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, after last: LedgerRow?, limit: Int
    ) async throws(StoreError) -> [LedgerRow]

    /// The numbers of findings that are active in Security Hub, and of those whose latest state is not confirmed, by
    /// account-Region, source and severity. In no order; zero counts are omitted. Reads no row of a finding.
    func openFindings() async throws(StoreError) -> [OpenFindings]

    /// Deletes archived findings that are over and were last updated before a time, and returns their number. Security
    /// Hub deletes them too.
    func purgeLedger(archivedBefore time: Timestamp) async throws(StoreError) -> Int

    /// The groups (``LedgerEntry/group``) of the findings of an account-Region that are not over, in order.
    ///
    /// Reads an index entry for each group.
    func ledgerGroups(of accountRegion: AccountRegion, kind: LedgerEntry.Kind) async throws(StoreError) -> [String]

    // MARK: Audits

    /// The task id of the audit whose list of findings is being imported; see ``ListingChange``.
    func listedAudit(of accountRegion: AccountRegion) async throws(StoreError) -> String?

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
    /// The ledger entries with these ids. Unknown ids are omitted.
    package func ledgerEntries(ids: [String]) async throws(StoreError) -> [String: LedgerEntry] {
        try await ledgerRows(ids: ids).mapValues(\.entry)
    }

    /// The findings about a subject, in the order of their rows.
    package func rows(about subject: String) -> Pages<LedgerRow> {
        Pages { last, limit throws(StoreError) in
            try await ledgerRows(about: subject, after: last, limit: limit)
        }
    }

    /// The places of the findings of a group that are not over and were last reported before a time, in the order of
    /// that time.
    package func openPositions(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, group: String, before time: Timestamp
    ) -> Pages<LedgerPosition> {
        Pages(limit: Limits.positions.upperBound) { last, limit throws(StoreError) in
            try await openPositions(
                of: accountRegion, kind: kind, group: group, before: time, after: last, limit: limit)
        }
    }

    /// The findings of a mapped source that are not over and were last reported before a time, in the order of their
    /// rows.
    package func openRows(
        of accountRegion: AccountRegion, source: String, reportedBefore time: Timestamp
    ) -> Pages<LedgerRow> {
        Pages { last, limit throws(StoreError) in
            try await openLedgerRows(
                of: accountRegion, source: source, reportedBefore: time, after: last, limit: limit)
        }
    }

    /// The active findings that were last sent before a time, in the order of ``LedgerEntry/updatedAt``.
    package func staleRows(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, before time: Timestamp
    ) -> Pages<LedgerRow> {
        Pages { last, limit throws(StoreError) in
            try await staleLedgerRows(of: accountRegion, kind: kind, before: time, after: last, limit: limit)
        }
    }

    /// The findings whose latest state was not confirmed by Security Hub, in the order of their rows.
    package func unsentRows(of accountRegion: AccountRegion, kind: LedgerEntry.Kind) -> Pages<LedgerRow> {
        Pages { last, limit throws(StoreError) in
            try await unsentLedgerRows(of: accountRegion, kind: kind, after: last, limit: limit)
        }
    }
}

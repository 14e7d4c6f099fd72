package import AWSCore
package import Encoding

extension OpeningStore {
    /// See ``Store``.
    package func ledgerRows(ids: [String]) async throws(StoreError) -> [String: LedgerRow] {
        try await current().ledgerRows(ids: ids)
    }

    /// See ``Store``.
    package func ledgerRows(numbers: [Int64]) async throws(StoreError) -> [LedgerRow] {
        try await current().ledgerRows(numbers: numbers)
    }

    /// See ``Store``.
    package func unchangedFindings(
        digests: [[UInt8]], of accountRegion: AccountRegion
    ) async throws(StoreError) -> [UnchangedFinding?] {
        try await current().unchangedFindings(digests: digests, of: accountRegion)
    }

    /// See ``Store``.
    package func ledgerRows(about subject: String, after last: LedgerRow?, limit: Int) async throws(StoreError)
        -> [LedgerRow]
    {
        try await current().ledgerRows(about: subject, after: last, limit: limit)
    }

    /// See ``Store``.
    package func openPositions(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, group: String, before time: Timestamp,
        after last: LedgerPosition?, limit: Int
    ) async throws(StoreError) -> [LedgerPosition] {
        try await current().openPositions(
            of: accountRegion, kind: kind, group: group, before: time, after: last, limit: limit)
    }

    /// See ``Store``.
    package func openLedgerRows(
        of accountRegion: AccountRegion, source: String, reportedBefore time: Timestamp, after last: LedgerRow?,
        limit: Int
    ) async throws(StoreError) -> [LedgerRow] {
        try await current().openLedgerRows(
            of: accountRegion, source: source, reportedBefore: time, after: last, limit: limit)
    }

    /// See ``Store``.
    package func staleLedgerRows(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, before time: Timestamp, after last: LedgerRow?,
        limit: Int
    ) async throws(StoreError) -> [LedgerRow] {
        try await current().staleLedgerRows(of: accountRegion, kind: kind, before: time, after: last, limit: limit)
    }

    /// See ``Store``.
    package func unsentLedgerRows(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, after last: LedgerRow?, limit: Int
    ) async throws(StoreError) -> [LedgerRow] {
        try await current().unsentLedgerRows(of: accountRegion, kind: kind, after: last, limit: limit)
    }

    /// See ``Store``.
    package func listedAudit(of accountRegion: AccountRegion) async throws(StoreError) -> String? {
        try await current().listedAudit(of: accountRegion)
    }

    /// See ``Store``.
    package func openFindings() async throws(StoreError) -> [OpenFindings] {
        try await current().openFindings()
    }

    /// See ``Store``.
    package func purgeLedger(archivedBefore time: Timestamp) async throws(StoreError) -> Int {
        try await current().purgeLedger(archivedBefore: time)
    }

    /// See ``Store``.
    package func dispositions(about subjects: [String]) async throws(StoreError) -> [String: Disposition] {
        try await current().dispositions(about: subjects)
    }

    /// See ``Store``.
    package func dispositions(of accountRegion: AccountRegion, after last: Disposition?, limit: Int)
        async throws(StoreError)
        -> [Disposition]
    {
        try await current().dispositions(of: accountRegion, after: last, limit: limit)
    }

    /// See ``Store``.
    package func dueDispositions(by time: Timestamp, limit: Int) async throws(StoreError) -> [Disposition] {
        try await current().dueDispositions(by: time, limit: limit)
    }

    /// See ``Store``.
    package func purgeDispositions(by time: Timestamp) async throws(StoreError) -> Int {
        try await current().purgeDispositions(by: time)
    }

    /// See ``Store``.
    package func appliedAudits(of accountRegion: AccountRegion) async throws(StoreError) -> [String: AppliedAudit] {
        try await current().appliedAudits(of: accountRegion)
    }

    /// See ``Store``.
    package func finishedAudits() async throws(StoreError) -> [FinishedAudit] {
        try await current().finishedAudits()
    }

    /// See ``Store``.
    package func checkCompletions(of accountRegion: AccountRegion) async throws(StoreError) -> [String: CheckCompletion]
    {
        try await current().checkCompletions(of: accountRegion)
    }

    /// See ``Store``.
    package func auditCoverage(of accountRegion: AccountRegion) async throws(StoreError) -> AuditCoverage? {
        try await current().auditCoverage(of: accountRegion)
    }

    /// See ``Store``.
    package func record(
        _ coverage: AuditCoverage, of accountRegion: AccountRegion, _ completions: [CheckCompletion]
    ) async throws(StoreError) {
        try await current().record(coverage, of: accountRegion, completions)
    }

    /// See ``Store``.
    package func ledgerGroups(of accountRegion: AccountRegion, kind: LedgerEntry.Kind) async throws(StoreError)
        -> [String]
    {
        try await current().ledgerGroups(of: accountRegion, kind: kind)
    }

    /// See ``Store``.
    package func ledgerAccountRegions() async throws(StoreError) -> [AccountRegion] {
        try await current().ledgerAccountRegions()
    }

    /// See ``Store``.
    package func clearLedger(of accountRegion: AccountRegion) async throws(StoreError) {
        try await current().clearLedger(of: accountRegion)
    }

    /// See ``Store``.
    package func restore(_ entries: [LedgerEntry], _ dispositions: [Disposition]) async throws(StoreError) {
        try await current().restore(entries, dispositions)
    }

    /// See ``Store``.
    package func finishLedger(of accountRegion: AccountRegion, appliedAudits: [AppliedAudit], now: Timestamp)
        async throws(StoreError)
    {
        try await current().finishLedger(of: accountRegion, appliedAudits: appliedAudits, now: now)
    }

    /// See ``Store``.
    package func ledgerCounts() async throws(StoreError) -> LedgerCounts {
        try await current().ledgerCounts()
    }
}

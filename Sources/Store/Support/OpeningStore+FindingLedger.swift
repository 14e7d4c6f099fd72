public import AWSCore
public import Encoding

extension OpeningStore {
    /// See ``Store``.
    public func ledgerEntries(ids: [String]) async throws(StoreError) -> [String: LedgerEntry] {
        try await current().ledgerEntries(ids: ids)
    }

    /// See ``Store``.
    public func ledgerEntries(about subject: String, after last: LedgerEntry?, limit: Int) async throws(StoreError)
        -> [LedgerEntry]
    {
        try await current().ledgerEntries(about: subject, after: last, limit: limit)
    }

    /// See ``Store``.
    public func unseenLedgerEntries(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, group: String, before time: Timestamp,
        after last: LedgerEntry?,
        limit: Int
    ) async throws(StoreError) -> [LedgerEntry] {
        try await current().unseenLedgerEntries(
            of: accountRegion, kind: kind, group: group, before: time, after: last, limit: limit)
    }

    /// See ``Store``.
    public func staleLedgerEntries(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, before time: Timestamp, after last: LedgerEntry?,
        limit: Int
    ) async throws(StoreError) -> [LedgerEntry] {
        try await current().staleLedgerEntries(of: accountRegion, kind: kind, before: time, after: last, limit: limit)
    }

    /// See ``Store``.
    public func unsentLedgerEntries(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, after last: LedgerEntry?, limit: Int
    )
        async throws(StoreError) -> [LedgerEntry]
    {
        try await current().unsentLedgerEntries(of: accountRegion, kind: kind, after: last, limit: limit)
    }

    /// See ``Store``.
    public func openFindings() async throws(StoreError) -> [OpenFindings] {
        try await current().openFindings()
    }

    /// See ``Store``.
    public func unlabeledLedgerEntries(limit: Int) async throws(StoreError) -> [LedgerEntry] {
        try await current().unlabeledLedgerEntries(limit: limit)
    }

    /// See ``Store``.
    public func label(_ severities: [String: LedgerEntry.Severity]) async throws(StoreError) {
        try await current().label(severities)
    }

    /// See ``Store``.
    public func purgeLedger(archivedBefore time: Timestamp) async throws(StoreError) -> Int {
        try await current().purgeLedger(archivedBefore: time)
    }

    /// See ``Store``.
    public func dispositions(about subjects: [String]) async throws(StoreError) -> [String: Disposition] {
        try await current().dispositions(about: subjects)
    }

    /// See ``Store``.
    public func dispositions(of accountRegion: AccountRegion, after last: Disposition?, limit: Int)
        async throws(StoreError)
        -> [Disposition]
    {
        try await current().dispositions(of: accountRegion, after: last, limit: limit)
    }

    /// See ``Store``.
    public func dueDispositions(by time: Timestamp, limit: Int) async throws(StoreError) -> [Disposition] {
        try await current().dueDispositions(by: time, limit: limit)
    }

    /// See ``Store``.
    public func purgeDispositions(by time: Timestamp) async throws(StoreError) -> Int {
        try await current().purgeDispositions(by: time)
    }

    /// See ``Store``.
    public func appliedAudits(of accountRegion: AccountRegion) async throws(StoreError) -> [String: AppliedAudit] {
        try await current().appliedAudits(of: accountRegion)
    }

    /// See ``Store``.
    public func finishedAudits() async throws(StoreError) -> [FinishedAudit] {
        try await current().finishedAudits()
    }

    /// See ``Store``.
    public func checkCompletions(of accountRegion: AccountRegion) async throws(StoreError) -> [String: CheckCompletion]
    {
        try await current().checkCompletions(of: accountRegion)
    }

    /// See ``Store``.
    public func auditCoverage(of accountRegion: AccountRegion) async throws(StoreError) -> AuditCoverage? {
        try await current().auditCoverage(of: accountRegion)
    }

    /// See ``Store``.
    public func record(
        _ coverage: AuditCoverage, of accountRegion: AccountRegion, _ completions: [CheckCompletion]
    ) async throws(StoreError) {
        try await current().record(coverage, of: accountRegion, completions)
    }

    /// See ``Store``.
    public func ledgerGroups(of accountRegion: AccountRegion, kind: LedgerEntry.Kind) async throws(StoreError)
        -> [String]
    {
        try await current().ledgerGroups(of: accountRegion, kind: kind)
    }

    /// See ``Store``.
    public func ledgerAccountRegions() async throws(StoreError) -> [AccountRegion] {
        try await current().ledgerAccountRegions()
    }

    /// See ``Store``.
    public func clearLedger(of accountRegion: AccountRegion) async throws(StoreError) {
        try await current().clearLedger(of: accountRegion)
    }

    /// See ``Store``.
    public func restore(_ entries: [LedgerEntry], _ dispositions: [Disposition]) async throws(StoreError) {
        try await current().restore(entries, dispositions)
    }

    /// See ``Store``.
    public func finishLedger(of accountRegion: AccountRegion, appliedAudits: [AppliedAudit], now: Timestamp)
        async throws(StoreError)
    {
        try await current().finishLedger(of: accountRegion, appliedAudits: appliedAudits, now: now)
    }

    /// See ``Store``.
    public func ledgerCounts() async throws(StoreError) -> LedgerCounts {
        try await current().ledgerCounts()
    }
}

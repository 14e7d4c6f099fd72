public import AWSCore
public import Encoding

extension OpeningStore {
    /// See ``Store``.
    public func append(_ deliveries: [Delivery]) async throws(StoreError) -> [AppendResult] {
        try await current().append(deliveries)
    }

    /// See ``Store``.
    public func lease(
        limit: Int, for duration: Duration, owner: String, now: Timestamp, excluding excluded: Set<AccountRegion>
    )
        async throws(StoreError) -> LeaseBatch
    {
        try await current().lease(limit: limit, for: duration, owner: owner, now: now, excluding: excluded)
    }

    /// See ``Store``.
    public func extend(_ leases: [Lease], for duration: Duration, now: Timestamp) async throws(StoreError) -> [Lease?] {
        try await current().extend(leases, for: duration, now: now)
    }

    /// See ``Store``.
    public func record(_ progress: LedgerUpdate, under lease: Lease) async throws(StoreError) {
        try await current().record(progress, under: lease)
    }

    /// See ``Store``.
    public func complete(_ leases: [Lease], now: Timestamp) async throws(StoreError) -> [Bool] {
        try await current().complete(leases, now: now)
    }

    /// See ``Store``.
    public func retry(_ retries: [ScheduledRetry], now: Timestamp) async throws(StoreError) -> [Bool] {
        try await current().retry(retries, now: now)
    }

    /// See ``Store``.
    public func deadLetter(
        _ failures: [PermanentFailure], now: Timestamp, within limits: DeadLetterLimits
    ) async throws(StoreError) -> DeadLetterResult {
        try await current().deadLetter(failures, now: now, within: limits)
    }

    /// See ``Store``.
    public func release(_ leases: [Lease]) async throws(StoreError) {
        try await current().release(leases)
    }

    /// See ``Store``.
    public func purge(completedBefore time: Timestamp) async throws(StoreError) -> Int {
        try await current().purge(completedBefore: time)
    }

    /// See ``Store``.
    public func completionTime(beyondNewest count: Int) async throws(StoreError) -> Timestamp? {
        try await current().completionTime(beyondNewest: count)
    }

    /// See ``Store``.
    public func queueDepths(now: Timestamp, after accountRegion: AccountRegion?, limit: Int) async throws(StoreError)
        -> [QueueDepth]
    {
        try await current().queueDepths(now: now, after: accountRegion, limit: limit)
    }

    /// See ``Store``.
    public func pause(_ pause: Pause) async throws(StoreError) {
        try await current().pause(pause)
    }

    /// See ``Store``.
    public func resume(_ account: AccountID?) async throws(StoreError) -> Pause? {
        try await current().resume(account)
    }

    /// See ``Store``.
    public func pauses() async throws(StoreError) -> [Pause] {
        try await current().pauses()
    }

    /// See ``Store``.
    public func deadLetters(matching filter: DeadLetterFilter, limit: Int, after last: DeadLetter?)
        async throws(StoreError) -> [DeadLetter]
    {
        try await current().deadLetters(matching: filter, limit: limit, after: last)
    }

    /// See ``Store``.
    public func newestDeadLetters(limit: Int) async throws(StoreError) -> [DeadLetterSummary] {
        try await current().newestDeadLetters(limit: limit)
    }

    /// See ``Store``.
    public func deadLetter(id: String) async throws(StoreError) -> DeadLetter? {
        try await current().deadLetter(id: id)
    }

    /// See ``Store``.
    public func requeueDeadLetters(ids: [String]) async throws(StoreError) -> Int {
        try await current().requeueDeadLetters(ids: ids)
    }

    /// See ``Store``.
    public func discardDeadLetters(ids: [String]) async throws(StoreError) -> Int {
        try await current().discardDeadLetters(ids: ids)
    }

    /// See ``Store``.
    public func trimDeadLetters(to limits: DeadLetterLimits, failedBefore time: Timestamp)
        async throws(StoreError) -> DroppedDeadLetters
    {
        try await current().trimDeadLetters(to: limits, failedBefore: time)
    }

    /// See ``Store``.
    public func deadLetterUsage() async throws(StoreError) -> DeadLetterUsage {
        try await current().deadLetterUsage()
    }

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
    public func record(_ subscription: Subscription) async throws(StoreError) {
        try await current().record(subscription)
    }

    /// See ``Store``.
    public func subscription(to topic: ARN) async throws(StoreError) -> Subscription? {
        try await current().subscription(to: topic)
    }

    /// See ``Store``.
    public func subscriptions(after last: Subscription?, limit: Int) async throws(StoreError) -> [Subscription] {
        try await current().subscriptions(after: last, limit: limit)
    }

    /// See ``Store``.
    public func catchUpWatermarks() async throws(StoreError) -> [AccountRegion: Timestamp] {
        try await current().catchUpWatermarks()
    }

    /// See ``Store``.
    public func advanceCatchUpWatermark(of accountRegion: AccountRegion, to time: Timestamp) async throws(StoreError) {
        try await current().advanceCatchUpWatermark(of: accountRegion, to: time)
    }

    /// See ``Store``.
    public func lastDeliveries() async throws(StoreError) -> [AccountRegion: Timestamp] {
        try await current().lastDeliveries()
    }

    /// See ``Store``.
    public func recordLastDeliveries(_ times: [AccountRegion: Timestamp]) async throws(StoreError) {
        try await current().recordLastDeliveries(times)
    }

    /// See ``Store``.
    public func queueStatus() async throws(StoreError) -> QueueStatus {
        try await current().queueStatus()
    }

    /// See ``Store``.
    public func ledgerCounts() async throws(StoreError) -> LedgerCounts {
        try await current().ledgerCounts()
    }

    /// See ``Store``.
    public func verify() async throws(StoreError) -> [String] {
        try await current().verify()
    }

    /// See ``Store``.
    public func checkWritable() async throws(StoreError) {
        try await current().checkWritable()
    }

    /// See ``Store``.
    public func resetCatchUpWatermark(of accountRegion: AccountRegion, to time: Timestamp) async throws(StoreError) {
        try await current().resetCatchUpWatermark(of: accountRegion, to: time)
    }

    /// See ``Store``.
    public func clockMark() async throws(StoreError) -> ClockMark? {
        try await current().clockMark()
    }

    /// See ``Store``.
    public func record(_ mark: ClockMark) async throws(StoreError) {
        try await current().record(mark)
    }

    // The following members have defaults, which must not apply here: each call is forwarded to the opened store.

    /// See ``Store``.
    public func checkRights() async throws(StoreError) {
        try await current().checkRights()
    }

    /// See ``Store``.
    public func sharingStatus() async throws(StoreError) -> SharingStatus {
        try await current().sharingStatus()
    }

    /// See ``Store``; false while the store is not open.
    public var canProcess: Bool { opened?.canProcess ?? false }

    /// Waits until the store is open, then see ``Store``.
    public func waitForWork(after mark: WorkMark) async {
        guard (try? await waitUntilOpen()) == true, let store = try? await current() else { return }
        await store.waitForWork(after: mark)
    }

    /// See ``Store``.
    public func checkIntegrity(
        report: @escaping @Sendable (IntegrityProgress) -> Void
    ) async throws(StoreError) {
        try await current().checkIntegrity(report: report)
    }
}

public import AWSCore

/// The durable queue of deliveries and the ledger of the findings that were sent to Security Hub.
///
/// A delivery is pending until a worker leases it. The worker then completes it, schedules a retry, dead-letters it or
/// releases it. If it does none of these before the lease expires, another worker can lease the delivery, and every
/// call with the old lease throws ``StoreError/Code/leaseLost``.
///
/// A write is durable when its method returns and has no effect when it throws, with one exception: after
/// ``StoreError/Code/unavailable`` it may still turn out to have been committed. Cancelling the task does not interrupt
/// a write. The store reads no clock: every `now` is passed by the caller, and all times are milliseconds since 1970.
public protocol Store: Sendable {
    // MARK: The queue

    /// Adds deliveries to the queue in one transaction. Deliveries with a known id are skipped, and so are repetitions
    /// of an id within the call.
    ///
    /// Concurrent appends share commits; when a commit fails, each of its appends fails.
    ///
    /// - Returns: The result for each delivery, in order.
    /// - Throws: ``StoreError/Code/invalidValue`` for an id that is not 1 to 256 visible ASCII characters.
    func append(_ deliveries: [Delivery]) async throws(StoreError) -> [AppendResult]

    /// Leases ready deliveries, oldest first.
    ///
    /// Account-Regions take turns: each with ready deliveries gets an equal share of the limit, as far as it can use
    /// it. If the limit is smaller than their number, the next call continues with the next account-Region. So the
    /// backlog of one account does not delay the others. Paused account-Regions are skipped.
    ///
    /// - Parameters:
    ///   - limit: The maximum number of deliveries, 1 to 1,000.
    ///   - duration: The duration of the leases, at least 1 ms.
    ///   - owner: The name of the lease owner, for display: 1 to 256 bytes of UTF-8 without NUL.
    ///   - now: The current time.
    ///   - excluded: Account-Regions to skip.
    func lease(
        limit: Int, for duration: Duration, owner: String, now: Int64, excluding excluded: Set<AccountRegion>
    ) async throws(StoreError) -> LeaseBatch

    /// Waits until there may be more to lease than the batch with this mark saw: a delivery was appended, released,
    /// scheduled for a retry or requeued, or a pause began or ended. Changes by other processes are noticed within two
    /// seconds. Also returns when the task is canceled or the store is closed.
    ///
    /// The passing of time alone does not end the wait. The caller waits for ``LeaseBatch/nextReadyAt`` as well.
    func waitForWork(after mark: WorkMark) async

    /// Extends a lease to `duration` after `now`, and returns it with its new end.
    func extend(_ lease: Lease, for duration: Duration, now: Int64) async throws(StoreError) -> Lease

    /// Records intermediate results of a delivery whose processing continues.
    func record(_ progress: LedgerUpdate, under lease: Lease) async throws(StoreError)

    /// Completes a delivery and writes the findings to the ledger, in one transaction.
    ///
    /// The payload is deleted; the id is kept to detect duplicates.
    func complete(_ lease: Lease, recording entries: [LedgerEntry], now: Int64) async throws(StoreError)

    /// Schedules a retry after a failure. The lease ends.
    ///
    /// - Parameters:
    ///   - lease: The lease.
    ///   - readyAt: The time of the next attempt, at most ``QueueTime/longestWait`` from now.
    ///   - reason: What failed; truncated to 1,024 characters.
    ///   - isCounted: Whether the attempt counts.
    ///   - now: The current time.
    func retry(
        _ lease: Lease, at readyAt: Int64, reason: String, isCounted: Bool, now: Int64
    ) async throws(StoreError)

    /// Dead-letters a delivery: it is kept with its payload and is not processed until an operator replays it.
    ///
    /// Then drops the oldest dead letters until the rest is within the limits, at most 1,000 in a transaction. The
    /// first of these transactions is the one that stores the new dead letter.
    ///
    /// - Returns: The dropped dead letters.
    func deadLetter(
        _ lease: Lease, reason: String, now: Int64, within limits: DeadLetterLimits
    ) async throws(StoreError) -> DroppedDeadLetters

    /// Releases leases: the deliveries can be leased again immediately, and the attempt does not count. Lost leases are
    /// skipped.
    func release(_ leases: [Lease]) async throws(StoreError)

    /// Deletes deliveries that were completed before a time, and returns their number. Their ids are no longer known as
    /// duplicates.
    func purge(completedBefore time: Int64) async throws(StoreError) -> Int

    /// The completion time of the newest completed delivery that has at least `count` newer ones; nil if there is none.
    ///
    /// Reads an index entry for each delivery that is skipped.
    func completionTime(beyondNewest count: Int) async throws(StoreError) -> Int64?

    /// Counts the deliveries that are not completed, by account-Region and state, with the age of the oldest. Ordered
    /// by account-Region, then in the order of ``QueueDepth/State``. Empty states are omitted.
    ///
    /// Reads an index entry for each counted delivery.
    ///
    /// - Parameters:
    ///   - now: The current time. Deliveries whose retry is later are waiting.
    ///   - accountRegion: The last account-Region of the previous page; nil for the first page.
    ///   - limit: The maximum number of account-Regions, 1 to 1,000.
    func queueDepths(now: Int64, after accountRegion: AccountRegion?, limit: Int) async throws(StoreError)
        -> [QueueDepth]

    // MARK: Pauses

    /// Pauses processing: deliveries are accepted but not leased until they are resumed. Replaces an earlier pause of
    /// the same account, or of all accounts. Existing leases continue.
    ///
    /// - Throws: ``StoreError/Code/invalidValue`` for a ``Pause/pausedBy`` that is not 1 to 256 bytes of UTF-8 without
    ///   NUL.
    func pause(_ pause: Pause) async throws(StoreError)

    /// Ends the pause of an account, or for nil the pause of all accounts, and returns it; nil if there was none. The
    /// pauses of single accounts and the pause of all accounts are independent.
    func resume(_ account: AccountID?) async throws(StoreError) -> Pause?

    /// The pauses: the pause of all accounts first, then by account.
    func pauses() async throws(StoreError) -> [Pause]

    // MARK: Dead letters

    /// Lists the dead letters that match a filter, ordered by last failure and id, at most 1,000.
    ///
    /// - Parameter last: The last dead letter of the previous page; nil for the first page.
    func deadLetters(
        matching filter: DeadLetterFilter, limit: Int, after last: DeadLetter?
    ) async throws(StoreError) -> [DeadLetter]

    /// The newest dead letters without their payloads, newest first, at most 1,000.
    func newestDeadLetters(limit: Int) async throws(StoreError) -> [DeadLetterSummary]

    /// The dead letter with this id, or nil.
    func deadLetter(id: String) async throws(StoreError) -> DeadLetter?

    /// Returns dead letters to the queue as new deliveries, and returns how many of the ids were dead letters.
    func requeueDeadLetters(ids: [String]) async throws(StoreError) -> Int

    /// Deletes dead letters permanently, and returns how many of the ids were dead letters. Their ids are no longer
    /// known as duplicates.
    func discardDeadLetters(ids: [String]) async throws(StoreError) -> Int

    /// Drops the dead letters whose last failure is before a time, and those beyond the limits, at most 1,000 in a
    /// transaction.
    func trimDeadLetters(
        to limits: DeadLetterLimits, failedBefore time: Int64
    ) async throws(StoreError) -> DroppedDeadLetters

    /// The number and size of the dead letters. Read from counters, not from the dead letters.
    func deadLetterUsage() async throws(StoreError) -> DeadLetterUsage

    // MARK: The ledger

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
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, group: String, before time: Int64,
        after last: LedgerEntry?,
        limit: Int
    ) async throws(StoreError) -> [LedgerEntry]

    /// The active findings that were last sent before a time, ordered by ``LedgerEntry/updatedAt`` and id, at most
    /// 1,000.
    ///
    /// - Parameter last: The last entry of the previous page; nil for the first page.
    func staleLedgerEntries(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, before time: Int64, after last: LedgerEntry?,
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
    func purgeLedger(archivedBefore time: Int64) async throws(StoreError) -> Int

    // MARK: Dispositions and audits

    /// The dispositions of these subjects. Subjects without one are omitted.
    func dispositions(about subjects: [String]) async throws(StoreError) -> [String: Disposition]

    /// All dispositions of an account-Region, ordered by subject, at most 1,000.
    ///
    /// - Parameter last: The last disposition of the previous page; nil for the first page.
    func dispositions(
        of accountRegion: AccountRegion, after last: Disposition?, limit: Int
    ) async throws(StoreError) -> [Disposition]

    /// The dispositions that are due by a time, earliest first, at most 1,000.
    func dueDispositions(by time: Int64, limit: Int) async throws(StoreError) -> [Disposition]

    /// Deletes dispositions whose ``Disposition/keepUntil`` has passed and that concern no finding in the ledger.
    /// Returns their number.
    func purgeDispositions(by time: Int64) async throws(StoreError) -> Int

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

    /// The groups (``LedgerEntry/group``) of the findings of an account-Region that are not over, in order.
    ///
    /// Reads an index entry for each group.
    func ledgerGroups(of accountRegion: AccountRegion, kind: LedgerEntry.Kind) async throws(StoreError) -> [String]

    // MARK: Rebuilding the ledger

    /// The account-Regions whose ledger is complete: it contains every finding that Security Hub has.
    func ledgerAccountRegions() async throws(StoreError) -> [AccountRegion]

    /// Deletes the findings, applied audits and check completions of an account-Region, and marks its ledger
    /// incomplete. Dispositions are kept.
    func clearLedger(of accountRegion: AccountRegion) async throws(StoreError)

    /// Adds findings and dispositions from Security Hub to a ledger that is being rebuilt. Existing ones are not
    /// changed.
    func restore(_ entries: [LedgerEntry], _ dispositions: [Disposition]) async throws(StoreError)

    /// Marks the ledger of an account-Region as complete, and adds the applied audits of checks that have none.
    func finishLedger(of accountRegion: AccountRegion, appliedAudits: [AppliedAudit], now: Int64)
        async throws(StoreError)

    // MARK: Subscriptions

    /// Records the status of a subscription, unless a later message was recorded already.
    ///
    /// - Throws: ``StoreError/Code/invalidValue`` for a message id that is not 1 to 256 bytes of UTF-8 without NUL.
    func record(_ subscription: Subscription) async throws(StoreError)

    /// The subscription to a topic; nil if none is known.
    func subscription(to topic: ARN) async throws(StoreError) -> Subscription?

    /// All subscriptions, ordered by topic, at most 1,000.
    ///
    /// - Parameter last: The last subscription of the previous page; nil for the first page.
    func subscriptions(after last: Subscription?, limit: Int) async throws(StoreError) -> [Subscription]

    // MARK: Catch-up

    /// Up to when catch-up has asked Device Defender for missed events, by account-Region.
    func catchUpWatermarks() async throws(StoreError) -> [AccountRegion: Int64]

    /// Advances the watermark of an account-Region: catch-up has asked for everything that happened before `time`. An
    /// earlier time has no effect.
    func advanceCatchUpWatermark(of accountRegion: AccountRegion, to time: Int64) async throws(StoreError)

    /// Moves the watermark of an account-Region back to `time` if it is later: it was written while a clock was ahead.
    func resetCatchUpWatermark(of accountRegion: AccountRegion, to time: Int64) async throws(StoreError)

    // MARK: Last deliveries

    /// When the last recorded delivery of each account-Region arrived.
    func lastDeliveries() async throws(StoreError) -> [AccountRegion: Int64]

    /// Records when deliveries last arrived. An earlier time has no effect, unless the recorded one is later by more
    /// than ``QueueTime/longestWait``: it was written while a clock was ahead.
    func recordLastDeliveries(_ times: [AccountRegion: Int64]) async throws(StoreError)

    // MARK: The clock

    /// The recorded state of the clock; nil for a store that was never served.
    func clockMark() async throws(StoreError) -> ClockMark?

    /// Records the state of the clock, in place of the previous one.
    func record(_ mark: ClockMark) async throws(StoreError)

    // MARK: The store itself

    /// Counts the deliveries, without the findings. Reads an index entry for each.
    func queueStatus() async throws(StoreError) -> StoreStatus

    /// Counts the findings in the ledger. Reads an index entry for each.
    func ledgerCounts() async throws(StoreError) -> LedgerCounts

    /// Verifies the whole store: the file, the schema, and every row. Takes time proportional to the size of the store.
    ///
    /// - Returns: The problems, for operators: at most 100, and a line that there are more. Empty if the store is
    ///   sound. Never contains parts of payloads or findings.
    func verify() async throws(StoreError) -> [String]

    /// Reads all data to find damage that opening does not look for. Other calls continue. Ends early when the task is
    /// canceled.
    ///
    /// - Parameter report: receives the progress, many times.
    /// - Throws: ``StoreError/Code/corrupt`` if the store is damaged. The next opening then checks the whole file.
    func checkIntegrity(report: @escaping @Sendable (IntegrityProgress) -> Void) async throws(StoreError)

    /// Checks that a delivery can be appended durably, without leaving one, and throws otherwise.
    func checkWritable() async throws(StoreError)

    /// Checks every permission that the store needs, and throws an error that lists the missing ones.
    func checkRights() async throws(StoreError)

    /// The live replicas on the same database, and the partitions that are not processed.
    func sharingStatus() async throws(StoreError) -> SharingStatus

    /// Whether this process may act on its leases. A PostgreSQL replica whose heartbeat expired may not: others may
    /// have taken over.
    var canProcess: Bool { get }

    /// Completes pending writes and closes the store. Later calls throw ``StoreError/Code/closed``; closing again has
    /// no effect.
    func close() async
}

extension Store {
    /// Adds one delivery to the queue unless its id is known; see ``append(_:)-([Delivery])``.
    public func append(_ delivery: Delivery) async throws(StoreError) -> AppendResult {
        try await append([delivery]).first ?? .duplicate
    }

    /// Counts the deliveries and the findings.
    package func status() async throws(StoreError) -> StoreStatus {
        var status = try await queueStatus()
        let findings = try await ledgerCounts()
        (status.activeFindings, status.archivedFindings) = (findings.active, findings.archived)
        status.unsentFindings = findings.unsent
        return status
    }

    /// Leases deliveries of all account-Regions; see ``lease(limit:for:owner:now:excluding:)``.
    package func lease(
        limit: Int, for duration: Duration, owner: String, now: Int64
    ) async throws(StoreError) -> LeaseBatch {
        try await lease(limit: limit, for: duration, owner: owner, now: now, excluding: [])
    }

    /// Nothing: one process owns the store.
    public func sharingStatus() async throws(StoreError) -> SharingStatus { SharingStatus() }

    /// True: one process owns the store.
    public var canProcess: Bool { true }

    /// Checks that the store is writable: it has no permissions of its own.
    public func checkRights() async throws(StoreError) { try await checkWritable() }

    /// Dead-letters a delivery within the standard limits; see ``deadLetter(_:reason:now:within:)``.
    package func deadLetter(_ lease: Lease, reason: String, now: Int64) async throws(StoreError) {
        _ = try await deadLetter(lease, reason: reason, now: now, within: .standard)
    }

    /// Schedules a retry after an attempt that counts; see ``retry(_:at:reason:isCounted:now:)``.
    package func retry(
        _ lease: Lease, at readyAt: Int64, reason: String, now: Int64
    ) async throws(StoreError) {
        try await retry(lease, at: readyAt, reason: reason, isCounted: true, now: now)
    }
}

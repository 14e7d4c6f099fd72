public import AWSCore

/// The durable queue of deliveries, and the ledger of the findings that were sent to Security Hub.
///
/// A delivery is pending until a worker leases it. A worker that leased it completes it, gives it back for a later
/// retry, gives it up as a dead letter, or releases it; if it does none of these before the lease's end, another worker
/// can lease the delivery, and then whatever the first one says of it is refused with ``StoreError/Code/leaseLost``.
///
/// Every write is durable when its method returns, and happened entirely or not at all when it throws, with one
/// exception: after ``StoreError/Code/unavailable`` it may turn out, after a restart, to have happened. Cancelling a
/// task does not interrupt a write that it waits for. A store has no clock: times are milliseconds since 1970 and come
/// from the caller.
public protocol Store: Sendable {
    // MARK: The queue

    /// Adds deliveries to the queue, all of them in one transaction or none, except for those whose ids are known. Of
    /// several with one id, the first is added.
    ///
    /// All appends that wait while a commit runs share the next commit; when that fails, it fails for each of them.
    ///
    /// - Returns: What became of each delivery, in order.
    /// - Throws: ``StoreError/Code/invalidValue`` for an id that is not 1 to 256 visible ASCII characters.
    func append(_ deliveries: [Delivery]) async throws(StoreError) -> [AppendResult]

    /// Leases deliveries that are ready, the longest ready first.
    ///
    /// Origins are served in turn: each that has ready deliveries gets an equal share of the limit as far as it can use
    /// it, and where the limit is smaller than the number of origins, the next call goes on with the next origin. A
    /// backlog of one account so never holds up another. What is paused is passed over, as if it were not in the queue.
    ///
    /// - Parameters:
    ///   - limit: The most to lease, 1 to 1,000.
    ///   - duration: How long, at least a millisecond.
    ///   - owner: Who leases, for people to read: 1 to 256 bytes of UTF-8 without NUL.
    ///   - now: The present time.
    ///   - excluded: Origins to pass over, as if they had nothing in the queue.
    func lease(
        limit: Int, for duration: Duration, owner: String, now: Int64, excluding excluded: Set<AccountRegion>
    ) async throws(StoreError) -> LeaseBatch

    /// Waits until there may be more to lease than the batch with this mark saw: something was appended, released, put
    /// off for a retry or put back from the dead letters, or something was paused or resumed. What another process does
    /// is noticed within two seconds. Returns also when the task is cancelled or the store closed.
    ///
    /// What becomes ready by the passing of time alone does not end the wait: the caller, who has the clock, waits for
    /// ``LeaseBatch/nextReadyAt`` at the same time.
    func waitForWork(after mark: WorkMark) async

    /// Moves the end of a lease to the duration after now, and returns the lease with its new end.
    func extend(_ lease: Lease, for duration: Duration, now: Int64) async throws(StoreError) -> Lease

    /// Keeps what the work on a delivery has come to, while it goes on.
    func record(_ progress: LedgerUpdate, under lease: Lease) async throws(StoreError)

    /// Ends the work on a delivery: it is done, and the findings are in the ledger, in one transaction.
    ///
    /// The payload is dropped; the id is kept to find duplicates.
    func complete(_ lease: Lease, recording entries: [LedgerEntry], now: Int64) async throws(StoreError)

    /// Puts a delivery off after a failure: it can be leased again from the given time on.
    ///
    /// - Parameters:
    ///   - lease: The lease, which ends.
    ///   - readyAt: The time of the next attempt, at most ``QueueTime/longestWait`` from now.
    ///   - reason: What failed; of more than 1,024 characters the first are kept.
    ///   - isCounted: Whether the attempt counts.
    ///   - now: The present time.
    func retry(
        _ lease: Lease, at readyAt: Int64, reason: String, isCounted: Bool, now: Int64
    ) async throws(StoreError)

    /// Dead-letters a delivery: it is kept with its payload, and not worked on again unless an operator says so.
    ///
    /// Then drops dead letters until those that are left are within the limits, at most 1,000 in a transaction: the first with
    /// the transaction that keeps the new one.
    ///
    /// - Returns: What was dropped.
    func deadLetter(
        _ lease: Lease, reason: String, now: Int64, within limits: DeadLetterLimits
    ) async throws(StoreError) -> DroppedDeadLetters

    /// Gives deliveries back untouched: they can be leased again at once, and the attempt does not count. Leases that
    /// are lost are passed over.
    func release(_ leases: [Lease]) async throws(StoreError)

    /// Forgets deliveries that were completed before a time, and returns how many. The same id is then new again.
    func purge(completedBefore time: Int64) async throws(StoreError) -> Int

    /// When the newest of those completed deliveries was completed that are beyond so many newer ones, in milliseconds since
    /// 1970; nil if there are no more than so many.
    ///
    /// Reads an index entry for each delivery that is passed over.
    func completionTime(beyondNewest count: Int) async throws(StoreError) -> Int64?

    /// How many deliveries are not done, by origin and state, with the age of the oldest; ordered by origin and, within
    /// one, as ``QueueDepth/State`` has the states. Only what there is any of is told.
    ///
    /// Reads an index entry for each delivery that is counted.
    ///
    /// - Parameters:
    ///   - now: The present time: what is put off beyond it is waiting.
    ///   - accountRegion: The last origin of the page before; nil asks for the first page.
    ///   - limit: The most origins, 1 to 1,000.
    func queueDepths(now: Int64, after accountRegion: AccountRegion?, limit: Int) async throws(StoreError)
        -> [QueueDepth]

    // MARK: Pauses

    /// Holds deliveries back: leasing passes over them until they are resumed, while they are still received. Takes the
    /// place of an earlier pause of the same account, or of all. What is leased already is not touched.
    ///
    /// - Throws: ``StoreError/Code/invalidValue`` for a ``Pause/pausedBy`` that is not 1 to 256 bytes of UTF-8 without NUL.
    func pause(_ pause: Pause) async throws(StoreError)

    /// Ends the pause of an account or, for nil, that of all accounts, and returns it; nil if there was none. Pauses of
    /// single accounts go on when that of all ends, and the other way round.
    func resume(_ account: AccountID?) async throws(StoreError) -> Pause?

    /// The pauses, that of all accounts first, then by account.
    func pauses() async throws(StoreError) -> [Pause]

    // MARK: Dead letters

    /// Dead letters that meet conditions, ordered by the time of their last failure and id, at most 1,000 in a call; the
    /// next page follows the last one of the page before, nil asks for the first.
    func deadLetters(
        matching filter: DeadLetterFilter, limit: Int, after last: DeadLetter?
    ) async throws(StoreError) -> [DeadLetter]

    /// The dead letters that were given up last, without their payloads, the last one first, at most 1,000.
    func newestDeadLetters(limit: Int) async throws(StoreError) -> [DeadLetterSummary]

    /// The dead letter with this id; nil if none has it.
    func deadLetter(id: String) async throws(StoreError) -> DeadLetter?

    /// Puts dead letters back into the queue as if they were new, and returns how many of the ids were dead letters.
    func requeueDeadLetters(ids: [String]) async throws(StoreError) -> Int

    /// Removes dead letters for good, and returns how many of the ids were dead letters. The same id is then new again.
    func discardDeadLetters(ids: [String]) async throws(StoreError) -> Int

    /// Drops dead letters that failed last before a time, and those beyond the limits, at most 1,000 in a transaction.
    func trimDeadLetters(
        to limits: DeadLetterLimits, failedBefore time: Int64
    ) async throws(StoreError) -> DroppedDeadLetters

    /// What the dead letters take; reads no row of theirs.
    func deadLetterUsage() async throws(StoreError) -> DeadLetterUsage

    // MARK: The ledger

    /// What the ledger has under these ids; an id that it does not know is left out.
    func ledgerEntries(ids: [String]) async throws(StoreError) -> [String: LedgerEntry]

    /// The findings about a subject, ordered by id, at most 1,000 in a call; the next page follows the last one of the
    /// page before.
    func ledgerEntries(
        about subject: String, after last: LedgerEntry?, limit: Int
    ) async throws(StoreError) -> [LedgerEntry]

    /// The findings of an origin that are not over and of which nothing was said since a time, ordered by
    /// ``LedgerEntry/eventTime`` and id, at most 1,000 in a call; the next page follows the last one of the page before.
    func unseenLedgerEntries(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, group: String, before time: Int64,
        after last: LedgerEntry?,
        limit: Int
    ) async throws(StoreError) -> [LedgerEntry]

    /// The findings of an origin that are current and were sent last before a time, ordered by
    /// ``LedgerEntry/updatedAt`` and id, at most 1,000 in a call; the next page follows the last one of the page before.
    func staleLedgerEntries(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, before time: Int64, after last: LedgerEntry?,
        limit: Int
    ) async throws(StoreError) -> [LedgerEntry]

    /// The findings of an origin of which it is not known that they were sent, ordered by id, at most 1,000 in a call; the
    /// next page follows the last one of the page before.
    func unsentLedgerEntries(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, after last: LedgerEntry?, limit: Int
    ) async throws(StoreError) -> [LedgerEntry]

    /// How many findings Security Hub has as active, and of how many it is not known to have the latest state, by origin and
    /// severity; in no order. Only what there is any of is told.
    ///
    /// Reads a short index entry for each finding that is counted.
    func openFindings() async throws(StoreError) -> [OpenFindings]

    /// Some findings, at most 1,000, that are current and whose severity the ledger does not know, as an earlier version
    /// wrote them.
    func unlabeledLedgerEntries(limit: Int) async throws(StoreError) -> [LedgerEntry]

    /// Adds the severities, by id, of findings whose severity the ledger does not know; others are passed over.
    func label(_ severities: [String: LedgerEntry.Severity]) async throws(StoreError)

    /// Forgets findings that are over, archived, and were updated last before a time, and returns how many. Security Hub
    /// forgets them too.
    func purgeLedger(archivedBefore time: Int64) async throws(StoreError) -> Int

    // MARK: Judgements and audit marks

    /// What people said about these subjects; one that nothing was said about is left out.
    func dispositions(about subjects: [String]) async throws(StoreError) -> [String: Disposition]

    /// All judgements of an origin, ordered by subject, at most 1,000 in a call; the next page follows the last one of
    /// the page before.
    func dispositions(
        of accountRegion: AccountRegion, after last: Disposition?, limit: Int
    ) async throws(StoreError) -> [Disposition]

    /// The judgements that are due by a time, the longest due first, at most 1,000.
    func dueDispositions(by time: Int64, limit: Int) async throws(StoreError) -> [Disposition]

    /// Forgets judgements that may be forgotten by a time and concern no finding in the ledger; returns how many.
    func purgeDispositions(by time: Int64) async throws(StoreError) -> Int

    /// The newest applied audits of an origin, by the names of their checks.
    func appliedAudits(of accountRegion: AccountRegion) async throws(StoreError) -> [String: AppliedAudit]

    /// The newest audit of each origin and schedule that has ended and was worked on; in no order.
    func finishedAudits() async throws(StoreError) -> [FinishedAudit]

    /// When audits last completed checks of an origin, by the names of the checks.
    func checkCompletions(of accountRegion: AccountRegion) async throws(StoreError) -> [String: CheckCompletion]

    /// The span of time in which every audit of an origin is known; nil if AWS's lists of them were never read.
    func auditCoverage(of accountRegion: AccountRegion) async throws(StoreError) -> AuditCoverage?

    /// Notes that AWS's lists of all audits of a time were read, with what they completed. The span grows if the new one begins
    /// within it; else there is a gap, and only the new one counts.
    func record(
        _ coverage: AuditCoverage, of accountRegion: AccountRegion, _ completions: [CheckCompletion]
    ) async throws(StoreError)

    /// The groups (``LedgerEntry/group``) that findings of an origin which are not over belong to, each once and in order.
    ///
    /// Reads an index entry for each group.
    func ledgerGroups(of accountRegion: AccountRegion, kind: LedgerEntry.Kind) async throws(StoreError) -> [String]

    // MARK: Rebuilding the ledger

    /// The origins whose ledger is complete: it holds all that Security Hub has of them.
    func ledgerAccountRegions() async throws(StoreError) -> [AccountRegion]

    /// Forgets what the ledger has of an origin, that it is complete, and which audits are known. Judgements stay.
    func clearLedger(of accountRegion: AccountRegion) async throws(StoreError)

    /// Puts findings and judgements that Security Hub has into a ledger that is being rebuilt. What is there already,
    /// stays.
    func restore(_ entries: [LedgerEntry], _ dispositions: [Disposition]) async throws(StoreError)

    /// Says that the ledger of an origin is complete, and adds the marks of checks that have none.
    func finishLedger(of accountRegion: AccountRegion, appliedAudits: [AppliedAudit], now: Int64)
        async throws(StoreError)

    // MARK: Subscriptions

    /// Notes how a subscription stands, unless a message that was published later said so already.
    ///
    /// - Throws: ``StoreError/Code/invalidValue`` for a message id that is not 1 to 256 bytes of UTF-8 without NUL.
    func record(_ subscription: Subscription) async throws(StoreError)

    /// How the subscription to a topic stands; nil if nothing is known of one.
    func subscription(to topic: ARN) async throws(StoreError) -> Subscription?

    /// All subscriptions, ordered by topic, at most 1,000 in a call; the next page follows the last one of the page
    /// before, nil asks for the first.
    func subscriptions(after last: Subscription?, limit: Int) async throws(StoreError) -> [Subscription]

    // MARK: Catching up

    /// How far Device Defender has been asked for what no delivery told of, for each account and Region that it has been
    /// asked about: milliseconds since 1970.
    func catchUpWatermarks() async throws(StoreError) -> [AccountRegion: Int64]

    /// Says that Device Defender was asked for all that happened in an account and Region before a time, in
    /// milliseconds since 1970. What is not later than the watermark that is there changes nothing.
    func advanceCatchUpWatermark(of accountRegion: AccountRegion, to time: Int64) async throws(StoreError)

    /// Moves the watermark of an account and Region back to a time if it is later: a clock that was ahead wrote it.
    func resetCatchUpWatermark(of accountRegion: AccountRegion, to time: Int64) async throws(StoreError)

    // MARK: Receiving

    /// When deliveries came last, for each account and Region, in milliseconds since 1970; as far as it was noted.
    func lastDeliveries() async throws(StoreError) -> [AccountRegion: Int64]

    /// Notes when deliveries came last. What is not later than what is there changes nothing, unless what is there is later
    /// by more than ``QueueTime/longestWait``: a clock that was ahead wrote it.
    func recordLastDeliveries(_ times: [AccountRegion: Int64]) async throws(StoreError)

    // MARK: The clock

    /// What is known of the clock; nil for a store that nobody has served from.
    func clockMark() async throws(StoreError) -> ClockMark?

    /// Keeps what is known of the clock, in the place of what was known before.
    func record(_ mark: ClockMark) async throws(StoreError)

    // MARK: The store itself

    /// Counts the deliveries that the store holds, and no findings; reads an index entry for each.
    func queueStatus() async throws(StoreError) -> StoreStatus

    /// Counts the findings in the ledger; reads an index entry for each.
    func ledgerCounts() async throws(StoreError) -> LedgerCounts

    /// Checks the store as a whole: that what keeps it is sound, that its tables are as they should be, and that each row
    /// keeps the rules and can be read. Takes a while when there is much.
    ///
    /// - Returns: What is wrong, in words for an operator, at most 100 problems and a word that there are more; nothing
    ///   when all is well. Of payloads and findings, nothing is told.
    func verify() async throws(StoreError) -> [String]

    /// Reads everything that is kept, to find damage that opening did not look for. Other calls go on meanwhile. Ends early
    /// when the task is cancelled.
    ///
    /// - Parameter report: receives how far the check is, many times.
    /// - Throws: ``StoreError/Code/corrupt`` if the store is damaged. The next opening then checks it as a whole.
    func checkIntegrity(report: @escaping @Sendable (IntegrityProgress) -> Void) async throws(StoreError)

    /// Does what appending a delivery needs, durably but without a trace, and throws if that is not possible.
    func checkWritable() async throws(StoreError)

    /// Tries every right that the store needs, and throws with those that are missing.
    func checkRights() async throws(StoreError)

    /// How the replicas on one database share the work.
    func sharingStatus() async throws(StoreError) -> SharingStatus

    /// Whether this process may act on what it has leased. A replica on PostgreSQL whose sign of life is out of date may not:
    /// others may have taken over.
    var canProcess: Bool { get }

    /// Finishes the writes that wait, then closes. Whatever is asked afterwards throws ``StoreError/Code/closed``;
    /// closing again does nothing.
    func close() async
}

extension Store {
    /// Adds one delivery to the queue unless its id is known; see ``append(_:)-([Delivery])``.
    public func append(_ delivery: Delivery) async throws(StoreError) -> AppendResult {
        try await append([delivery]).first ?? .duplicate
    }

    /// Counts all that the store holds.
    package func status() async throws(StoreError) -> StoreStatus {
        var status = try await queueStatus()
        let findings = try await ledgerCounts()
        (status.activeFindings, status.archivedFindings) = (findings.active, findings.archived)
        status.unsentFindings = findings.unsent
        return status
    }

    /// Leases deliveries of all origins; see ``lease(limit:for:owner:now:excluding:)``.
    package func lease(
        limit: Int, for duration: Duration, owner: String, now: Int64
    ) async throws(StoreError) -> LeaseBatch {
        try await lease(limit: limit, for: duration, owner: owner, now: now, excluding: [])
    }

    /// A store that one process has for itself.
    public func sharingStatus() async throws(StoreError) -> SharingStatus { SharingStatus() }

    /// A store that one process has for itself.
    public var canProcess: Bool { true }

    /// A store without rights of its own.
    public func checkRights() async throws(StoreError) { try await checkWritable() }

    /// Dead-letters a delivery within the standard limits; see ``deadLetter(_:reason:now:within:)``.
    package func deadLetter(_ lease: Lease, reason: String, now: Int64) async throws(StoreError) {
        _ = try await deadLetter(lease, reason: reason, now: now, within: .standard)
    }

    /// Puts a delivery off after an attempt that counts; see ``retry(_:at:reason:isCounted:now:)``.
    package func retry(
        _ lease: Lease, at readyAt: Int64, reason: String, now: Int64
    ) async throws(StoreError) {
        try await retry(lease, at: readyAt, reason: reason, isCounted: true, now: now)
    }
}

package import AWSClient
package import AWSCore
package import Encoding
package import Logging
package import Planning
import SecurityFindings
package import Store
import Telemetry

/// Writes changes of findings of one lane: records them in the ledger, sends them to Security Hub, and
/// records the outcomes.
package struct FindingWriter: Sendable {
    let sender: FindingSender
    let queue: any DeliveryQueue
    private let clock: AWSClock
    private let trust: ClockTrust
    private let metrics: ProcessingMetrics
    private let activity: (any ActivityObserver)?
    private let logger: Logger

    /// Creates a writer.
    ///
    /// - Parameter activity: receives the results for the status page.
    package init(
        sender: FindingSender, queue: any DeliveryQueue, clock: AWSClock, trust: ClockTrust, metrics: ProcessingMetrics,
        activity: (any ActivityObserver)?, logger: Logger
    ) {
        self.sender = sender
        self.queue = queue
        self.clock = clock
        self.trust = trust
        self.metrics = metrics
        self.activity = activity
        self.logger = logger
    }

    /// The account and Region of the findings.
    package var accountRegion: AccountRegion { lane.accountRegion }

    /// The lane of the findings.
    package var lane: DeliveryLane { sender.lane }

    /// The present time by AWS's clock, as far as it is known. It dates what is sent and decides what is due.
    package var now: Timestamp { trust.bestTime }

    /// Writes changes: records them in the ledger, sends them, and records the outcomes.
    ///
    /// - Parameters:
    ///   - changes: changes of different findings.
    ///   - update: further updates of the ledger, recorded before anything is sent.
    ///   - isShared: whether the changes come from several deliveries; the lease is that of the first.
    /// - Returns: the outcomes of the findings that were sent, by finding id.
    package func write(
        _ changes: PlannedChanges, recording update: LedgerUpdate = LedgerUpdate(), under lease: Lease,
        isShared: Bool = false
    ) async throws(StoreError) -> [String: SendOutcome] {
        try await record(changes, update, under: lease)
        return try await send(changes, under: lease, isShared: isShared)
    }

    /// Records changes in the ledger before they are sent. They are marked as not sent, so that ``FindingRefresher``
    /// finds them after an interruption.
    package func record(
        _ changes: PlannedChanges, _ update: LedgerUpdate = LedgerUpdate(), under lease: Lease
    ) async throws(StoreError) {
        var before = update
        before.entries += changes.all.map(\.entry)
        if !before.isEmpty { try await queue.record(before, under: lease) }
    }

    /// Sends recorded changes, and records the outcomes.
    ///
    /// - Parameter checkpoint: returns the checkpoint to store with the outcomes; nil to leave it unchanged.
    /// - Returns: the outcomes of the findings that were sent, by finding id.
    package func send(
        _ changes: PlannedChanges, checkpoint: ([String: SendOutcome]) -> String? = { _ in nil }, under lease: Lease,
        isShared: Bool = false
    ) async throws(StoreError) -> [String: SendOutcome] {
        let sent = changes.toBeSent
        let outcomes = await sender.send(sent.map { FindingText(id: $0.entry.id, json: $0.entry.finding) })
        let sentAt = clock.now()
        for change in sent {
            report(
                change, known: changes.known[change.entry.id], outcome: outcomes[change.entry.id], at: sentAt,
                from: isShared ? nil : lease)
        }
        var after = LedgerUpdate(checkpoint: checkpoint(outcomes))
        for change in sent {
            switch outcomes[change.entry.id] {
            case .imported: after.sent[change.entry.id] = change.entry.updatedAt
            case .rejected:
                if let known = changes.known[change.entry.id] {
                    after.entries.append(Planner.rejected(change, known: known))
                } else {
                    after.rejected.append(change.entry.id)
                }
            case .retryable, .accessDenied, .interrupted, nil: continue
            }
        }
        if !after.isEmpty { try await queue.record(after, under: lease) }
        return outcomes
    }

    /// Updates findings that Security Hub has with verifications, and records those that it applied. Findings that it
    /// does not have are marked as not sent.
    ///
    /// - Parameters:
    ///   - verifications: by finding id.
    ///   - entries: the ledger entries of the findings.
    /// - Returns: the outcomes by finding id.
    package func update(
        _ verifications: [String: VerificationDisposition], of entries: [LedgerEntry], under lease: Lease
    ) async throws(StoreError) -> [String: SendOutcome] {
        let updated = await sender.update(verifications.mapValues(\.verification.changes))
        let applied = verifications.filter { updated.outcomes[$0.key] == .imported }.map(\.value.applied.disposition)
        let missing = entries.filter { updated.missing.contains($0.id) }.map(\.unsent)
        let update = LedgerUpdate(entries: missing, dispositions: applied)
        if !update.isEmpty { try await queue.record(update, under: lease) }
        return updated.outcomes
    }

    /// Adds the result of a finding to the metrics, the activity log and the log.
    private func report(
        _ change: Change, known: LedgerEntry?, outcome: SendOutcome?, at time: Timestamp, from lease: Lease?
    ) {
        guard let result = FindingResult(change, known: known, outcome: outcome) else { return }
        metrics.sent(change, result, known: known, now: time)
        activity?.recordFinding(
            result, of: change.entry.id, change.entry.severity, from: lease?.deliveryID)
        logger.log(
            .findingSent,
            .about(
                change.entry.accountRegion,
                [
                    .finding: .string(change.entry.id), .result: .string(result.rawValue),
                    .delivery: lease.map { .string($0.deliveryID) },
                ]))
    }

    /// Counts the observations from which nothing was to be sent.
    func countUnchanged(_ observations: [Observation], _ changes: PlannedChanges, _ filter: FindingFilter) {
        let sent = Set(changes.toBeSent.map(\.entry.id))
        for same in observations where !sent.contains(same.finding.id) {
            metrics.count(
                filter.hides(same) ? .filtered : .unchanged, same.kind, same.finding.severity.label)
        }
    }

    /// Counts audit findings that the ledger contains as they were reported.
    func countUnchanged(_ numbers: [LedgerEntry.Severity?: Int]) {
        for case let (severity?, count) in numbers {
            guard let label = SecurityFinding.Severity.Label(rawValue: severity.rawValue) else { continue }
            metrics.count(.unchanged, .audit, label, by: count)
        }
    }

    // MARK: Known findings

    /// Writes changes of findings of the ledger.
    ///
    /// - Parameter plan: returns the change of an entry at the present time; nil for none.
    /// - Returns: the findings that Security Hub rejected.
    /// - Throws: ``SendError`` if any finding can be sent later; `StoreError`.
    package func write(
        _ plan: (LedgerEntry, _ now: Timestamp) -> Change?, of entries: [LedgerEntry], under lease: Lease
    ) async throws -> FindingRejections {
        let now = now
        let known = Dictionary(entries.map { ($0.id, $0) }) { first, _ in first }
        let changes = PlannedChanges(entries.compactMap { plan($0, now) }, known: known)
        var rejections = FindingRejections()
        try rejections.add(try await write(changes, under: lease))
        return rejections
    }

    /// Writes changes of findings of the ledger, page by page; see ``write(_:of:under:)-([LedgerEntry])``.
    package func write(
        _ plan: (LedgerEntry, _ now: Timestamp) -> Change?, of pages: Pages<LedgerRow>, under lease: Lease
    ) async throws -> FindingRejections {
        var rejections = FindingRejections()
        for try await page in pages { rejections.add(try await write(plan, of: page.map(\.entry), under: lease)) }
        return rejections
    }
}

package import CoreMetrics
package import Encoding
import Metrics
package import Planning
package import SecurityFindings
package import Store
import Telemetry

/// Why a delivery was dead-lettered.
package enum DeadLetterKind: String, Sendable, CaseIterable {
    /// The payload is not a known message.
    case notUnderstood = "not_understood"
    /// AWS rejected it permanently.
    case rejected = "refused"
    /// All attempts failed.
    case attempts
    /// AWS denied access for as long as Security Hub keeps a finding.
    case denied
    /// The item of a mapped source names another account or Region.
    case wrongAccount = "wrong_account"
    /// The mapped source is not configured any more.
    case sourceNotConfigured = "source_not_configured"
}

/// Result of processing a finding.
package enum FindingResult: String, Sendable, CaseIterable {
    /// New in Security Hub.
    case imported
    /// Updated in Security Hub.
    case updated
    /// Archived in Security Hub.
    case archived
    /// Already in this state in Security Hub.
    case unchanged
    /// A filter keeps it out of Security Hub.
    case filtered
    /// Workflow status or note was updated.
    case workflowUpdated = "workflow_updated"
    /// Rejected by Security Hub.
    case rejected

    /// The result for a finding that was sent; nil if it will be retried.
    package init?(_ change: Change, known: LedgerEntry?, outcome: SendOutcome?) {
        switch outcome {
        case .imported where change.entry.recordState == .archived: self = .archived
        case .imported: self = known?.isSent == true ? .updated : .imported
        case .rejected: self = .rejected
        case .retryable, .accessDenied, .interrupted, nil: return nil
        }
    }
}

/// What an item of a mapped source became.
package enum ItemResult: String, Sendable, CaseIterable {
    /// The state of a finding.
    case finding
    /// The archival of a group.
    case groupArchived = "group_archived"
    /// Nothing: the mapping ignores it.
    case ignored
    /// Its time was too far after receipt and was replaced; counted in addition.
    case timeReplaced = "time_replaced"
    /// A dead letter: the mapping does not understand it.
    case notUnderstood = "not_understood"
    /// A dead letter: it names another account or Region.
    case wrongAccount = "wrong_account"
    /// A dead letter: the source is not configured.
    case notConfigured = "source_not_configured"
}

/// Result of looking up the attributes of a thing.
package enum ThingResult: String, Sendable, CaseIterable {
    /// AWS IoT has the thing.
    case found
    /// AWS IoT has no such thing.
    case notFound = "not_found"
    /// The lookup failed.
    case failed
    /// A finding was processed without the attributes; counted in addition.
    case unknown
}

/// Metrics of processing: deliveries and findings.
package struct ProcessingMetrics: Sendable {
    let importBatch: Recorder
    let updateBatch: Recorder
    let retries: Counter
    let leases: Counter
    let expired: Counter
    private let deadLetters: CounterTable
    private let droppedLetters: CounterTable
    private let findings: CounterTable
    private let caughtUp: CounterTable
    private let items: CounterTable
    private let things: CounterTable
    private let delay: Metrics.Timer
    private let eventDelay: MetricTable<Metrics.Timer>

    /// Registers the metrics.
    package init(_ factory: any MetricsFactory) {
        func counter(_ name: String) -> Counter { Counter(label: name, dimensions: [], factory: factory) }
        func sizes(_ name: String) -> Recorder {
            Recorder(label: name, dimensions: [], aggregate: true, factory: factory)
        }
        importBatch = sizes("defender_bridge_import_batch_findings")
        updateBatch = sizes("defender_bridge_update_batch_findings")
        retries = counter("defender_bridge_retries_total")
        leases = counter("defender_bridge_leases_total")
        expired = counter("defender_bridge_leases_expired_total")
        deadLetters = CounterTable(
            "defender_bridge_dead_letters_total", ["reason"], predefined: DeadLetterKind.allCases.map { [$0.rawValue] },
            factory)
        droppedLetters = CounterTable(
            "defender_bridge_dead_letters_dropped_total", ["limit"],
            predefined: DroppedDeadLetters.Cause.allCases.map { [$0.rawValue] }, factory)
        let kinds = LedgerEntry.Kind.allCases.map(\.rawValue)
        findings = CounterTable(
            "defender_bridge_findings_total", ["kind", "severity", "outcome"],
            predefined: kinds.flatMap { kind in
                SecurityFinding.Severity.Label.allCases.flatMap { severity in
                    FindingResult.allCases.map { [kind, severity.name, $0.rawValue] }
                }
            }, factory)
        caughtUp = CounterTable(
            "defender_bridge_catch_up_found_total", ["kind"],
            predefined: [["audits"], ["alarms"], ["ends"], ["verifications"]], factory)
        items = CounterTable("defender_bridge_source_items_total", ["source", "result"], predefined: [], factory)
        things = CounterTable(
            "defender_bridge_thing_lookups_total", ["result"],
            predefined: ThingResult.allCases.map { [$0.rawValue] }, factory)
        delay = Metrics.Timer(label: "defender_bridge_delivery_delay_seconds", dimensions: [], factory: factory)
        eventDelay = MetricTable(kinds) {
            Metrics.Timer(label: "defender_bridge_event_delay_seconds", dimensions: [("kind", $0)], factory: factory)
        }
    }

    // MARK: Deliveries

    /// Records leased deliveries.
    package func leased(_ batch: LeaseBatch) {
        leases.increment(by: batch.deliveries.count)
        expired.increment(by: batch.expired)
    }

    /// Records a completed delivery.
    package func completed(_ delivery: Delivery, now: Timestamp) {
        delay.recordMilliseconds(max(now - delivery.receivedAt, .zero).milliseconds)
    }

    /// Counts a dead letter.
    package func deadLettered(_ kind: DeadLetterKind) { deadLetters.add(1, kind.rawValue) }

    /// Counts dead letters dropped because of a limit.
    package func dropped(_ dropped: DroppedDeadLetters) {
        for (cause, count) in dropped.counts { droppedLetters.add(count, cause.rawValue) }
    }

    /// Counts missed events that catch-up found.
    func caughtUp(_ found: CatchUpResult) {
        caughtUp.add(found.audits, "audits")
        caughtUp.add(found.alarms, "alarms")
        caughtUp.add(found.ends, "ends")
        caughtUp.add(found.verifications, "verifications")
    }

    /// Counts an item of a mapped source.
    ///
    /// - Parameter source: nil for sources that are not configured, so that the number of series is bounded.
    func count(_ result: ItemResult, of source: String?) { items.add(1, source ?? "other", result.rawValue) }

    /// Counts the lookup of a thing.
    func countThing(_ result: ThingResult) { things.add(1, result.rawValue) }

    // MARK: Findings

    /// Counts findings by their result.
    package func count(
        _ result: FindingResult, _ kind: LedgerEntry.Kind, _ severity: SecurityFinding.Severity.Label,
        by number: Int = 1
    ) {
        findings.add(number, kind.rawValue, severity.name, result.rawValue)
    }

    /// Records a finding that was sent.
    ///
    /// - Parameter known: its previous ledger entry.
    package func sent(_ change: Change, _ result: FindingResult, known: LedgerEntry?, now: Timestamp) {
        guard let finding = change.finding else { return }
        count(result, change.entry.kind, finding.severity.label)
        // A finding that is sent again unchanged has no event to measure a delay from.
        let isNews = known.map { !$0.isSent || $0.eventTime < change.entry.eventTime } ?? true
        // Some mapped sources state no times.
        guard isNews, result != .rejected, change.entry.eventTime > .earliest else { return }
        eventDelay[change.entry.kind.rawValue]?.recordMilliseconds(
            max(now - change.entry.eventTime, .zero).milliseconds)
    }
}

extension SecurityFinding.Severity.Label {
    /// The severity's value in metrics and logs.
    var name: String { rawValue.lowercased() }
}

import AWSClient
import AWSCore
import EventLoop
import JSON
import Logging
import Planning
import SecurityFindings
import SourceMapping
import Store

/// Processes the items of one mapped source in one account and Region, in batches.
struct MappedItemProcessor: BatchProcessor {
    let store: any Store
    let writer: FindingWriter
    let completer: DeliveryCompleter
    let settings: Reloadable<ProcessingSettings>
    let metrics: ProcessingMetrics
    let clock: AWSClock
    let client: AWSClient
    let logger: Logger

    func process(_ items: [LeasedCommand]) async {
        let source = writer.lane.source ?? ""
        let configured = settings.value.sources[source]
        var reports: [(leased: LeasedDelivery, input: MappedReport)] = []
        var finished: [DeliveryOutcome] = []
        var tasks: [LeasedCommand] = []
        for (leased, command) in items {
            switch command {
            case .mappedItem(let item):
                guard let configured else {
                    finished.append(reject(leased, DeliverySubject(command), source))
                    continue
                }
                switch apply(configured, of: source, to: item, leased) {
                case .report(let report): reports.append((leased, report))
                case .finished(let outcome): finished.append(outcome)
                }
            case .refreshSource, .expireSource, .archiveSource, .catchUpAlarms: tasks.append((leased, command))
            case .alarm, .verification, .violationOver, .audit, .suppression, .suppressionEnded, .suppressionList,
                .refresh, .archiveStale, .catchUp, .ignored:
                preconditionFailure("unexpected command for MappedItemProcessor")
            }
        }
        await completer.finish(finished)
        await update(reports)
        let reporter = CatchUpReporter(lane: writer.lane, metrics: metrics, logger: logger)
        let sourceTasks = SourceTasks(
            store: store, writer: writer, completer: completer, settings: configured,
            mapping: settings.value.mapping, clock: clock, client: client, reporter: reporter)
        await sourceTasks.run(tasks)
    }

    /// Dead-letters an item of a source that is not configured.
    private func reject(_ leased: LeasedDelivery, _ subject: DeliverySubject, _ source: String) -> DeliveryOutcome {
        metrics.count(.notConfigured, of: nil)
        return DeliveryOutcome(
            leased, about: subject,
            .rejected("the source \(source) is not configured. Add it to sources, then replay the dead letter."),
            as: .sourceNotConfigured)
    }

    // MARK: Mapping

    private enum Applied {
        case report(MappedReport)
        case finished(DeliveryOutcome)
    }

    private func apply(
        _ settings: ProcessingSettings.Source, of source: String, to item: JSON, _ leased: LeasedDelivery
    ) -> Applied {
        let (mapping, receivedAt) = (settings.mapping, leased.delivery.receivedAt)
        let context = ItemContext(
            source: source, accountRegion: writer.accountRegion, receivedAt: receivedAt,
            severities: settings.alarms?.severities ?? .none)
        let item = settings.alarms?.prepared(item) ?? item
        func report(_ content: MappedReport.Content, _ time: StateTime, _ result: ItemResult) -> Applied {
            metrics.count(result, of: source)
            if case .replaced = time { metrics.count(.timeReplaced, of: source) }
            // All reports of a source are ordered in one way: by times, or by acceptance alone.
            let order = ReportOrder(
                time: mapping.statesTimes ? time.timestamp ?? receivedAt : nil, sequence: leased.lease.sequence)
            return .report(MappedReport(content, order: order, acceptedAt: receivedAt))
        }
        do throws(MappingFailure) {
            switch try mapping.outcome(of: item, in: context) {
            case .ignored:
                metrics.count(.ignored, of: source)
                return .finished(DeliveryOutcome(leased, about: DeliverySubject(.mappedItem(item)), .imported))
            case .finding(let found):
                return report(.finding(found.finding, group: found.group), found.time, .finding)
            case .archivesGroup(let group, let time): return report(.groupArchived(group), time, .groupArchived)
            }
        } catch {
            let isWrongAccount = error.reason == .wrongAccount
            metrics.count(isWrongAccount ? .wrongAccount : .notUnderstood, of: source)
            return .finished(
                DeliveryOutcome(
                    leased, about: DeliverySubject(.mappedItem(item)), .rejected("\(error)"),
                    as: isWrongAccount ? .wrongAccount : .notUnderstood))
        }
    }

    // MARK: Findings

    func subject(of input: MappedReport) -> DeliverySubject { DeliverySubject(input) }

    func send(
        _ items: [(leased: LeasedDelivery, input: MappedReport)], under lease: Lease
    ) async throws(StoreError) -> [DeliveryOutcome] {
        let (lane, reports, options) = (writer.lane, items.map(\.input), settings.value.mapping)
        let known = try await store.ledgerEntries(ids: MappedBatchPlanner.ids(of: reports))
        let batch = MappedBatchPlanner(
            reports, in: lane, known: known,
            dispositions: try await store.dispositions(about: MappedBatchPlanner.subjects(of: reports, in: lane)),
            mapping: options, now: writer.now)
        var outcomes = try await writer.write(
            PlannedChanges(batch.changes, known: known),
            recording: LedgerUpdate(reports: batch.reports, dispositions: batch.newDispositions), under: lease,
            isShared: true)
        try await writer.updateFields(
            of: batch.changes.map(\.entry) + batch.reports, after: outcomes, options, under: lease)
        for severity in batch.unchanged { metrics.count(.unchanged, .mapped, severity) }
        for severity in batch.filtered.values { metrics.count(.filtered, .mapped, severity) }
        for archival in batch.archivals { outcomes[archival.subject] = try await archive(archival, under: lease) }
        let changes = Dictionary(batch.changes.map { ($0.entry.id, $0) }) { first, _ in first }
        return items.map { leased, input in
            switch input.content {
            case .finding(let finding, _):
                let outcome = outcomes[finding.id]
                let result =
                    batch.filtered[finding.id].map { _ in FindingResult.filtered }
                    ?? changes[finding.id].flatMap { FindingResult($0, known: known[finding.id], outcome: outcome) }
                return DeliveryOutcome(
                    leased, about: subject(of: input), outcome ?? .imported, finding: result ?? .unchanged)
            case .groupArchived(let group):
                let outcome = outcomes[GroupArchival.subject(of: group, in: lane)]
                return DeliveryOutcome(leased, about: subject(of: input), outcome ?? .imported)
            }
        }
    }

    /// Archives the findings of a group that are in the ledger. The archival is recorded before, for those that follow.
    private func archive(_ archival: GroupArchival, under lease: Lease) async throws(StoreError) -> SendOutcome {
        do {
            return try await writer.write(
                { MappedPlanner.archive($0, by: archival, now: $1) }, of: store.rows(about: archival.subject),
                under: lease
            ).outcome
        } catch let error as StoreError {
            throw error
        } catch {
            return SendOutcome(processing: error)
        }
    }
}

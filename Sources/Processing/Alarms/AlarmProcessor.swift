import AWSCore
import DeviceDefender
import EventLoop
import Logging
import Planning
import SecurityFindings
import Store
import Telemetry

/// Processes the deliveries about alarms of one account and Region, in batches.
struct AlarmProcessor: BatchProcessor {
    let store: any Store
    let writer: FindingWriter
    let completer: DeliveryCompleter
    let settings: Reloadable<ProcessingSettings>
    let things: ThingDirectory
    let metrics: ProcessingMetrics
    let logger: Logger

    func process(_ items: [LeasedCommand]) async {
        var batch: [AlarmBatchPlanner.Item] = []
        for (leased, command) in items {
            switch command {
            case .alarm(let observation): batch.append((leased, .alarm(observation)))
            case .verification(let disposition): batch.append((leased, .verification(disposition)))
            case .refresh(let kinds): await refresh(kinds, leased, DeliverySubject(command))
            case .ignored(let reason):
                logger.log(.eventIgnored, .about(leased, [.reason: "\(reason)"]))
                await completer.finish(leased, about: DeliverySubject(command), .imported)
            case .violationOver(let findingID, let time):
                batch.append((leased, .ended(findingID: findingID, asOf: time)))
            case .audit, .suppression, .suppressionEnded, .suppressionList, .archiveStale, .catchUp, .mappedItem,
                .refreshSource, .expireSource, .archiveSource, .catchUpAlarms:
                preconditionFailure("unexpected command for AlarmProcessor")
            }
        }
        await update(batch)
    }

    private func refresh(_ kinds: InternalTask.RefreshedKinds, _ leased: LeasedDelivery, _ subject: DeliverySubject)
        async
    {
        let outcome: SendOutcome
        do {
            let refresher = FindingRefresher(ledger: store, writer: writer, mapping: settings.value.mapping)
            outcome = try await refresher.refresh(kinds.kinds, leased.lease).outcome
        } catch {
            outcome = SendOutcome(processing: error)
        }
        await completer.finish(leased, about: subject, outcome)
    }

    /// Imports and updates findings.
    ///
    /// - Returns: the outcomes of the deliveries, in order.
    func send(
        _ items: [AlarmBatchPlanner.Item], under lease: Lease
    ) async throws(StoreError) -> [DeliveryOutcome] {
        let ids = Array(Set(items.map(\.input.findingID)))
        let known = try await store.ledgerEntries(ids: ids)
        let mapping = settings.value.mapping
        let things = mapping.userDefinedFields.readsThings ? await things.attributes(of: Self.things(of: items)) : [:]
        let batch = AlarmBatchPlanner(
            items.map(\.input), known: known, dispositions: try await store.dispositions(about: ids),
            mapping: mapping, things: things, now: writer.now)
        var outcomes = try await writer.write(
            PlannedChanges(batch.changes, known: known),
            recording: LedgerUpdate(dispositions: batch.newDispositions), under: lease, isShared: true)
        for severity in batch.unchanged { metrics.count(.unchanged, .violation, severity) }
        for severity in batch.filtered.values { metrics.count(.filtered, .violation, severity) }
        var results = Self.results(of: batch.changes, known: known, outcomes)
        for id in batch.filtered.keys { results[id] = .filtered }
        // Import before update: Security Hub rejects updates of findings that it does not have.
        let updates = batch.updates { outcomes[$0] == nil || outcomes[$0] == .imported }
        let updated = try await writer.update(updates, of: batch.entries, under: lease)
        try await writer.updateFields(of: batch.entries, after: outcomes, mapping, things: things, under: lease)
        for (id, outcome) in updated where outcome == .imported {
            if results[id] == nil { results[id] = .workflowUpdated }
            guard let severity = batch.severity(of: id) else { continue }
            metrics.count(.workflowUpdated, .violation, severity)
        }
        outcomes.merge(updated) { _, last in last }
        return items.map { leased, input in
            let id = input.findingID
            return DeliveryOutcome(
                leased, about: subject(of: input), outcomes[id] ?? .imported, finding: results[id] ?? .unchanged)
        }
    }

    /// The things of raised alarms.
    private static func things(of items: [AlarmBatchPlanner.Item]) -> Set<String> {
        Set(
            items.compactMap { _, input in
                guard case .alarm(let observation) = input, observation.condition == .present else { return nil }
                return observation.finding.thingName
            })
    }

    func subject(of input: AlarmBatchPlanner.Input) -> DeliverySubject { DeliverySubject(input) }

    private static func results(
        of changes: [Change], known: [String: LedgerEntry], _ outcomes: [String: SendOutcome]
    ) -> [String: FindingResult] {
        var results: [String: FindingResult] = [:]
        for change in changes where change.finding != nil {
            let id = change.entry.id
            results[id] = FindingResult(change, known: known[id], outcome: outcomes[id])
        }
        return results
    }
}

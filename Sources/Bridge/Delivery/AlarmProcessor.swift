import AWSCore
import DeviceDefender
import Logging
import SecurityFindings
import Store

/// Brings the findings of alarms up to date for one account and Region, many deliveries at a time.
struct AlarmProcessor: Sendable {
    let accountRegion: AccountRegion
    let context: FindingWriter
    let sender: FindingSender

    /// Works on deliveries that were leased.
    func process(_ items: [SerialLane.Item]) async {
        var batch: [AlarmBatchPlanner.Item] = []
        for (leased, command) in items {
            switch command {
            case .alarm(let observation): batch.append((leased, .alarm(observation)))
            case .verification(let disposition): batch.append((leased, .verification(disposition)))
            case .refresh(let kinds): await refresh(kinds, leased, DeliverySubject(command))
            case .ignored(let reason):
                context.logger.info(
                    "An event changes no finding.",
                    metadata: .about(leased, [LogMetadataKey.reason: "\(reason)"]))
                await context.finish(leased, about: DeliverySubject(command), .imported)
            case .violationOver(let findingID, let time):
                batch.append((leased, .ended(findingID: findingID, asOf: time)))
            case .audit, .suppression, .suppressionEnded, .suppressionList, .archiveStale, .catchUp:
                preconditionFailure("this work belongs elsewhere")
            }
        }
        await bringUpToDate(batch)
    }

    private func refresh(_ kinds: InternalTask.RefreshedKinds, _ leased: LeasedDelivery, _ subject: DeliverySubject)
        async
    {
        do {
            let refresher = FindingRefresher(accountRegion: accountRegion, context: context, sender: sender)
            await context.finish(leased, about: subject, try await refresher.refresh(kinds.kinds, leased.lease).outcome)
        } catch let failure as SendError {
            await context.finish(leased, about: subject, failure.outcome)
        } catch let error as StoreError {
            await context.finish(leased, about: subject, SendOutcome(error))
        } catch {
            await context.finish(leased, about: subject, .retryable("\(error)"))
        }
    }

    /// Brings findings up to date. When the lease is lost that stands for all, the others go on without its delivery.
    private func bringUpToDate(_ items: [AlarmBatchPlanner.Item]) async {
        var items = items
        while let (first, _) = items.first {
            do throws(StoreError) {
                let (outcomes, results) = try await send(items, under: first.lease)
                return await finish(items) { id in (outcomes[id] ?? .imported, results[id] ?? .unchanged) }
            } catch  where error.code == .leaseLost {
                context.leaseLost(first)
                items = await held(Array(items.dropFirst()))
            } catch  where error.code == .invalidValue && items.count > 1 {
                // The store rejects all for one: halving finds that one, and lets the others through.
                let middle = items.count / 2
                await bringUpToDate(Array(items[..<middle]))
                return await bringUpToDate(Array(items[middle...]))
            } catch {
                return await finish(items) { _ in (SendOutcome(error), nil) }
            }
        }
    }

    private func finish(
        _ items: [AlarmBatchPlanner.Item], _ outcome: @Sendable (_ id: String) -> (SendOutcome, FindingResult?)
    ) async {
        await withDiscardingTaskGroup { group in
            for (leased, input) in items {
                let (outcome, result) = outcome(input.findingID)
                group.addTask { await context.finish(leased, about: DeliverySubject(input), outcome, result) }
            }
        }
    }

    /// Those of some deliveries whose leases are not lost, too. All are asked at once, and share a statement.
    private func held(_ items: [AlarmBatchPlanner.Item]) async -> [AlarmBatchPlanner.Item] {
        let lost = await withTaskGroup(of: String?.self) { group in
            for (leased, _) in items {
                group.addTask {
                    do throws(StoreError) {
                        let now = context.clock()
                        _ = try await context.store.extend(leased.lease, for: WorkerPool.leaseDuration, now: now)
                        return nil
                    } catch {
                        // What else fails is seen when the outcome is stored.
                        return error.code == .leaseLost ? leased.lease.deliveryID : nil
                    }
                }
            }
            return await group.reduce(into: Set<String>()) { if let id = $1 { $0.insert(id) } }
        }
        for (leased, _) in items where lost.contains(leased.lease.deliveryID) { context.leaseLost(leased) }
        return items.filter { !lost.contains($0.leased.lease.deliveryID) }
    }

    /// Imports and updates the findings, and tells what became of each, by its id; of one that nothing had to be done
    /// about, nothing.
    private func send(
        _ items: [AlarmBatchPlanner.Item], under lease: Lease
    ) async throws(StoreError) -> ([String: SendOutcome], [String: FindingResult]) {
        let ids = Array(Set(items.map(\.input.findingID)))
        let known = try await context.store.ledgerEntries(ids: ids)
        let batch = AlarmBatchPlanner(
            items.map(\.input), known: known, dispositions: try await context.store.dispositions(about: ids),
            now: context.now)
        var outcomes = try await context.write(
            PlannedChanges(batch.changes, known: known), by: sender,
            recording: LedgerUpdate(dispositions: batch.newDispositions), under: lease, isShared: true)
        for severity in batch.unchanged { context.metrics.work.count(.unchanged, .violation, severity) }
        var results = Self.results(of: batch.changes, known: known, outcomes)
        // Import before update: Security Hub updates only what it has.
        let updates = batch.updates { outcomes[$0] == nil || outcomes[$0] == .imported }
        let updated = await sender.update(updates.mapValues(\.verification))
        let told = updates.filter { updated.outcomes[$0.key] == .imported }.map { $0.value.applied.disposition }
        for disposition in told {
            if results[disposition.subject] == nil { results[disposition.subject] = .workflowUpdated }
            guard let severity = batch.severity(of: disposition.subject) else { continue }
            context.metrics.work.count(.workflowUpdated, .violation, severity)
        }
        let missing = batch.entries.filter { updated.missing.contains($0.id) }.map(\.unsent)
        let progress = LedgerUpdate(entries: missing, dispositions: told)
        if !progress.isEmpty { try await context.store.record(progress, under: lease) }
        outcomes.merge(updated.outcomes) { _, last in last }
        return (outcomes, results)
    }

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

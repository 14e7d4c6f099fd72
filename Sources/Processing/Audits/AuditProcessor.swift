import AWSClient
import EventLoop
import Logging
import Planning
import Store

/// Processes the deliveries about audits and suppressions of one account and Region, one at a time.
struct AuditProcessor: DeliveryProcessor {
    let store: any Store
    let writer: FindingWriter
    let completer: DeliveryCompleter
    let client: AWSClient
    let circuitBreakers: CircuitBreakers
    let settings: Reloadable<ProcessingSettings>
    let logger: Logger

    private var lane: DeliveryLane { writer.lane }

    func process(_ items: [LeasedCommand]) async {
        for (leased, command) in items {
            await completer.finish(leased, about: DeliverySubject(command), await outcome(of: command, leased))
        }
    }

    /// Processes a delivery. While AWS IoT denies access, single audits are attempted as probes, and the others wait.
    private func outcome(of command: DeliveryCommand, _ leased: LeasedDelivery) async -> SendOutcome {
        guard case .audit = command else { return await attempt(command, leased) }
        let state = circuitBreakers.allow(lane, .audits)
        if state == .open, let denial = circuitBreakers.denial(lane, .audits) {
            return .accessDenied(denial.reason)
        }
        let outcome = await attempt(command, leased)
        switch outcome {
        case .imported, .rejected:
            circuitBreakers.recordSuccess(lane, .audits)
            circuitBreakers.recordValidCredentials(lane)
        case .retryable, .accessDenied, .interrupted: break
        }
        if state == .halfOpen { circuitBreakers.endProbe(lane, .audits) }
        return outcome
    }

    private func attempt(_ command: DeliveryCommand, _ leased: LeasedDelivery) async -> SendOutcome {
        do {
            return try await perform(command, leased).outcome
        } catch {
            if let error = error as? AWSError { circuitBreakers.recordFailure(error, lane) }
            return SendOutcome(processing: error)
        }
    }

    private func perform(_ command: DeliveryCommand, _ leased: LeasedDelivery) async throws -> FindingRejections {
        let mapping = settings.value.mapping
        let suppressions = SuppressionApplier(
            store: store, writer: writer, mapping: mapping, lease: leased.lease)
        switch command {
        case .audit(let taskID):
            let importer = AuditImporter(
                store: store, writer: writer, client: client, mapping: mapping, leased: leased, logger: logger)
            return try await importer.importAudit(taskID)
        case .suppression(let disposition, let keepsExpiry):
            return try await suppressions.apply(disposition, keepsExpiry: keepsExpiry)
        case .suppressionEnded(let subject, let time): return try await suppressions.expire(subject, at: time)
        case .refresh(let kinds):
            return try await FindingRefresher(ledger: store, writer: writer, mapping: mapping)
                .refresh(kinds.kinds, leased.lease)
        case .archiveStale:
            let archiver = StaleFindingArchiver(
                store: store, writer: writer, mapping: mapping, logger: logger)
            return try await archiver.archive(leased.lease)
        case .suppressionList:
            var rejections = FindingRejections()
            let list = SuppressionReconciler(store: store, client: client, applier: suppressions, logger: logger)
            try await list.apply(&rejections)
            return rejections
        case .alarm, .verification, .violationOver, .catchUp, .mappedItem, .refreshSource, .expireSource,
            .archiveSource, .catchUpAlarms, .ignored:
            preconditionFailure("unexpected command for AuditProcessor")
        }
    }
}

import AWSClient
import Encoding
import Planning
import Store

/// Runs the tasks of the bridge itself about the findings of one mapped source in one account and Region.
struct SourceTasks {
    let store: any Store
    let writer: FindingWriter
    let completer: DeliveryCompleter
    /// The settings of the source; nil if it is not configured.
    let settings: ProcessingSettings.Source?
    let mapping: MappingOptions
    let clock: AWSClock
    let client: AWSClient
    let reporter: CatchUpReporter

    /// Runs tasks, after the items that were leased with them.
    func run(_ tasks: [LeasedCommand]) async {
        for (leased, command) in tasks {
            let outcome: SendOutcome
            do {
                outcome = try await run(command, leased.lease)?.outcome ?? .imported
            } catch {
                outcome = SendOutcome(processing: error)
            }
            await completer.finish(leased, about: DeliverySubject(command), outcome)
        }
    }

    /// - Returns: the findings that Security Hub rejected; nil if there was nothing to do.
    private func run(_ command: DeliveryCommand, _ lease: Lease) async throws -> FindingRejections? {
        switch command {
        case .refreshSource:
            // Findings of a source that is not configured any more are not refreshed.
            guard settings != nil else { return nil }
            return try await refresher.refresh([.mapped], lease)
        case .expireSource(let time):
            // What waits may report the findings: a later task archives those that it does not.
            let oldest = try await store.oldestUnfinished(of: writer.lane)
            guard let expireAfter = settings?.expireAfter,
                let silentUntil = SourceSilence.end(oldestUnfinished: oldest, now: clock.now())
            else { return nil }
            return try await archive(reportedBefore: min(time, silentUntil - expireAfter), lease)
        case .archiveSource(let time): return try await archive(reportedBefore: time, lease)
        case .catchUpAlarms:
            guard let settings, let alarms = settings.alarms, alarms.isListable else { return nil }
            let catchUp = AlarmCatchUp(
                store: store, writer: writer, client: client, settings: settings, reporter: reporter)
            return try await catchUp.run(alarms, under: lease)
        case .mappedItem, .alarm, .verification, .violationOver, .audit, .suppression, .suppressionEnded,
            .suppressionList, .refresh, .archiveStale, .catchUp, .ignored:
            preconditionFailure("unexpected command for SourceTasks")
        }
    }

    private var refresher: FindingRefresher { FindingRefresher(ledger: store, writer: writer, mapping: mapping) }

    private func archive(reportedBefore time: Timestamp, _ lease: Lease) async throws -> FindingRejections? {
        guard let source = writer.lane.source else { return nil }
        // An interrupted archival is recorded, so that its findings are on no page any longer.
        var rejections = try await refresher.resend([.mapped], lease)
        rejections.add(
            try await writer.write(
                { MappedPlanner.expire($0, reportedBefore: time, now: $1) },
                of: store.openRows(of: writer.accountRegion, source: source, reportedBefore: time), under: lease))
        return rejections
    }
}

import AWSClient
import AWSCore
import Encoding
import JSON
import Planning
import Store

/// Compares the findings of a mapped source with the alarms that Amazon CloudWatch lists in one account and Region, queues
/// what was missed, and archives what is over.
///
/// EventBridge may drop an event after a day of failed attempts, and a rule may be disabled. An interrupted run is repeated.
struct AlarmCatchUp: Sendable {
    let store: any Store
    let writer: FindingWriter
    let client: AWSClient
    let settings: ProcessingSettings.Source
    let reporter: CatchUpReporter

    private struct Progress {
        var reconciliation: AlarmSourceReconciliation
        var result = CatchUpResult()
    }

    /// Runs the comparison.
    ///
    /// - Returns: the findings that Security Hub rejected; nil if the alarms could not be listed, which is logged.
    /// - Throws: ``SendError``, `StoreError`, and an `AWSError` that a retry may resolve.
    func run(_ alarms: AlarmSource, under lease: Lease) async throws -> FindingRejections? {
        var progress = Progress(
            reconciliation: AlarmSourceReconciliation(
                alarms, mapping: settings.mapping, in: writer.lane, receivedAt: writer.now))
        do {
            for prefix in alarms.namePrefixes { try await read(prefix, lease, &progress) }
        } catch let error as AWSError where error.consequence != .retry {
            // Events are imported without the permission, too.
            progress.result.denied.append(error.description)
            reporter.report(progress.result)
            return nil
        }
        let rejections = try await archive(lease, &progress)
        reporter.report(progress.result)
        return rejections
    }

    private func read(_ prefix: String, _ lease: Lease, _ progress: inout Progress) async throws {
        let region = writer.accountRegion.region
        for try await page in client.cloudWatchAlarms(prefix: prefix, region: region) {
            for description in page.elements {
                guard let alarm = CloudWatchAlarm(description) else {
                    progress.result.unread += 1
                    continue
                }
                var contributors: [JSON] = []
                if case .listed = alarm.contributors { contributors = try await self.contributors(of: alarm) }
                let listed = progress.reconciliation.add(alarm, contributors: contributors)
                progress.result.alarms += try await queue(listed, lease)
            }
        }
    }

    private func contributors(of alarm: CloudWatchAlarm) async throws(AWSError) -> [JSON] {
        var found: [JSON] = []
        let region = writer.accountRegion.region
        do throws(AWSError) {
            for try await page in client.cloudWatchAlarmContributors(of: alarm.name, region: region) {
                found += page.elements
            }
        } catch {
            // An alarm that was deleted since it was listed has no contributors.
            guard error.kind == .notFound, error.stage == .response else { throw error }
        }
        return found
    }

    /// Queues what was missed.
    ///
    /// - Returns: the number of events that were not queued before.
    private func queue(_ listed: [AlarmSourceReconciliation.Listed], _ lease: Lease) async throws -> Int {
        guard !listed.isEmpty else { return 0 }
        let known = try await store.ledgerEntries(ids: listed.map(\.findingID))
        let now = writer.now
        let missed = listed.filter {
            AlarmSourceReconciliation.isMissed(
                $0, known: known[$0.findingID], expireAfter: settings.expireAfter, now: now)
        }
        // The key lets a repeated run queue an event once, and another run queue it again.
        return try await store.appendInParts(
            missed.map { missed in
                InternalTask.mappedItem(missed.event).delivery(
                    of: writer.accountRegion, source: writer.lane.source, on: String(lease.sequence), now: now)
            })
    }

    /// Archives the findings that are not in ALARM.
    private func archive(_ lease: Lease, _ progress: inout Progress) async throws -> FindingRejections {
        guard let source = writer.lane.source else { return FindingRejections() }
        let reconciliation = progress.reconciliation
        var ended = 0
        let rejections = try await writer.write(
            { entry, now in
                let change = reconciliation.end(entry, listedAfter: lease.sequence, now: now)
                if change != nil { ended += 1 }
                return change
            }, of: store.openRows(of: writer.accountRegion, source: source, reportedBefore: .latest), under: lease)
        progress.result.ends += ended
        return rejections
    }
}

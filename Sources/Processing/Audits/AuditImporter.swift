import AWSClient
import AWSCore
import DeviceDefender
import Encoding
import JSON
import Logging
import Planning
import SecurityFindings
import Store
import Telemetry

/// Imports the findings of one audit, in chunks of two full pages.
///
/// The outcomes of a chunk are committed together with the checkpoint after it, so that an interrupted import continues
/// there. Ledger entries that are not confirmed as sent are sent again first. Memory does not grow with the audit.
struct AuditImporter: Sendable {
    let store: any Store
    let writer: FindingWriter
    let client: AWSClient
    let mapping: MappingOptions
    let leased: LeasedDelivery
    let logger: Logger

    private var accountRegion: AccountRegion { writer.accountRegion }
    private var lease: Lease { leased.lease }

    /// Imports an audit.
    ///
    /// - Returns: the findings that Security Hub rejected or that could not be parsed.
    func importAudit(_ taskID: String) async throws -> FindingRejections {
        let description = try await client.describeAuditTask(id: taskID, region: accountRegion.region)
        let task = try AuditTask(id: taskID, description: description)
        guard task.status != .inProgress else {
            throw SendError(description: "the audit has not ended: AWS IoT reports it as IN_PROGRESS")
        }
        let applied = try await store.appliedAudits(of: accountRegion)
        let checks = Self.checksToApply(task, applied: applied)
        var found = FindingRejections()
        if !checks.isEmpty { try await suppressions.apply(&found) }
        let unsent = FindingRefresher(ledger: store, writer: writer, mapping: mapping)
        found.add(try await unsent.resend([.audit, .summary], lease))
        var checkpoint = checks.isEmpty ? AuditCheckpoint() : try await resume(task)
        checkpoint.rejections.add(found)
        if !checks.isEmpty, !checkpoint.isListed { try await list(task, checks, &checkpoint) }
        var rejections = checkpoint.rejections
        let completions = SummaryRules.completions(of: task, accountRegion: accountRegion)
        if mapping.checkSummaries { rejections.add(try await summaries.summarize(task, try await known(completions))) }
        // Outdated summaries are archived even if the bridge no longer creates summaries.
        rejections.add(try await summaries.archiveOthers(task))
        let ended = LedgerUpdate(audits: task.status == .completed ? [finished(task)] : [], completions: completions)
        if !ended.isEmpty { try await store.record(ended, under: lease) }
        guard !checkpoint.hasUnread else { return rejections }
        for check in checks.sorted() {
            rejections.add(
                try await unseen.archive(
                    .audit, of: check, before: task.startTime, at: task.startTime, except: checkpoint.seen
                ).rejections)
        }
        let newlyApplied = checks.sorted().map {
            AppliedAudit(
                accountRegion: accountRegion, check: $0, startTime: task.startTime, taskID: task.id)
        }
        if !newlyApplied.isEmpty {
            try await store.record(LedgerUpdate(appliedAudits: newlyApplied), under: lease)
        }
        return rejections
    }

    private func finished(_ task: AuditTask) -> FinishedAudit {
        FinishedAudit(
            accountRegion: accountRegion, schedule: task.scheduledAuditName, taskID: task.id,
            startTime: task.startTime,
            // Device Defender publishes the end of an audit when it happens. DescribeAuditTask does not return that
            // time.
            finishedAt: leased.delivery.channel == .sns ? leased.delivery.receivedAt : nil)
    }

    /// The known completions of all checks, including those of this audit.
    private func known(_ completions: [CheckCompletion]) async throws(StoreError) -> [String: CheckCompletion] {
        let own = Dictionary(completions.map { ($0.check, $0) }) { first, _ in first }
        return try await store.checkCompletions(of: accountRegion).merging(own) { $0.merged(with: $1) }
    }

    private var summaries: SummaryWriter {
        SummaryWriter(store: store, writer: writer, mapping: mapping, lease: lease)
    }

    private var unseen: UnseenFindingArchiver {
        UnseenFindingArchiver(ledger: store, writer: writer, lease: lease)
    }

    private var suppressions: SuppressionReconciler {
        SuppressionReconciler(
            store: store, client: client,
            applier: SuppressionApplier(store: store, writer: writer, mapping: mapping, lease: lease), logger: logger)
    }

    /// The checks that an audit completed, without those for which a newer audit is applied.
    static func checksToApply(_ task: AuditTask, applied: [String: AppliedAudit]) -> Set<String> {
        let completed = Set(task.checks.filter(\.status.isComplete).map(\.check.name))
        return completed.filter { check in
            guard let last = applied[check] else { return true }
            return (last.startTime, last.taskID) <= (task.startTime, task.id)
        }
    }

    // MARK: Pages

    /// Where to continue. The list begins again if another audit or a suppression has changed findings since: what
    /// the interrupted import has seen of the list may no longer be in the ledger.
    private func resume(_ task: AuditTask) async throws(StoreError) -> AuditCheckpoint {
        let checkpoint = AuditCheckpoint(serialized: leased.checkpoint)
        if checkpoint.hasBegun, try await store.listedAudit(of: accountRegion) == task.id { return checkpoint }
        let listing = ListingChange(accountRegion: accountRegion, taskID: task.id)
        try await store.record(LedgerUpdate(listing: listing), under: lease)
        return AuditCheckpoint()
    }

    private func list(_ task: AuditTask, _ checks: Set<String>, _ checkpoint: inout AuditCheckpoint) async throws {
        do {
            try await listPages(task, checks, &checkpoint)
        } catch let error as AWSError where error.kind == .invalid && checkpoint.nextToken != nil {
            // AWS does not document how long a token is valid.
            logger.log(
                .auditListingRestarted,
                .about(
                    accountRegion,
                    [.delivery: .string(lease.deliveryID), .audit: .string(task.id), .reason: "\(error)"]))
            checkpoint = AuditCheckpoint()
            try await listPages(task, checks, &checkpoint)
        }
    }

    /// Imports the list as a pipeline of three chunks: one is fetched while the previous one is recorded in the ledger
    /// and the one before that is sent.
    private func listPages(_ task: AuditTask, _ checks: Set<String>, _ checkpoint: inout AuditCheckpoint) async throws {
        var listed: FindingChunk? = try await FindingChunk(
            client.auditFindings(taskID: task.id, region: accountRegion.region, startingAt: checkpoint.nextToken))
        var recorded: RecordedChunk?
        while listed != nil || recorded != nil {
            let (current, previous, soFar) = (listed, recorded, checkpoint)
            async let next = current?.next()
            async let sent = send(previous, soFar)
            let parsed = try await parse(current, task, checks)
            // Changes of one finding must not overlap, and an audit may list a finding twice.
            if let parsed, let previous, previous.mayBeSending(any: parsed.observations) { _ = try await sent }
            recorded = try await record(parsed)
            checkpoint = try await sent
            do {
                listed = try await next
            } catch {
                // Sends what is already recorded, so that each attempt gets further than the last.
                checkpoint = try await send(recorded, checkpoint)
                throw error
            }
        }
    }

    /// Looks up which findings of a chunk are unchanged, parses the others that belong to some checks, and collects
    /// those that cannot be parsed.
    private func parse(_ chunk: FindingChunk?, _ task: AuditTask, _ checks: Set<String>) async throws -> ParsedChunk? {
        guard let chunk else { return nil }
        var parsed = ParsedChunk(nextToken: chunk.nextToken)
        let fingerprint = mapping.fingerprint(of: accountRegion.region.partition)
        let digests = chunk.findings.map { AuditFindingDigest($0, fingerprint: fingerprint)?.bytes }
        let unchanged = try await unchanged(digests)
        for (place, element) in chunk.findings.enumerated() {
            if let finding = unchanged[place] {
                parsed.add(finding, at: place)
                continue
            }
            let json = try element.parsed()
            do throws(UnrecognizedMessageError) {
                let auditFinding = try AuditFinding(json)
                guard checks.contains(auditFinding.check.name) else { continue }
                let finding = SecurityFinding(
                    auditFinding: auditFinding, task: task, accountRegion: accountRegion, severities: mapping.severities
                )
                var observation = Observation(auditFinding, task: task, finding: finding)
                observation.digest = digests[place]
                parsed.add(observation, at: place)
            } catch {
                parsed.unread.add(
                    json["findingId"]?.string ?? "a finding without an id",
                    "cannot parse the audit finding: \(error.reason)")
            }
        }
        return parsed
    }

    /// The findings that the ledger contains with some digests, by place.
    private func unchanged(_ digests: [[UInt8]?]) async throws(StoreError) -> [Int: UnchangedFinding] {
        let given = digests.enumerated().compactMap { place, digest in digest.map { (place, $0) } }
        var found: [Int: UnchangedFinding] = [:]
        for start in stride(from: 0, to: given.count, by: Limits.rows.upperBound) {
            let part = given[start...].prefix(Limits.rows.upperBound)
            let findings = try await store.unchangedFindings(digests: part.map(\.1), of: accountRegion)
            for ((place, _), finding) in zip(part, findings) { found[place] = finding }
        }
        return found
    }

    /// Plans the changes of a chunk, and records them in the ledger.
    private func record(_ chunk: ParsedChunk?) async throws -> RecordedChunk? {
        guard var parsed = chunk else { return nil }
        // Nothing new: the store need not be asked.
        guard !parsed.observations.isEmpty else {
            return RecordedChunk(parsed: parsed, changes: PlannedChanges([], known: [:]))
        }
        let byID = Dictionary(grouping: parsed.observations, by: \.finding.id)
        let rows = try await store.ledgerRows(ids: Array(byID.keys))
        for row in rows.values { parsed.seen.insert(row.number) }
        let known = rows.mapValues(\.entry)
        let dispositions = try await store.dispositions(about: Array(Set(parsed.observations.map(\.subject))))
        let now = writer.now
        let changes = byID.compactMap { id, observations -> Change? in
            if let number = rows[id]?.number, parsed.isUnchangedLast(id, number) { return nil }
            return Planner.plan(
                observations, known: known[id], disposition: dispositions[observations[0].subject],
                mapping: mapping, now: now)
        }
        let planned = PlannedChanges(changes, known: known)
        try await writer.record(planned, under: lease)
        return RecordedChunk(parsed: parsed, changes: planned)
    }

    /// Sends the changes of a chunk, and stores the checkpoint after it.
    ///
    /// - Returns: the checkpoint after the chunk.
    private func send(_ chunk: RecordedChunk?, _ checkpoint: AuditCheckpoint) async throws -> AuditCheckpoint {
        guard let chunk else { return checkpoint }
        var checkpoint = checkpoint
        checkpoint.advance(chunk.parsed)
        let outcomes = try await writer.send(
            chunk.changes,
            checkpoint: { outcomes in
                var next = checkpoint
                return (try? next.rejections.add(outcomes)).flatMap { next.serialized }
            }, under: lease)
        try await writer.updateFields(
            of: chunk.changes.all.map(\.entry), after: outcomes, mapping, under: lease)
        writer.countUnchanged(chunk.parsed.observations, chunk.changes, mapping.filter)
        writer.countUnchanged(chunk.parsed.unchanged)
        try checkpoint.rejections.add(outcomes)
        return checkpoint
    }
}

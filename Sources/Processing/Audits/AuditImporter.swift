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
        var checkpoint = AuditCheckpoint(serialized: leased.checkpoint)
        if !checks.isEmpty { try await suppressions.apply(&checkpoint.rejections) }
        let unsent = FindingRefresher(ledger: store, writer: writer)
        checkpoint.rejections.add(try await unsent.resend([.audit, .summary], lease))
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
                    .audit, of: check, before: task.startTime, at: task.startTime
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
            store: store, client: client, applier: SuppressionApplier(store: store, writer: writer, lease: lease),
            logger: logger)
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
            let parsed = try parse(current, task, checks)
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

    /// Parses the findings of a chunk that belong to some checks, and collects those that cannot be parsed.
    private func parse(_ chunk: FindingChunk?, _ task: AuditTask, _ checks: Set<String>) throws(JSONError)
        -> ParsedChunk?
    {
        guard let chunk else { return nil }
        var parsed = ParsedChunk(nextToken: chunk.nextToken)
        for element in chunk.findings {
            let json = try element.parsed()
            do throws(UnrecognizedMessageError) {
                let auditFinding = try AuditFinding(json)
                guard checks.contains(auditFinding.check.name) else { continue }
                let finding = SecurityFinding(
                    auditFinding: auditFinding, task: task, accountRegion: accountRegion, severities: mapping.severities
                )
                parsed.observations.append(Observation(auditFinding, task: task, finding: finding))
            } catch {
                parsed.unread.add(
                    json["findingId"]?.string ?? "a finding without an id",
                    "cannot parse the audit finding: \(error.reason)")
            }
        }
        return parsed
    }

    /// Plans the changes of a chunk, and records them in the ledger.
    private func record(_ parsed: ParsedChunk?) async throws -> RecordedChunk? {
        guard let parsed else { return nil }
        return RecordedChunk(parsed: parsed, changes: try await record(parsed.observations))
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
        writer.countUnchanged(chunk.parsed.observations, chunk.changes)
        try checkpoint.rejections.add(outcomes)
        return checkpoint
    }

    // MARK: Findings

    /// Plans the changes that follow from observations, and records them in the ledger.
    private func record(_ observations: [Observation]) async throws -> PlannedChanges {
        let byID = Dictionary(grouping: observations, by: \.finding.id)
        let known = try await store.ledgerEntries(ids: Array(byID.keys))
        let dispositions = try await store.dispositions(about: Array(Set(observations.map(\.subject))))
        let now = writer.now
        let changes = byID.compactMap { id, observations in
            Planner.plan(observations, known: known[id], disposition: dispositions[observations[0].subject], now: now)
        }
        let planned = PlannedChanges(changes, known: known)
        try await writer.record(planned, under: lease)
        return planned
    }
}

extension AuditCheckpoint {
    /// Moves to the end of a chunk.
    fileprivate mutating func advance(_ parsed: ParsedChunk) {
        nextToken = parsed.nextToken
        isListed = parsed.nextToken == nil
        rejections.add(parsed.unread)
        hasUnread = hasUnread || parsed.unread.count > 0
    }
}

/// The parsed findings of a chunk.
private struct ParsedChunk: Sendable {
    /// The token of the page after the chunk; nil after the last.
    let nextToken: String?
    var observations: [Observation] = []
    /// The findings that could not be parsed.
    var unread = FindingRejections()
}

/// A chunk whose changes are recorded in the ledger, and not sent yet.
private struct RecordedChunk: Sendable {
    let parsed: ParsedChunk
    let changes: PlannedChanges

    /// Whether a finding of these observations is about to be sent.
    func mayBeSending(any observations: [Observation]) -> Bool {
        let ids = Set(changes.toBeSent.map(\.entry.id))
        return observations.contains { ids.contains($0.finding.id) }
    }
}

/// A chunk of an audit's list of findings: consecutive pages that are sent together.
private struct FindingChunk: Sendable {
    /// Two full pages fill five batches, one page would fill two and a half, and Security Hub limits the rate of
    /// batches.
    private static let size = 500

    private var pages: PaginatorSequence<JSONSlice>.Iterator
    private(set) var findings: [JSONSlice] = []
    /// The token of the page after the chunk; nil after the last.
    private(set) var nextToken: String?

    /// Fetches the first chunk of a list.
    init(_ pages: PaginatorSequence<JSONSlice>) async throws(AWSError) {
        self.pages = pages.makeAsyncIterator()
        try await fill()
    }

    /// Fetches the next chunk; nil after the last.
    func next() async throws(AWSError) -> FindingChunk? {
        guard nextToken != nil else { return nil }
        var next = self
        next.findings = []
        try await next.fill()
        return next
    }

    private mutating func fill() async throws(AWSError) {
        repeat {
            guard let page = try await pages.next() else { return }
            findings += page.elements
            nextToken = page.nextToken
        } while findings.count < Self.size && nextToken != nil
    }
}

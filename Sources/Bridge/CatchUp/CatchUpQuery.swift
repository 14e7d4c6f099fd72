import AWSClient
import AWSCore
import DeviceDefender
import JSON
import Logging
import SecurityFindings
import Store

/// Asks Device Defender what happened in an account and Region, and puts what no delivery told of into the queue.
///
/// Amazon SNS drops a message that it could not deliver for a minute, or for an hour at most. Nothing is lost by that as
/// long as somebody asks afterwards. Nothing is changed here: whatever is found goes the way of all deliveries, and is
/// found again if this ends before its time.
struct CatchUpQuery: Sendable {
    let accountRegion: AccountRegion
    let context: FindingWriter
    let client: AWSClient

    /// How far behind the watermark it begins, in milliseconds: SNS may still deliver what happened an hour ago, and
    /// lists may show what happened late.
    private static let overlap: Int64 = 3_600_000
    /// How far back it looks when nobody ever asked, in milliseconds.
    private static let firstSpan: Int64 = 24 * 3_600_000
    /// How long audits may run, in milliseconds: those that ended since the watermark began that much earlier at most.
    private static let longestAudit: Int64 = 48 * 3_600_000
    /// How long AWS keeps audits and events, in milliseconds, short of an hour for clocks that differ. It refuses to be
    /// asked for what was earlier.
    private static let (auditsKept, eventsKept) = (
        90 * 86_400_000 - 3_600_000 as Int64, 30 * 86_400_000 - 3_600_000 as Int64
    )

    /// What was found.
    struct Result: Sendable, Hashable {
        var audits = 0
        var alarms = 0
        var ends = 0
        var verifications = 0
        var unread = 0
        /// What could not be asked for because the permission is missing.
        var denied: [String] = []
    }

    /// Asks for everything.
    ///
    /// - Parameter since: the earliest time to ask for; nil for the watermark.
    func run(since: Timestamp?) async throws -> Result {
        var result = Result()
        let now = client.clock.serviceNow ?? context.clock()
        let began = client.clock.elapsed()
        do {
            try await query(since, now, &result)
        } catch let error as AWSError where error.kind == .invalid && corrected(now, since: began) != nil {
            // AWS refuses to be asked for what is to come.
        }
        guard let right = corrected(now, since: began) else {
            return try await finished(result, now)
        }
        // The clock is wrong, as AWS's responses tell: another time than the right one was asked for.
        (result.unread, result.denied) = (0, [])
        try await query(since, right, &result)
        return try await finished(result, right)
    }

    /// By how much the clock may differ from AWS's, in milliseconds: less than the overlap.
    private static let tolerance: Int64 = 300_000

    /// What time it was at the beginning by AWS's clock, if that is another one than was assumed.
    private func corrected(_ now: Int64, since began: Duration) -> Int64? {
        guard let service = client.clock.serviceNow else { return nil }
        let right = service.saturatingSubtracting((client.clock.elapsed() - began).milliseconds)
        return right.saturatingDistance(to: now) > Self.tolerance ? right : nil
    }

    private func finished(_ result: Result, _ now: Int64) async throws(StoreError) -> Result {
        if result.denied.isEmpty { try await context.store.advanceCatchUpWatermark(of: accountRegion, to: now) }
        return result
    }

    private func query(_ since: Timestamp?, _ now: Int64, _ result: inout Result) async throws {
        let start = try await start(since, now)
        try await runIfPermitted(&result) { try await findAudits(since: start, now: now, &$0) }
        try await runIfPermitted(&result) {
            let reported = try await findEvents(since: start, now: now, &$0)
            try await findActive(except: reported, now: now, &$0)
        }
        _ = try await append([.suppressions])
    }

    private func start(_ since: Timestamp?, _ now: Int64) async throws(StoreError) -> Int64 {
        var watermark = try await context.store.catchUpWatermarks()[accountRegion]
        if let known = watermark, Self.isAhead(known, of: now) {
            // Nobody knows how much of it was really asked about: all that AWS keeps is asked for again.
            let earliest = now.saturatingSubtracting(Self.eventsKept)
            context.logger.warning(
                "The watermark of catch-up is in the future. It is reset, and all events that AWS keeps are checked.",
                metadata: .about(accountRegion, ["aheadSeconds": "\(known.saturatingSubtracting(now) / 1000)"]))
            try await context.store.resetCatchUpWatermark(of: accountRegion, to: earliest)
            watermark = earliest
        }
        if let since { return since.milliseconds }
        return watermark.map { $0.saturatingSubtracting(Self.overlap) } ?? now.saturatingSubtracting(Self.firstSpan)
    }

    /// Without the permission to ask for one thing, the others are still asked for.
    private func runIfPermitted(_ result: inout Result, _ query: (inout Result) async throws -> Void) async throws {
        do {
            try await query(&result)
        } catch let error as AWSError where error.kind == .accessDenied {
            result.denied.append(error.description)
        }
    }

    /// Whether a watermark is of the future, beyond what clocks may differ.
    static func isAhead(_ watermark: Int64, of now: Int64) -> Bool {
        watermark.saturatingSubtracting(now) > tolerance
    }

    /// The times to ask for: never empty, though the beginning comes from the store and the end from a clock.
    ///
    /// - Parameter kept: how long before the end AWS keeps what is asked for.
    static func times(from start: Int64, to end: Int64, kept: Int64) -> ClosedRange<Int64> {
        min(max(start, end.saturatingSubtracting(kept)), end)...end
    }

    // MARK: Audits

    private func findAudits(since start: Int64, now: Int64, _ result: inout Result) async throws {
        var tasks: [AuditTask] = []
        let unread = result.unread
        var listedAt: Int64?
        let times = Self.times(from: start.saturatingSubtracting(Self.longestAudit), to: now, kept: Self.auditsKept)
        for try await page in client.auditTasks(in: times, region: accountRegion.region) {
            listedAt = listedAt ?? page.date
            for element in page.elements where element["taskStatus"]?.string != AuditTask.Status.inProgress.rawValue {
                do {
                    guard let task = try await describe(element) else { continue }
                    tasks.append(task)
                } catch is UnrecognizedMessageError {
                    result.unread += 1
                }
            }
        }
        let chosen = AuditSelection.choose(tasks, applied: try await context.store.appliedAudits(of: accountRegion))
        result.audits = try await append(chosen.map { .audit(taskID: $0.id) })
        // One that could not be read may have completed any check.
        guard result.unread == unread, let listedAt else { return }
        try await recordCoverage(tasks, readOf: times, at: listedAt)
    }

    /// Notes which audits are known, by AWS's clock: what none of them confirms is stale some day (``Staleness``).
    ///
    /// - Parameters:
    ///   - times: when the audits began that were asked for.
    ///   - listedAt: AWS's time when it listed them.
    private func recordCoverage(
        _ tasks: [AuditTask], readOf times: ClosedRange<Int64>, at listedAt: Int64
    ) async throws(StoreError) {
        // A wrong clock asked for other times than the last.
        guard listedAt.saturatingDistance(to: times.upperBound) <= Self.tolerance else { return }
        // An audit that began earlier may have ended since.
        let since = times.lowerBound.saturatingAdding(Self.longestAudit)
        let until = min(listedAt, times.upperBound)
        guard since <= until else { return }
        var completions: [String: CheckCompletion] = [:]
        for completion in tasks.flatMap({ SummaryRules.completions(of: $0, accountRegion: accountRegion) }) {
            completions[completion.check] = completion.merged(with: completions[completion.check])
        }
        try await context.store.record(
            AuditCoverage(since: since, until: until), of: accountRegion, Array(completions.values))
    }

    /// Asks about a listed audit; nil if it is not kept any more.
    private func describe(_ listed: JSON) async throws -> AuditTask? {
        guard let id = listed["taskId"]?.string else { throw UnrecognizedMessageError(reason: "an audit has no id") }
        do {
            return try AuditTask(
                id: id, description: try await client.describeAuditTask(id: id, region: accountRegion.region))
        } catch let error as AWSError where error.kind == .notFound {
            return nil
        }
    }

    // MARK: Alarms

    /// - Returns: hashes of the findings about which something was missed, so that a long list takes little memory.
    private func findEvents(since start: Int64, now: Int64, _ result: inout Result) async throws -> Set<Int> {
        var reported: Set<Int> = []
        let times = Self.times(from: start, to: now, kept: Self.eventsKept)
        for try await page in client.violationEvents(in: times, region: accountRegion.region) {
            let listed = read(page.elements, &result) { element throws(UnrecognizedMessageError) in
                try AlarmReconciliation.Listed(violationEvent: element, accountRegion: accountRegion)
            }
            let known = try await context.store.ledgerEntries(ids: Array(Set(listed.map(\.findingID))))
            let missed = listed.filter { AlarmReconciliation.isMissed($0, known: known[$0.findingID]) }
            result.alarms += try await append(missed.map(\.task))
            reported.formUnion(missed.map(\.findingID.hashValue))
        }
        return reported
    }

    /// - Parameter reported: the findings about which what was missed is in the queue.
    private func findActive(except reported: Set<Int>, now: Int64, _ result: inout Result) async throws {
        // By AWS's clock when the first page was sent: the list does not contain what happened later.
        var listedAt: Int64?
        var active: Set<Int> = []
        for try await page in client.activeViolations(region: accountRegion.region) {
            let listed = read(page.elements, &result) { element throws(UnrecognizedMessageError) in
                try AlarmReconciliation.Listed(activeViolation: element, accountRegion: accountRegion)
            }
            // One that cannot be read confirms its own finding yet, and must not keep the others from ending.
            let ids = page.elements.compactMap { $0["violationId"]?.string }
            active.formUnion(ids.map { FindingID.violation(id: $0, accountRegion: accountRegion).hashValue })
            listedAt = listedAt ?? page.date ?? now
            let asOf = Self.asOf(page.date ?? now)
            try await findMissed(listed, except: reported, asOf: asOf, &result)
            // One without an id may be any of those that seem to have ended.
            guard ids.count == page.elements.count else { return }
        }
        try await findEnds(active.union(reported), listedAt: Timestamp(milliseconds: listedAt ?? now), &result)
    }

    /// What a list that was sent at a time is as of.
    private static func asOf(_ time: Int64) -> Timestamp {
        Timestamp(milliseconds: time.saturatingSubtracting(AlarmReconciliation.margin))
    }

    private func findMissed(
        _ listed: [AlarmReconciliation.Listed], except reported: Set<Int>, asOf: Timestamp, _ result: inout Result
    ) async throws {
        let ids = Array(Set(listed.map(\.findingID)))
        let known = try await context.store.ledgerEntries(ids: ids)
        let dispositions = try await context.store.dispositions(about: ids)
        let missed = listed.filter {
            !reported.contains($0.findingID.hashValue) && AlarmReconciliation.isMissed($0, known: known[$0.findingID])
        }
        result.alarms += try await append(missed.map(\.task))
        result.verifications += try await append(
            listed.compactMap {
                AlarmReconciliation.missedVerification($0, known: dispositions[$0.findingID], asOf: asOf)
            })
    }

    private func findEnds(_ active: Set<Int>, listedAt: Timestamp, _ result: inout Result) async throws {
        var last: LedgerEntry?
        repeat {
            let page = try await context.store.staleLedgerEntries(
                of: accountRegion, kind: .violation, before: .max, after: last, limit: 500)
            let over = page.filter {
                AlarmReconciliation.isOver($0, isListed: active.contains($0.id.hashValue), listedAt: listedAt)
            }
            result.ends += try await append(
                over.map { .violationOver(findingID: $0.id, asOf: Self.asOf(listedAt.milliseconds)) })
            last = page.last
        } while last != nil
    }

    private func read(
        _ elements: [JSON], _ result: inout Result,
        _ read: (JSON) throws(UnrecognizedMessageError) -> AlarmReconciliation.Listed
    ) -> [AlarmReconciliation.Listed] {
        let listed = elements.compactMap { try? read($0) }
        result.unread += elements.count - listed.count
        return listed
    }

    // MARK: The queue

    /// Puts work into the queue, and tells how much of it was not there already.
    private func append(_ tasks: [CatchUpTask]) async throws -> Int {
        let now = context.clock()
        // All at once, so that they share the store's commits.
        return try await withThrowingTaskGroup(of: AppendResult.self) { group in
            for task in tasks {
                group.addTask { [context, accountRegion] in
                    try await context.store.append(
                        task.delivery(of: accountRegion, on: Self.deduplicationKey(of: task, now), now: now))
                }
            }
            return try await group.reduce(0) { $0 + ($1 == .stored ? 1 : 0) }
        }
    }

    /// What happened once is worked on once. Suppressions are compared each time.
    private static func deduplicationKey(of task: CatchUpTask, _ now: Int64) -> String {
        if case .suppressions = task { return String(now) }
        return ""
    }
}

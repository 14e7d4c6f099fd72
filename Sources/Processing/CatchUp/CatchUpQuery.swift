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

/// Queries Device Defender for events of an account and Region that no delivery reported, and queues them.
///
/// Amazon SNS drops a message after an hour at most of failed attempts; catch-up recovers it. It changes no findings
/// itself: missed events are queued as deliveries, and are found again if the query is interrupted.
struct CatchUpQuery: Sendable {
    let accountRegion: AccountRegion
    let store: any Store
    let client: AWSClient
    /// A finding that is active or archived contrary to its filter, or lacks its user-defined fields, is processed again.
    let mapping: MappingOptions
    let logger: Logger

    /// How far before the watermark a query begins: lists may show events late, and SNS may deliver
    /// them for an hour.
    private static let overlap = Duration.seconds(3600)
    /// How far back the first query of an account and Region begins.
    private static let firstSpan = Duration.seconds(24 * 3600)
    /// The longest duration of an audit: an audit that ended after the watermark may have begun that
    /// much earlier.
    private static let longestAudit = Duration.seconds(48 * 3600)
    /// How long AWS keeps audits and events, minus one hour for clock differences. AWS rejects queries
    /// for earlier times.
    private static let (auditsKept, eventsKept) = (
        Duration.seconds(90 * 86_400 - 3600), Duration.seconds(30 * 86_400 - 3600)
    )

    /// Runs all queries.
    ///
    /// - Parameter since: the earliest time of events; nil to continue at the watermark.
    func run(since: Timestamp?) async throws -> CatchUpResult {
        var result = CatchUpResult()
        let now = client.clock.present
        let began = client.clock.elapsed()
        do {
            try await query(since, now, &result)
        } catch let error as AWSError where error.kind == .invalid && corrected(now, since: began) != nil {
            // AWS rejects queries for future times.
        }
        guard let right = corrected(now, since: began) else {
            return try await finished(result, now)
        }
        // The dates of AWS's responses show that the clock was wrong, so the query used wrong times.
        (result.unread, result.denied) = (0, [])
        try await query(since, right, &result)
        return try await finished(result, right)
    }

    /// The accepted difference between this clock and AWS's: less than the overlap.
    private static let tolerance = Duration.seconds(300)

    /// The time at the beginning by AWS's clock, if it differs from the assumed one.
    private func corrected(_ now: Timestamp, since began: Duration) -> Timestamp? {
        guard let service = client.clock.serviceNow else { return nil }
        let right = service - (client.clock.elapsed() - began)
        return (right - now).magnitude > Self.tolerance ? right : nil
    }

    private func finished(_ result: CatchUpResult, _ now: Timestamp) async throws(StoreError) -> CatchUpResult {
        if result.denied.isEmpty { try await store.advanceCatchUpWatermark(of: accountRegion, to: now) }
        return result
    }

    private func query(_ since: Timestamp?, _ now: Timestamp, _ result: inout CatchUpResult) async throws {
        let start = try await start(since, now)
        try await runIfPermitted(&result) { try await findAudits(since: start, now: now, &$0) }
        try await runIfPermitted(&result) {
            let reported = try await findEvents(since: start, now: now, &$0)
            try await findActive(except: reported, now: now, &$0)
        }
        _ = try await append([.suppressions], repeats: .always)
    }

    private func start(_ since: Timestamp?, _ now: Timestamp) async throws(StoreError) -> Timestamp {
        var watermark = try await store.catchUpWatermarks()[accountRegion]
        if let known = watermark, Self.isAhead(known, of: now) {
            // It is unknown up to when events were queried, so all events that AWS keeps are queried.
            let earliest = now - Self.eventsKept
            logger.log(
                .catchUpWatermarkReset,
                .about(accountRegion, [.aheadSeconds: .integer((known - now).milliseconds / 1000)]))
            try await store.resetCatchUpWatermark(of: accountRegion, to: earliest)
            watermark = earliest
        }
        if let since { return since }
        return watermark.map { $0 - Self.overlap } ?? now - Self.firstSpan
    }

    /// Runs a query, and records a denial of access, so that the other queries still run.
    private func runIfPermitted(_ result: inout CatchUpResult, _ query: (inout CatchUpResult) async throws -> Void)
        async throws
    {
        do {
            try await query(&result)
        } catch let error as AWSError where error.kind == .accessDenied {
            result.denied.append(error.description)
        }
    }

    /// Whether a watermark is in the future by more than the accepted clock difference.
    static func isAhead(_ watermark: Timestamp, of now: Timestamp) -> Bool { watermark - now > tolerance }

    /// The times to query: a valid range whatever the values from store and clock.
    ///
    /// - Parameter kept: how long AWS keeps the elements before the end.
    static func times(from start: Timestamp, to end: Timestamp, kept: Duration) -> ClosedRange<Timestamp> {
        min(max(start, end - kept), end)...end
    }

    // MARK: Audits

    private func findAudits(since start: Timestamp, now: Timestamp, _ result: inout CatchUpResult) async throws {
        var tasks: [AuditTask] = []
        let unread = result.unread
        var listedAt: Timestamp?
        let times = Self.times(from: start - Self.longestAudit, to: now, kept: Self.auditsKept)
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
        let selected = AuditSelection.select(tasks, applied: try await store.appliedAudits(of: accountRegion))
        result.audits = try await append(selected.map { .audit(taskID: $0.id) })
        // An audit that could not be parsed may have completed any check.
        guard result.unread == unread, let listedAt else { return }
        try await recordCoverage(tasks, readOf: times, at: listedAt)
    }

    /// Records the span in which all audits are known, by AWS's clock. Findings that no audit confirms become stale
    /// (``Staleness``).
    ///
    /// - Parameters:
    ///   - times: the queried start times of audits.
    ///   - listedAt: the time of the list by AWS's clock.
    private func recordCoverage(
        _ tasks: [AuditTask], readOf times: ClosedRange<Timestamp>, at listedAt: Timestamp
    ) async throws(StoreError) {
        // With a wrong clock, the query used other times.
        guard (listedAt - times.upperBound).magnitude <= Self.tolerance else { return }
        // An audit that began before that time may have ended later.
        let since = times.lowerBound + Self.longestAudit
        let until = min(listedAt, times.upperBound)
        guard since <= until else { return }
        var completions: [String: CheckCompletion] = [:]
        for completion in tasks.flatMap({ SummaryRules.completions(of: $0, accountRegion: accountRegion) }) {
            completions[completion.check] = completion.merged(with: completions[completion.check])
        }
        try await store.record(
            AuditCoverage(since: since, until: until), of: accountRegion, Array(completions.values))
    }

    /// Describes a listed audit; nil if AWS has deleted it.
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

    /// - Returns: hashes of the ids of findings with missed events, so that a long list uses little memory.
    private func findEvents(since start: Timestamp, now: Timestamp, _ result: inout CatchUpResult) async throws -> Set<
        Int
    > {
        var reported: Set<Int> = []
        let times = Self.times(from: start, to: now, kept: Self.eventsKept)
        for try await page in client.violationEvents(in: times, region: accountRegion.region) {
            let listed = parse(page.elements, &result) { element throws(UnrecognizedMessageError) in
                try AlarmReconciliation.Listed(violationEvent: element, accountRegion: accountRegion)
            }
            let known = try await store.ledgerEntries(ids: Array(Set(listed.map(\.findingID))))
            let missed = listed.filter { AlarmReconciliation.isMissed($0, known: known[$0.findingID]) }
            result.alarms += try await append(missed.map(\.task))
            reported.formUnion(missed.map(\.findingID.hashValue))
        }
        return reported
    }

    /// - Parameter reported: hashes of the ids of findings whose missed events are queued.
    private func findActive(except reported: Set<Int>, now: Timestamp, _ result: inout CatchUpResult) async throws {
        // AWS's time when the first page was sent: the list does not contain later alarms.
        var listedAt: Timestamp?
        var active: Set<Int> = []
        for try await page in client.activeViolations(region: accountRegion.region) {
            let listed = parse(page.elements, &result) { element throws(UnrecognizedMessageError) in
                try AlarmReconciliation.Listed(activeViolation: element, accountRegion: accountRegion)
            }
            // An alarm that cannot be parsed is still raised, and must not keep others from ending.
            let ids = page.elements.compactMap { $0["violationId"]?.string }
            active.formUnion(ids.map { FindingID.violation(id: $0, accountRegion: accountRegion).hashValue })
            listedAt = listedAt ?? page.date ?? now
            let asOf = Self.asOf(page.date ?? now)
            try await findMissed(listed, except: reported, asOf: asOf, now: now, &result)
            // An alarm without an id may be any of the missing ones.
            guard ids.count == page.elements.count else { return }
        }
        try await findEnds(active.union(reported), listedAt: listedAt ?? now, &result)
    }

    /// The time as of which a list is valid.
    private static func asOf(_ time: Timestamp) -> Timestamp { time - AlarmReconciliation.margin }

    private func findMissed(
        _ listed: [AlarmReconciliation.Listed], except reported: Set<Int>, asOf: Timestamp, now: Timestamp,
        _ result: inout CatchUpResult
    ) async throws {
        let ids = Array(Set(listed.map(\.findingID)))
        let known = try await store.ledgerEntries(ids: ids)
        let dispositions = try await store.dispositions(about: ids)
        let missed = listed.filter {
            !reported.contains($0.findingID.hashValue) && AlarmReconciliation.isMissed($0, known: known[$0.findingID])
        }
        result.alarms += try await append(missed.map(\.task))
        let processed = listed.filter { !AlarmReconciliation.isMissed($0, known: known[$0.findingID]) }
        let outdated = processed.filter {
            guard let entry = known[$0.findingID] else { return false }
            return Planner.isOutdated(
                entry, disposition: dispositions[entry.id], filter: mapping.filter, now: now)
        }
        _ = try await append(outdated.map(\.task), repeats: .always)
        let incomplete = processed.filter {
            known[$0.findingID].map { FieldsUpdate.isPossible($0, mapping.userDefinedFields) } ?? false
        }
        _ = try await append(incomplete.map(\.task), repeats: .daily)
        result.verifications += try await append(
            listed.compactMap {
                AlarmReconciliation.missedVerification($0, known: dispositions[$0.findingID], asOf: asOf)
            })
    }

    private func findEnds(_ active: Set<Int>, listedAt: Timestamp, _ result: inout CatchUpResult) async throws {
        for try await page in store.staleRows(of: accountRegion, kind: .violation, before: .latest) {
            let over = page.map(\.entry).filter {
                AlarmReconciliation.isOver($0, isListed: active.contains($0.id.hashValue), listedAt: listedAt)
            }
            result.ends += try await append(
                over.map { .violationOver(findingID: $0.id, asOf: Self.asOf(listedAt)) })
        }
    }

    private func parse(
        _ elements: [JSON], _ result: inout CatchUpResult,
        _ parse: (JSON) throws(UnrecognizedMessageError) -> AlarmReconciliation.Listed
    ) -> [AlarmReconciliation.Listed] {
        let listed = elements.compactMap { try? parse($0) }
        result.unread += elements.count - listed.count
        return listed
    }

    // MARK: The queue

    private enum Repetition { case never, daily, always }

    /// Queues tasks.
    ///
    /// - Parameter repeats: when a task is queued again that an earlier catch-up has queued. Each event is processed once,
    ///   while states are compared with each catch-up. A thing may lack the attributes of fields for long.
    /// - Returns: the number of tasks that were not queued before.
    private func append(_ tasks: [InternalTask], repeats: Repetition = .never) async throws -> Int {
        let now = client.clock.now()
        let key =
            switch repeats {
            case .never: ""
            case .daily: "fields \(now.day)"
            case .always: String(now.milliseconds)
            }
        return try await store.appendInParts(tasks.map { $0.delivery(of: accountRegion, on: key, now: now) })
    }
}

import DeviceDefender
import Encoding
import Fixtures
import JSON
import SQLiteStore
import Store
import Synchronization
import TestSupport
import Testing

@testable import Planning
@testable import Processing

@Suite struct StalenessTests {
    private let check = Messages.clientIDs
    private static let day: Int64 = 86_400_000

    private func staleness(
        _ staleAfter: Duration? = .seconds(45 * 86_400), read: ClosedRange<Timestamp>? = 0...Timestamp(100 * day),
        completedAt: Timestamp? = nil, marked: Timestamp? = nil
    ) throws -> Staleness? {
        let accountRegion = try accountRegion()
        return Staleness(
            staleAfter: staleAfter, coverage: read.map { AuditCoverage(since: $0.lowerBound, until: $0.upperBound) },
            completions: completedAt.map {
                [check: CheckCompletion(accountRegion: accountRegion, check: check, completedAt: $0, passedAt: nil)]
            } ?? [:],
            marks: marked.map {
                [check: AppliedAudit(accountRegion: accountRegion, check: check, startTime: $0, taskID: "t")]
            } ?? [:])
    }

    @Test("Findings of a check are stale that no audit has completed for the configured time")
    func audit() throws {
        for (completedAt, marked) in [(nil, nil), (55, nil), (nil, 55), (10, 55)] as [(Int64?, Int64?)] {
            let stale = try staleness(
                completedAt: completedAt.map { Timestamp($0 * Self.day) },
                marked: marked.map { Timestamp($0 * Self.day) })
            #expect(stale?.limit(.audit, check: check) == Timestamp(55 * Self.day + 1))
            #expect(stale?.endedAt.milliseconds == 55 * Self.day)
        }
        // An audit that could not be applied has still completed the check.
        for (completedAt, marked) in [(56, nil), (56, 1), (1, 56)] as [(Int64?, Int64?)] {
            let stale = try staleness(
                completedAt: completedAt.map { Timestamp($0 * Self.day) },
                marked: marked.map { Timestamp($0 * Self.day) })
            #expect(stale?.limit(.audit, check: check) == nil)
            #expect(stale?.limit(.audit, check: "OTHER_CHECK") == Timestamp(55 * Self.day + 1))
        }
    }

    @Test("A summary is stale without its own audit even if others complete the check, and an alarm never is")
    func others() throws {
        let stale = try staleness(completedAt: Timestamp(99 * Self.day))
        #expect(stale?.limit(.summary, check: check) == Timestamp(55 * Self.day + 1))
        #expect(stale?.limit(.violation, check: check) == nil)
    }

    @Test("Nothing is stale if the option is off, no audits were read, or the span is too short")
    func unknown() throws {
        #expect(try staleness(nil) == nil)
        #expect(try staleness(read: nil) == nil)
        #expect(try staleness(read: Timestamp(56 * Self.day)...Timestamp(100 * Self.day)) == nil)
        #expect(try staleness(read: Timestamp(55 * Self.day)...Timestamp(100 * Self.day)) != nil)
        // Extreme values from a damaged store.
        #expect(try staleness(read: .earliest ... .earliest)?.limit(.audit, check: check) == 1)
        #expect(try staleness(read: .latest ... .latest) == nil)
    }

    // MARK: What catch-up has read

    /// Runs catch-up with an audit that began an hour ago, and returns the coverage afterward.
    private func read(
        clockIsAheadBy ahead: Duration, date: Timestamp?, _ change: (inout ScriptedAWS.State) -> Void = { _ in }
    ) async throws -> AuditCoverage? {
        var coverage: AuditCoverage?
        try await ProcessingHarness.run { harness in
            harness.aws.state.withLock { state in
                state.date = date
                state.tasks = [[["taskId": "t1", "taskStatus": "COMPLETED", "taskType": "SCHEDULED_AUDIT_TASK"]]]
                state.audits["t1"] = (
                    Messages.description(
                        startTime: now - 3_600_000, checks: [check: "COMPLETED_COMPLIANT", "OTHER_CHECK": "FAILED"]),
                    [[]]
                )
                change(&state)
            }
            harness.time.advance(by: ahead)
            let catchUp = CatchUpQuery(
                accountRegion: try accountRegion(), store: harness.store, client: harness.client,
                mapping: MappingOptions(),
                logger: harness.processing.logger)
            _ = try? await catchUp.run(since: nil)
            coverage = try await harness.store.auditCoverage(of: accountRegion())
            let completions = try await harness.store.checkCompletions(of: accountRegion())
            #expect(Set(completions.keys) == (coverage == nil ? [] : [check]))
            if coverage != nil { #expect(completions[check]?.passedAt == now - 3_600_000) }
        }
        return coverage
    }

    @Test("Catch-up records the coverage by AWS's clock, independent of this machine's clock")
    func coverage() async throws {
        let day = Self.day
        for ahead in [0, 60, -60] {
            let known = try #require(
                try await read(clockIsAheadBy: .seconds(ahead * 86_400), date: now), "\(ahead) days ahead")
            // `Date` has whole seconds.
            #expect(
                (known.since - (now - day)).magnitude < .seconds(1) && (known.until - now).magnitude < .seconds(1),
                "\(ahead) days ahead")
        }
    }

    @Test("No coverage is recorded if AWS sends no date, denies the list, or an audit cannot be parsed")
    func noCoverage() async throws {
        #expect(try await read(clockIsAheadBy: .zero, date: nil) == nil)
        let denied = try await read(clockIsAheadBy: .zero, date: now) { state in
            state.fault = { path, _ in
                path.hasPrefix("/audit/tasks") ? .status(403, code: "AccessDeniedException") : nil
            }
        }
        #expect(denied == nil)
        let unread = try await read(clockIsAheadBy: .zero, date: now) {
            $0.tasks[0].append(["taskStatus": "COMPLETED"])
        }
        #expect(unread == nil)
    }

    // MARK: Through the processor

    private func record(
        _ harness: ProcessingHarness, read: ClosedRange<Timestamp>, completed: [String: Timestamp] = [:]
    )
        async throws
    {
        let accountRegion = try accountRegion()
        try await harness.store.finishLedger(of: accountRegion, appliedAudits: [], now: now)
        try await harness.store.record(
            AuditCoverage(since: read.lowerBound, until: read.upperBound), of: accountRegion,
            completed.map { CheckCompletion(accountRegion: accountRegion, check: $0, completedAt: $1, passedAt: nil) })
    }

    private func archiveStale(_ harness: ProcessingHarness, staleAfter: Duration? = .seconds(45 * 86_400)) async throws
    {
        try await harness.scheduler(staleAfter: staleAfter).scheduleStaleFindings()
        try await harness.process(
            of: accountRegion(), mapping: MappingOptions(checkSummaries: true, staleAfter: staleAfter))
        harness.time.advance(by: .seconds(86_400))
    }

    @Test("Findings of a check that audits no longer complete are archived once, and reactivated by an audit")
    func archived() async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("t1", at: now, ["c1", "c2"])
            let later = now + 46 * Self.day
            // The coverage is too short.
            try await record(harness, read: now...now + 44 * Self.day)
            try await archiveStale(harness)
            #expect(harness.activeClients == ["c1", "c2"])
            // The coverage is long enough, but the option is off.
            try await record(harness, read: now...later)
            try await archiveStale(harness, staleAfter: nil)
            #expect(harness.activeClients == ["c1", "c2"])
            try await archiveStale(harness)
            #expect(harness.activeClients == [])
            let imports = harness.aws.state.withLock { $0.imports.joined().count }
            try await archiveStale(harness)
            #expect(harness.aws.state.withLock { $0.imports.joined().count } == imports)
            #expect(try await harness.store.queueStatus().completed == 2)
            // A late audit that began before the findings were archived still applies.
            try await harness.audit("t2", at: later - 44 * Self.day, ["c2"])
            #expect(harness.activeClients == ["c2"])
        }
    }

    @Test(
        "Without reads from AWS, nothing is archived whatever this machine's clock says, and findings are refreshed"
    )
    func unread() async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("t1", at: now, ["c1"])
            try await record(harness, read: now...now + Self.day)
            harness.time.advance(by: .seconds(400 * 86_400))
            let imports = harness.aws.state.withLock { $0.imports.joined().count }
            try await archiveStale(harness)
            #expect(harness.activeClients == ["c1"])
            #expect(harness.aws.state.withLock { $0.imports.joined().count } == imports + 1)
        }
    }

    @Test("An interrupted archival is completed")
    func interrupted() async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("t1", at: now, (0..<150).map { "c\($0)" })
            try await record(harness, read: now...now + 46 * Self.day)
            harness.aws.state.withLock { $0.losesResponses = true }
            try await archiveStale(harness)
            harness.aws.state.withLock { $0.losesResponses = false }
            try await harness.process(of: accountRegion(), mapping: MappingOptions(staleAfter: .seconds(45 * 86_400)))
            #expect(harness.activeClients == [])
            #expect(try await harness.store.ledgerCounts().unsent == 0)
        }
    }
}

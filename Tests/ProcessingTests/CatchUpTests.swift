import AWSCore
import DeviceDefender
import Encoding
import EventLoop
import Fixtures
import JSON
import SQLiteStore
import SecurityFindings
import Store
import Synchronization
import TestSupport
import Testing

@testable import Planning
@testable import Processing
@testable import Telemetry

@Suite struct CatchUpTests {
    @Test("The times to query are a valid range for any values of store and clock")
    func timesToQuery() {
        let values: [Timestamp] = [.earliest, 1, now, now + 1, .latest]
        for start in values {
            for end in values {
                for kept in [.zero, .milliseconds(1), .seconds(86_400), .seconds(Int64.max)] as [Duration] {
                    let times = CatchUpQuery.times(from: start, to: end, kept: kept)
                    #expect(times.upperBound == end && times.lowerBound >= end - kept)
                }
            }
        }
        #expect(CatchUpQuery.times(from: now - 1000, to: now, kept: .milliseconds(500)) == (now - 500)...now)
    }

    @Test("A watermark in the future is reset with a warning, and all events that AWS keeps are queried")
    func futureWatermark() async throws {
        for ahead in [300_001, 3_600_001, 120 * 86_400_000, (Timestamp.latest - now).milliseconds] as [Int64] {
            try await ProcessingHarness.run { harness in
                try await harness.store.advanceCatchUpWatermark(of: accountRegion(), to: now + ahead)
                harness.aws.state.withLock {
                    $0.violationEvents = [[Messages.violationEvent("v1", at: now - 7_000_000)]]
                }
                #expect(CatchUpScheduler.isDue(now + ahead, .seconds(3600), now))
                #expect(try await catchUp(harness).alarms == 1)
                #expect(try await harness.store.catchUpWatermarks() == [try accountRegion(): now])
                #expect(harness.aws.state.withLock { $0.queries[1] }.contains("startTime=2026-10-23T11%3A00%3A00Z"))
                #expect(harness.recorder.count(.catchUpWatermarkReset) == 1)
            }
        }
        #expect(!CatchUpScheduler.isDue(now + 300_000, .seconds(3600), now))
    }

    @Test(
        "Ends and dispositions are dated by AWS's clock, independent of the bridge's clock",
        arguments: [-2, 0, 2, 48, 2880])
    func datedByAWS(hoursAhead: Int64) async throws {
        try await ProcessingHarness.run { harness in
            _ = try await harness.store.append(
                delivery("1", Messages.alarm("gone", at: now - 7_200_000), of: accountRegion()))
            try await harness.process(of: accountRegion())
            harness.aws.state.withLock { state in
                state.date = now
                state.activeViolations = [
                    [Messages.activeViolation("verified", since: now - 600_000, state: "FALSE_POSITIVE")]
                ]
            }
            harness.time.advance(by: .seconds(hoursAhead * 3600))
            #expect(try await catchUp(harness).ends == 1)
            #expect(try state(harness, "gone") == "ARCHIVED" && state(harness, "verified") == "ARCHIVED")
            // It is raised and verified again, by the right clock.
            harness.time.advance(by: .seconds(-hoursAhead * 3600))
            _ = try await harness.store.append(
                delivery("2", Messages.alarm("gone", at: now + 10_000), of: accountRegion()))
            let disposition = VerificationDisposition(
                subject: FindingID.violation(id: "verified", accountRegion: try accountRegion()),
                accountRegion: try accountRegion(),
                time: now + 10_000, verification: Verification(state: .unknown, note: nil),
                isApplied: false)
            #expect(
                try disposition.isNewer(
                    than: await harness.store.dispositions(about: [disposition.subject])[disposition.subject]
                        .flatMap { VerificationDisposition($0) }))
            harness.time.advance(by: .seconds(20))
            try await harness.process(of: accountRegion())
            #expect(try state(harness, "gone") == "ACTIVE")
            // The watermark is a time of AWS's clock, to the second.
            let watermark = try #require(try await harness.store.catchUpWatermarks()[accountRegion()])
            #expect((watermark - now).magnitude < .seconds(1) || hoursAhead == 0)
        }
    }

    // MARK: End to end

    private func catchUp(
        _ harness: ProcessingHarness, since: Timestamp? = nil,
        mapping: MappingOptions = MappingOptions(checkSummaries: false)
    ) async throws -> CatchUpResult {
        let found = try await CatchUpQuery(
            accountRegion: accountRegion(), store: harness.store, client: harness.client,
            mapping: mapping, logger: harness.processing.logger
        )
        .run(since: since)
        try await harness.process(of: accountRegion(), mapping: mapping)
        return found
    }

    private func state(_ harness: ProcessingHarness, _ violation: String) throws -> String? {
        let id = FindingID.violation(id: violation, accountRegion: try accountRegion())
        return harness.aws.state.withLock { $0.hub[id]?["RecordState"]?.string }
    }

    @Test("Missed alarms, ends and verifications reach Security Hub, and a second catch-up changes nothing")
    func alarms() async throws {
        try await ProcessingHarness.run { harness in
            _ = try await harness.store.append(
                delivery("1", Messages.alarm("known", at: now - 7_200_000), of: accountRegion()))
            _ = try await harness.store.append(
                delivery("2", Messages.alarm("gone", at: now - 7_200_000), of: accountRegion()))
            try await harness.process(of: accountRegion())
            harness.time.advance(by: .seconds(1))
            harness.aws.state.withLock {
                $0.violationEvents = [
                    [
                        Messages.violationEvent("known", at: now - 7_200_000),
                        Messages.violationEvent("missed", at: now - 1000),
                    ],
                    [
                        Messages.violationEvent("known", at: now - 900, event: "alarm-cleared"),
                        ["violationId": "unreadable"],
                    ],
                ]
                $0.activeViolations = [
                    [Messages.activeViolation("missed", since: now - 1000, state: "FALSE_POSITIVE")],
                    [Messages.activeViolation("older", since: now - 86_400_000)],
                ]
            }
            let found = try await catchUp(harness)
            #expect(found == CatchUpResult(audits: 0, alarms: 3, ends: 1, verifications: 1, unread: 1))
            #expect(try state(harness, "known") == "ARCHIVED" && state(harness, "gone") == "ARCHIVED")
            #expect(try state(harness, "missed") == "ARCHIVED" && state(harness, "older") == "ACTIVE")
            let imports = harness.aws.state.withLock { $0.imports.count }
            harness.time.advance(by: .seconds(60))
            #expect(try await catchUp(harness) == CatchUpResult(unread: 1))
            #expect(harness.aws.state.withLock { $0.imports.count } == imports)
        }
    }

    @Test(
        "The query begins an hour before the watermark, or a day ago, two days earlier for audits, and advances the watermark"
    )
    func times() async throws {
        try await ProcessingHarness.run { harness in
            func times() -> [String] {
                harness.aws.state.withLock { state in
                    defer { state.queries = [] }
                    return state.queries.compactMap { $0.split(separator: "startTime=").last.map(String.init) }
                }
            }
            #expect(now == 1_795_341_600_123)
            _ = try await catchUp(harness)
            #expect(times().prefix(2) == ["2026-11-19T10%3A00%3A00Z", "2026-11-21T10%3A00%3A00Z"])
            #expect(try await harness.store.catchUpWatermarks() == [try accountRegion(): now])
            harness.time.advance(by: .seconds(86_400))
            _ = try await catchUp(harness)
            #expect(times().prefix(2) == ["2026-11-20T09%3A00%3A00Z", "2026-11-22T09%3A00%3A00Z"])
            // AWS rejects queries for earlier times than it keeps.
            _ = try await catchUp(harness, since: now - 200 * 86_400_000)
            #expect(times().prefix(2) == ["2026-08-25T11%3A00%3A00Z", "2026-10-24T11%3A00%3A00Z"])
        }
    }

    @Test("A missed audit is imported, an applied one is not, and one that AWS has deleted is skipped")
    func audits() async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("t1", at: now - 7_200_000, ["c1", "c2"])
            harness.time.advance(by: .seconds(60))
            harness.aws.state.withLock { state in
                state.audits["t2"] = (
                    Messages.description(
                        startTime: now - 1000, checks: [Messages.clientIDs: "COMPLETED_NON_COMPLIANT"]),
                    [[Messages.auditFinding("c2", at: now - 1000), Messages.auditFinding("c3", at: now - 1000)]]
                )
                state.tasks = [["t1", "t2", "forgotten"].map { ["taskId": .string($0), "taskStatus": "COMPLETED"] }]
                state.fault = { path, _ in
                    path.hasSuffix("/forgotten") ? .status(404, code: "ResourceNotFoundException") : nil
                }
            }
            #expect(try await catchUp(harness).audits == 1)
            #expect(harness.activeClients == ["c2", "c3"])
            harness.time.advance(by: .seconds(60))
            #expect(try await catchUp(harness).audits == 0)
        }
    }

    @Test("Suppressions without events are applied, without an audit")
    func suppressions() async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("t1", at: now - 7_200_000, ["c1", "c2"])
            harness.time.advance(by: .seconds(120))
            harness.aws.state.withLock {
                $0.suppressions = [
                    [
                        "checkName": .string(Messages.clientIDs), "resourceIdentifier": ["clientId": "c1"],
                        "suppressIndefinitely": true,
                    ]
                ]
            }
            _ = try await catchUp(harness)
            #expect(harness.activeClients == ["c2"])
        }
    }

    @Test("Without permission to list alarms, audits are queued, and the watermark does not advance")
    func denied() async throws {
        try await ProcessingHarness.run { harness in
            harness.aws.state.withLock { state in
                state.audits["t1"] = (
                    Messages.description(
                        startTime: now - 1000, checks: [Messages.clientIDs: "COMPLETED_NON_COMPLIANT"]),
                    [[Messages.auditFinding("c1", at: now - 1000)]]
                )
                state.tasks = [[["taskId": "t1", "taskStatus": "COMPLETED"]]]
                state.fault = { path, _ in
                    path.hasPrefix("/violation-events") ? .status(403, code: "AccessDeniedException") : nil
                }
            }
            let found = try await catchUp(harness)
            #expect(found.audits == 1 && found.denied.count == 1)
            #expect(harness.activeClients == ["c1"])
            #expect(try await harness.store.catchUpWatermarks().isEmpty)
        }
    }

    @Test("The worker pool processes a catch-up delivery and the tasks that it queues")
    func pool() async throws {
        try await ProcessingHarness.run { harness in
            harness.aws.state.withLock { $0.violationEvents = [[Messages.violationEvent("missed", at: now - 1000)]] }
            let task = InternalTask.catchUp(since: nil)
            _ = try await harness.store.append(task.delivery(of: accountRegion(), on: "test", now: now))
            try await withPool(harness) {
                try await eventually("all to be completed") {
                    try await harness.store.queueStatus().completed
                } is: {
                    $0 == 3
                }
            }
            #expect(try state(harness, "missed") == "ACTIVE")
        }
    }
}

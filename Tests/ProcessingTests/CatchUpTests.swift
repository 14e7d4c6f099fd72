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
    // MARK: Rules

    private func task(_ id: String, at time: Int64, _ checks: [String: String]) throws -> AuditTask {
        try AuditTask(id: id, description: Messages.description(startTime: time, checks: checks))
    }

    private func applied(_ check: String, at time: Int64, _ task: String) throws -> AppliedAudit {
        AppliedAudit(accountRegion: try accountRegion(), check: check, startTime: time, taskID: task)
    }

    private static let (done, failed) = ("COMPLETED_NON_COMPLIANT", "FAILED")

    @Test("For each check, the newest audit that completed it is selected, oldest first")
    func newestAudits() throws {
        let (a, b) = ("CA_CERTIFICATE_EXPIRING_CHECK", Messages.clientIDs)
        let tasks = [
            try task("t3", at: now + 3, [a: Self.done, b: Self.failed]), try task("t1", at: now + 1, [b: Self.done]),
            try task("t2", at: now + 2, [b: "COMPLETED_COMPLIANT"]),
            try task("t0", at: now, [a: Self.done, b: Self.done]),
        ]
        #expect(AuditSelection.select(tasks, applied: [:]).map(\.id) == ["t2", "t3"])
        #expect(AuditSelection.select(tasks.reversed(), applied: [:]).map(\.id) == ["t2", "t3"])
    }

    @Test("An audit that is applied, or older than the applied one, is not selected")
    func appliedAudits() throws {
        let (a, b) = ("CA_CERTIFICATE_EXPIRING_CHECK", Messages.clientIDs)
        let tasks = [try task("t1", at: now, [a: Self.done, b: Self.done])]
        let both = [a: try applied(a, at: now, "t1"), b: try applied(b, at: now, "t1")]
        #expect(AuditSelection.select(tasks, applied: both).isEmpty)
        #expect(AuditSelection.select(tasks, applied: [a: try applied(a, at: now, "t1")]).map(\.id) == ["t1"])
        let newer = [a: try applied(a, at: now + 1, "t0"), b: try applied(b, at: now, "t2")]
        #expect(AuditSelection.select(tasks, applied: newer).isEmpty)
        #expect(
            AuditSelection.select(tasks, applied: newer.merging([b: try applied(b, at: now, "t0")]) { $1 }).map(\.id)
                == [
                    "t1"
                ])
    }

    private func listed(_ json: JSON) throws -> AlarmReconciliation.Listed {
        try AlarmReconciliation.Listed(violationEvent: json, accountRegion: accountRegion())
    }

    private static func event(
        _ id: String = "v1", at time: Int64 = now, event: String = "in-alarm", state: String? = nil,
        isSuppressed: Bool = false
    ) -> JSON {
        var members = Messages.alarm(id, at: time, event: event).object ?? [:]
        members["violationEventTime"] = Messages.seconds(time)
        members["verificationState"] = state.map(JSON.string)
        if isSuppressed { members["behavior"] = ["name": "b", "suppressAlerts": true] }
        return .object(members)
    }

    private static func active(_ id: String = "v1", since time: Int64 = now, state: String? = nil) -> JSON {
        var members = event(id, at: time, state: state).object ?? [:]
        members["violationStartTime"] = members.removeValue(forKey: "violationEventTime")
        members["violationEventType"] = nil
        members["lastViolationValue"] = members.removeValue(forKey: "metricValue")
        return .object(members)
    }

    private func entry(at time: Int64, _ condition: LedgerEntry.Condition = .present) throws -> LedgerEntry {
        let seen = try observation(at: time, event: condition == .over ? "alarm-cleared" : "in-alarm")
        return try #require(
            Planner.plan([seen], known: nil, disposition: nil, now: Timestamp(milliseconds: now))
        ).entry.sent
    }

    @Test("An event newer than the ledger entry is missed, unless the profile suppresses its alerts")
    func missedAlarms() throws {
        let event = try listed(Self.event(at: now))
        #expect(AlarmReconciliation.isMissed(event, known: nil))
        #expect(AlarmReconciliation.isMissed(event, known: try entry(at: now - 1)))
        #expect(!AlarmReconciliation.isMissed(event, known: try entry(at: now)))
        #expect(!AlarmReconciliation.isMissed(event, known: try entry(at: now + 1, .over)))
        #expect(!AlarmReconciliation.isMissed(try listed(Self.event(isSuppressed: true)), known: nil))
    }

    private func disposition(_ state: VerificationState, at time: Int64) throws -> Disposition {
        VerificationDisposition(
            subject: FindingID.violation(id: "v1", accountRegion: try accountRegion()),
            accountRegion: try accountRegion(),
            time: Timestamp(milliseconds: time), verification: Verification(state: state, note: nil), isApplied: true
        ).disposition
    }

    @Test("A verification is missed if it differs from the known one, and the known one is not newer")
    func missedVerifications() throws {
        let asOf = Timestamp(milliseconds: now)
        func missed(_ state: String?, _ known: Disposition?) throws -> Bool {
            AlarmReconciliation.missedVerification(try listed(Self.event(state: state)), known: known, asOf: asOf)
                != nil
        }
        #expect(try missed("FALSE_POSITIVE", nil))
        #expect(try missed("UNKNOWN", disposition(.falsePositive, at: now - 1)))
        #expect(try missed("TRUE_POSITIVE", disposition(.falsePositive, at: now - 1)))
        #expect(try !missed("UNKNOWN", nil))
        #expect(try !missed(nil, disposition(.falsePositive, at: now - 1)))
        #expect(try !missed("FALSE_POSITIVE", disposition(.falsePositive, at: now - 1)))
        #expect(try !missed("TRUE_POSITIVE", disposition(.falsePositive, at: now)))
        let suppressed = try listed(Self.event(state: "FALSE_POSITIVE", isSuppressed: true))
        #expect(AlarmReconciliation.missedVerification(suppressed, known: nil, asOf: asOf) == nil)
    }

    @Test("An unlisted alarm has ended if it is old enough to be listed")
    func unlistedAlarms() throws {
        let listedAt = Timestamp(milliseconds: now)
        let old = try entry(at: now - AlarmReconciliation.unlistedTimeout - 1)
        #expect(AlarmReconciliation.isOver(old, isListed: false, listedAt: listedAt))
        #expect(!AlarmReconciliation.isOver(old, isListed: true, listedAt: listedAt))
        #expect(
            !AlarmReconciliation.isOver(
                try entry(at: now - AlarmReconciliation.unlistedTimeout), isListed: false, listedAt: listedAt))
        let over = try entry(at: now - AlarmReconciliation.unlistedTimeout - 1, .over)
        #expect(!AlarmReconciliation.isOver(over, isListed: false, listedAt: listedAt))
    }

    @Test("A catch-up task survives the round trip through its delivery, and has one id for one key")
    func deliveries() throws {
        let verification = Verification(state: .falsePositive, note: "lab")
        let tasks: [InternalTask] = [
            .catchUp(since: nil), .catchUp(since: Timestamp(milliseconds: now)), .audit(taskID: "t1"),
            .violationEvent(Self.event()), .activeViolation(Self.active()), .suppressions,
            .verification(violationID: "v1", verification, asOf: Timestamp(milliseconds: now)),
            .verification(
                violationID: "v1", Verification(state: .unknown, note: nil), asOf: Timestamp(milliseconds: now)),
            .violationOver(findingID: "f1", asOf: Timestamp(milliseconds: now)),
        ]
        var ids: Set<String> = []
        for task in tasks {
            let delivery = task.delivery(of: try accountRegion(), on: "", now: now)
            #expect(try InternalTask(payload: JSON(parsing: delivery.payload)) == task)
            #expect(delivery == task.delivery(of: try accountRegion(), on: "", now: now))
            #expect(delivery.id.utf8.count <= 256 && delivery.channel == .catchUp)
            ids.formUnion([delivery.id, task.delivery(of: try accountRegion(), on: "2", now: now).id])
            ids.insert(task.delivery(of: try accountRegion("eu-west-1"), on: "", now: now).id)
        }
        #expect(ids.count == tasks.count * 3)
        #expect(InternalTask(payload: ["other": 1]) == nil)
    }

    @Test("A gap is consumed once, two minutes after the last deferral")
    func gap() {
        let gap = OutageTracker()
        #expect(!gap.consume(now: 0))
        gap.recordDeferral(now: 0)
        #expect(!gap.consume(now: OutageTracker.timeout - 1))
        gap.recordDeferral(now: 1)
        #expect(!gap.consume(now: OutageTracker.timeout))
        #expect(gap.consume(now: 1 + OutageTracker.timeout))
        #expect(!gap.consume(now: 10 * OutageTracker.timeout))
    }

    @Test(
        "Endless deferrals trigger catch-up every ten minutes, neither more often nor never"
    )
    func endlessGap() {
        let gap = OutageTracker()
        var times: [Int64] = []
        // A deferral each minute, and a poll every half minute, for three hours.
        for now in stride(from: Int64(0), to: 3 * 3_600_000, by: 30_000) {
            if now.isMultiple(of: 60_000) { gap.recordDeferral(now: now) }
            if gap.consume(now: now) { times.append(now) }
        }
        #expect((16...18).contains(times.count))
        // Deferrals at larger intervals trigger it no more often.
        let other = OutageTracker()
        let count = stride(from: Int64(0), to: 3 * 3_600_000, by: 30_000).count { now in
            if now.isMultiple(of: 150_000) { other.recordDeferral(now: now) }
            return other.consume(now: now)
        }
        #expect((1...18).contains(count))
    }

    @Test("A suspended machine and a changed clock trigger catch-up, passing time does not")
    func interruption() {
        func isInterrupted(_ wall: Int64, _ monotonic: Int64) -> Bool {
            CatchUpScheduler.wasInterrupted(since: (now, 1000), now: now + wall, elapsed: 1000 + monotonic)
        }
        #expect(!isInterrupted(30_000, 30_000) && !isInterrupted(120_000, 120_000) && !isInterrupted(0, 30_000))
        #expect(
            isInterrupted(121_000, 121_000) && isInterrupted(7_200_000, 30_000) && isInterrupted(-7_200_000, 30_000))
    }

    // MARK: Schedule

    private func pending(_ harness: ProcessingHarness) async throws -> Int {
        try await harness.store.queueStatus().pending
    }

    @Test("Catch-up is queued after the interval, once for all replicas, and immediately after a gap")
    func schedule() async throws {
        try await ProcessingHarness.run { harness in
            let other = try accountRegion("eu-west-1")
            func settings(_ interval: Duration?) throws -> ProcessingSettings {
                var settings = ProcessingSettings.standard
                settings.accountRegions = [try accountRegion()]
                settings.catchUpInterval = interval
                return settings
            }
            let current = Reloadable(try settings(nil))
            let schedule = CatchUpScheduler(
                store: harness.store, clock: harness.processing.clock, trust: harness.processing.trust,
                settings: current, gap: OutageTracker(), logger: harness.processing.logger)
            try await schedule.appendDue(hasGap: true)
            #expect(try await pending(harness) == 0)
            current.set(try settings(.seconds(3600)))
            try await harness.store.advanceCatchUpWatermark(of: accountRegion(), to: now)
            harness.time.advance(by: .milliseconds(3_599_999))
            try await schedule.appendDue(hasGap: false)
            #expect(try await pending(harness) == 0)
            harness.time.advance(by: .milliseconds(1))
            try await schedule.appendDue(hasGap: false)
            try await schedule.appendDue(hasGap: false)
            #expect(try await pending(harness) == 1)
            try await schedule.appendDue(hasGap: true)
            try await schedule.appendDue(hasGap: true)
            #expect(try await pending(harness) == 2)
            // An account and Region that is only in the ledger is included, and was never queried.
            try await harness.store.finishLedger(of: other, appliedAudits: [], now: now)
            try await schedule.appendDue(hasGap: false)
            #expect(try await pending(harness) == 3)
        }
    }

    @Test("The times to query are a valid range for any values of store and clock")
    func timesToQuery() {
        let values: [Int64] = [.min, -1, 0, 1, now, now + 1, .max]
        for start in values {
            for end in values {
                for kept in [0, 1, 86_400_000, Int64.max] {
                    let times = CatchUpQuery.times(from: start, to: end, kept: kept)
                    #expect(times.upperBound == end && times.lowerBound >= end.saturatingSubtracting(kept))
                }
            }
        }
        #expect(CatchUpQuery.times(from: now - 1000, to: now, kept: 500) == (now - 500)...now)
    }

    @Test("A watermark in the future is reset with a warning, and all events that AWS keeps are queried")
    func futureWatermark() async throws {
        for ahead in [300_001, 3_600_001, 120 * 86_400_000, Int64.max - now] as [Int64] {
            try await ProcessingHarness.run { harness in
                try await harness.store.advanceCatchUpWatermark(of: accountRegion(), to: now + ahead)
                harness.aws.state.withLock { $0.violationEvents = [[Self.event("v1", at: now - 7_000_000)]] }
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
                state.activeViolations = [[Self.active("verified", since: now - 600_000, state: "FALSE_POSITIVE")]]
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
                time: Timestamp(milliseconds: now + 10_000), verification: Verification(state: .unknown, note: nil),
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
            #expect(abs(watermark - now) < 1000 || hoursAhead == 0)
        }
    }

    // MARK: End to end

    private func catchUp(_ harness: ProcessingHarness, since: Int64? = nil) async throws -> CatchUpResult {
        let found = try await CatchUpQuery(
            accountRegion: accountRegion(), store: harness.store, client: harness.client,
            logger: harness.processing.logger
        )
        .run(since: since.map { Timestamp(milliseconds: $0) })
        try await harness.process(of: accountRegion())
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
                    [Self.event("known", at: now - 7_200_000), Self.event("missed", at: now - 1000)],
                    [Self.event("known", at: now - 900, event: "alarm-cleared"), ["violationId": "unreadable"]],
                ]
                $0.activeViolations = [
                    [Self.active("missed", since: now - 1000, state: "FALSE_POSITIVE")],
                    [Self.active("older", since: now - 86_400_000)],
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
                    Messages.description(startTime: now - 1000, checks: [Messages.clientIDs: Self.done]),
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
                    Messages.description(startTime: now - 1000, checks: [Messages.clientIDs: Self.done]),
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
            harness.aws.state.withLock { $0.violationEvents = [[Self.event("missed", at: now - 1000)]] }
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

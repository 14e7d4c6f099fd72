import AWSCore
import DeviceDefender
import Encoding
import Fixtures
import JSON
import SQLiteStore
import SecurityFindings
import Store
import Synchronization
import TestSupport
import Testing

@testable import AWSClient
@testable import Admin
@testable import Planning
@testable import Processing

@Suite("Activity log") struct ActivityLogTests {
    // MARK: Histogram

    @Test("Each minute of the last hour has its count, the current one last")
    func minutes() {
        var histogram = MinuteHistogram()
        let start: Timestamp = 1_795_341_600_000
        #expect(histogram.lastHour(now: start).counts == Array(repeating: MinuteHistogram.Counts(), count: 60))
        for offset in [0, 59_999, 60_000, 59 * 60_000] {
            histogram.add(now: start + offset) { $0.deliveries += 1 }
        }
        histogram.add(now: start + 60_000) { $0.imports += 7 }
        let hour = histogram.lastHour(now: start + 59 * 60_000 + 1)
        #expect(hour.from == start)
        #expect(hour.counts[0].deliveries == 2 && hour.counts[1].deliveries == 1 && hour.counts[59].deliveries == 1)
        #expect(hour.counts.map(\.imports).reduce(0, +) == 7 && hour.counts[1].imports == 7)
        // An hour later, the slots have been reused.
        let later = histogram.lastHour(now: start + 60 * 60_000)
        #expect(later.from == start + 60_000)
        #expect(later.counts.map(\.deliveries).reduce(0, +) == 2 && later.counts[59].deliveries == 0)
        histogram.add(now: start + 60 * 60_000) { $0.deliveries += 1 }
        #expect(histogram.lastHour(now: start + 60 * 60_000).counts[59].deliveries == 1)
    }

    @Test("A clock that is set back restarts the counts, and one before 1970 is harmless")
    func oddClocks() {
        var histogram = MinuteHistogram()
        for time: Timestamp in [7_200_000, 3_600_000, .earliest, .earliest] {
            histogram.add(now: time) { $0.deliveries += 1 }
        }
        #expect(histogram.lastHour(now: 7_200_000).counts.map(\.deliveries).reduce(0, +) == 0)
        #expect(histogram.lastHour(now: .earliest).counts.last?.deliveries == 2)
    }

    // MARK: Events

    @Test("The newest events are kept, newest first")
    func newestEvents() throws {
        let activity = ActivityLog { now }
        #expect(activity.snapshot.events == [])
        let limit = ActivityLog.eventLimit
        for count in 1...limit * 2 + 1 {
            let delivery = try delivery("\(count)", Messages.alarm(), of: accountRegion())
            activity.recordOutcome(of: delivery, about: .unknown, nil, as: nil, because: nil)
            let expected = (max(count - limit, 0) + 1...count).reversed().map { "sns:\($0)" }
            #expect(activity.snapshot.events.map(\.id) == expected)
        }
    }

    @Test("The outcome of several findings is the most notable one, new findings first")
    func counts() {
        let results: [[FindingResult]] = [
            [], [.unchanged], [.rejected], [.workflowUpdated, .unchanged], [.archived, .workflowUpdated],
            [.updated, .archived],
            [.archived, .imported, .updated, .unchanged],
        ]
        let findingCounts = results.map { results in
            var counts = FindingCounts()
            for (number, result) in results.enumerated() { counts.add(result, "id\(number)") }
            return counts
        }
        #expect(
            findingCounts.map(\.outcome) == [
                .unchanged, .unchanged, .unchanged, .workflowUpdated, .archived, .updated, .imported,
            ])
        #expect(findingCounts.map(\.sent) == [0, 0, 0, 1, 2, 2, 3])
        #expect(findingCounts.map(\.onlyFindingID) == [nil, "id0", "id0", nil, nil, nil, nil])
    }

    @Test("The subject of a delivery names its alarm, audit or suppression")
    func subjects() throws {
        let alarm = DeliverySubject(AlarmBatchPlanner.Input.alarm(try observation()))
        let finding = try observation().finding.id
        #expect(alarm.kind == .alarm && alarm.findingID == finding)
        #expect(alarm.text == "Device pump-17 in violation of behavior MessagesSent-High of security profile Fleet")
        let id = FindingID.violation(id: "v1", accountRegion: try accountRegion())
        let over = DeliverySubject(AlarmBatchPlanner.Input.ended(findingID: id, asOf: now))
        #expect(over.kind == .alarm && over.text == "detect/violation/v1 ended" && over.findingID == id)
        let audit = DeliverySubject(DeliveryCommand.audit(taskID: "task1"))
        #expect(audit.kind == .audit && audit.text == "audit task1" && audit.findingID == nil)
        let long = DeliverySubject(DeliveryCommand.ignored(String(repeating: "x", count: 5000)))
        #expect(long.kind == .other && long.text?.count == 256)
        let catchUp = DeliverySubject(DeliveryCommand.catchUp(since: nil))
        #expect(catchUp.kind == .catchUp && catchUp.text == "missed events")
        let subject = ARN(
            service: "iot-device-defender", accountRegion: try accountRegion(),
            resource: "audits/suppression/REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK-a-b/c"
        ).description
        let suppression = DeliverySubject(
            DeliveryCommand.suppressionEnded(subject: subject, at: now))
        #expect(suppression.text == "REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK: a-b/c")
    }

    @Test("Throttling is recorded by account and Region; other failures are not")
    func throttles() throws {
        let time = Mutex<Timestamp>(now)
        let activity = ActivityLog { time.withLock { $0 } }
        func call(_ failure: AWSError.Kind?, account: AccountID?) throws {
            activity.recordCall(
                AWSCall(
                    service: .securityHub, operation: "BatchImportFindings", account: account,
                    region: try accountRegion().region, failure: failure, duration: nil))
        }
        try call(.transient, account: accountRegion().account)
        try call(.throttled, account: nil)
        #expect(activity.snapshot.throttledAt == [:])
        for later in [1, 2] {
            time.withLock { $0 = now + later }
            try call(.throttled, account: accountRegion().account)
        }
        #expect(activity.snapshot.throttledAt == [try accountRegion(): now + 2])
    }

    @Test("A duplicate counts once in the histogram, and still updates the last delivery of its account")
    func duplicates() throws {
        let time = Mutex<Timestamp>(now)
        let activity = ActivityLog { time.withLock { $0 } }
        activity.recordDelivery(from: try accountRegion(), isNew: true)
        time.withLock { $0 = now + 5 }
        activity.recordDelivery(from: try accountRegion(), isNew: false)
        // A clock set back slightly changes nothing; a time far ahead is replaced.
        time.withLock { $0 = now }
        activity.recordDelivery(from: try accountRegion(), isNew: false)
        #expect(activity.snapshot.lastDeliveries == [try accountRegion(): now + 5])
        time.withLock { $0 = now - 7_200_000 }
        activity.recordDelivery(from: try accountRegion(), isNew: false)
        #expect(activity.snapshot.lastDeliveries == [try accountRegion(): now - 7_200_000])
        time.withLock { $0 = now }
        #expect(activity.snapshot.histogram.lastHour(now: now).counts.last?.deliveries == 1)
    }
}

/// Events that the processors record.
@Suite("Delivery events", .timeLimit(.minutes(15))) struct DeliveryEventTests {
    private func severity(_ observation: Observation) -> LedgerEntry.Severity? {
        LedgerEntry.Severity(rawValue: observation.finding.severity.label.rawValue)
    }

    @Test("The event of an alarm has its finding and outcome: imported, unchanged, archived, rejected, failed")
    func alarms() async throws {
        try await ProcessingHarness.run { harness in
            let id = FindingID.violation(id: "v1", accountRegion: try accountRegion())
            func process(_ number: Int, _ message: JSON) async throws -> DeliveryEvent? {
                _ = try await harness.store.append(delivery("\(number)", message, of: accountRegion(), at: now - 40))
                try await harness.process(of: accountRegion())
                return harness.activity.snapshot.events.first
            }
            let first = try #require(try await process(1, Messages.alarm()))
            #expect(
                first
                    == DeliveryEvent(
                        at: now, id: "sns:1", accountRegion: try accountRegion(),
                        subject: DeliverySubject(AlarmBatchPlanner.Input.alarm(try observation())),
                        outcome: .imported, findings: 1, findingID: id, severity: try severity(observation()),
                        source: "detect", duration: .milliseconds(40)))
            #expect(first.consoleURL == ConsolePage.finding(id: id, accountRegion: try accountRegion()))
            let again = try await process(2, Messages.alarm())
            #expect(again?.outcome == .unchanged && again?.findings == 0 && again?.consoleURL != nil)
            let cleared = try await process(3, Messages.alarm(at: now + 60_000, event: "alarm-cleared"))
            #expect(cleared?.outcome == .archived && cleared?.findingID == id)
            let other = FindingID.violation(id: "v2", accountRegion: try accountRegion())
            harness.aws.state.withLock { $0.failures[other] = "InvalidInput" }
            let rejected = try await process(4, Messages.alarm("v2"))
            #expect(rejected?.outcome == .dead && rejected?.findingID == other && rejected?.consoleURL == nil)
            harness.aws.state.withLock { $0.failures[other] = "Busy" }
            let failed = try await process(5, Messages.alarm("v2", at: now + 1))
            #expect(failed?.outcome == .retried && failed?.findings == 0)
            #expect(harness.activity.snapshot.events.map(\.id) == [5, 4, 3, 2, 1].map { "sns:\($0)" })
            #expect(harness.activity.snapshot.histogram.lastHour(now: now).counts.last?.imports == 2)
        }
    }

    @Test("The event of an audit has its number of findings; the audit is stored with schedule and end")
    func audits() async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("task1", at: now - 1000, ["c1", "c2", "c3"])
            let event = try #require(harness.activity.snapshot.events.first)
            #expect(event.subject.kind == .audit && event.outcome == .imported && event.findings == 3)
            #expect(event.findingID == nil && event.consoleURL == nil)
            try await harness.audit("task2", at: now, ["c1", "c2"])
            let second = try #require(harness.activity.snapshot.events.first)
            // One finding ended: it is the only one that is sent.
            #expect(second.outcome == .archived && second.findings == 1)
            #expect(second.findingID?.contains("c3") == true)
            #expect(
                try await harness.store.finishedAudits() == [
                    FinishedAudit(
                        accountRegion: try accountRegion(), schedule: "DailyAudit", taskID: "task2", startTime: now,
                        finishedAt: now)
                ])
            let open = try await harness.store.openFindings()
            #expect(
                open == [
                    OpenFindings(accountRegion: try accountRegion(), kind: .audit, severity: .high, count: 2)
                ])
        }
    }

    @Test("An audit found by catch-up has no end time; a canceled one is not stored")
    func otherAudits() async throws {
        try await ProcessingHarness.run { harness in
            for (task, status) in [("found", "COMPLETED"), ("stopped", "CANCELED")] {
                harness.aws.state.withLock {
                    $0.audits[task] = (
                        Messages.description(startTime: now, status: status, audit: nil, checks: [:]), [[]]
                    )
                }
                let work = InternalTask.audit(taskID: task)
                _ = try await harness.store.append(work.delivery(of: accountRegion(), on: task, now: now))
            }
            try await harness.process(of: accountRegion())
            #expect(
                try await harness.store.finishedAudits() == [
                    FinishedAudit(
                        accountRegion: try accountRegion(), schedule: nil, taskID: "found", startTime: now,
                        finishedAt: nil)
                ])
        }
    }

    @Test("The time of a last delivery is saved once")
    func lastDeliveries() async throws {
        try await ProcessingHarness.run { harness in
            let recorder = LastDeliveryRecorder(
                store: harness.store, activity: harness.activity, loop: harness.loop,
                logger: harness.processing.logger)
            let topic = ARN(service: "sns", accountRegion: try accountRegion(), resource: "topic")
            let empty = LastDeliveryRecorder.Saved()
            #expect(await recorder.save(after: empty) == empty)
            harness.activity.recordDelivery(from: try accountRegion(), by: topic, isNew: true)
            let saved = await recorder.save(after: empty)
            #expect(saved.accountRegions == [try accountRegion(): now] && saved.topics == [topic: now])
            #expect(try await harness.store.lastDeliveries() == saved.accountRegions)
            #expect(try await harness.store.topicDeliveries() == saved.topics)
            let commits = harness.store.commitCount
            #expect(await recorder.save(after: saved) == saved)
            #expect(harness.store.commitCount == commits)
        }
    }
}

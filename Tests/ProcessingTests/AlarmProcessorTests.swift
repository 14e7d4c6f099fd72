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

/// A replica whose heartbeat is overdue.
private struct OverdueReplica: LeaseHolder {
    let canProcess = false
}

@Suite struct AlarmProcessorTests {
    private func id(_ violation: String) throws -> String {
        FindingID.violation(id: violation, accountRegion: try accountRegion())
    }

    @Test(
        "Alarms of many deliveries are imported in batches of 100, each finding once, and the deliveries are completed")
    func batches() async throws {
        try await ProcessingHarness.run { harness in
            for number in 0..<250 {
                _ = try await harness.store.append(
                    delivery("\(number)", Messages.alarm("v\(number % 210)"), of: accountRegion()))
            }
            try await harness.process(of: accountRegion())
            let state = harness.aws.state.withLock { ($0.imports, $0.hub.count, $0.overlaps) }
            #expect(state.0.map(\.count).sorted() == [10, 100, 100] && state.1 == 210 && state.2 == 0)
            let status = try await harness.store.queueStatus()
            #expect(status.completed == 250)
            #expect(try await harness.store.ledgerCounts().active == 210)
        }
    }

    @Test("A finding that Security Hub rejects is dead-lettered alone")
    func rejectedAlone() async throws {
        try await ProcessingHarness.run { harness in
            for number in 0..<5 {
                _ = try await harness.store.append(
                    delivery("\(number)", Messages.alarm("v\(number)"), of: accountRegion()))
            }
            let poison = try id("v3")
            harness.aws.state.withLock { $0.failures[poison] = "InvalidInput" }
            try await harness.process(of: accountRegion())
            let status = try await harness.store.queueStatus()
            #expect(status.completed == 4 && status.dead == 1)
            #expect(try await harness.store.ledgerCounts().active == 4)
            let letter = try #require(try await harness.store.deadLetters(matching: .all, limit: 10, after: nil).first)
            #expect(letter.delivery.id == "sns:3" && letter.reason.contains("InvalidInput: as scripted"))
        }
    }

    @Test(
        "A lost lease affects only its own delivery, at any position in the batch",
        arguments: [[0], [3], [0, 1, 3]])
    func lostLeases(lost: [Int]) async throws {
        try await ProcessingHarness.run { harness in
            for number in 0..<5 {
                _ = try await harness.store.append(
                    delivery("\(number)", Messages.alarm("v\(number)"), of: accountRegion()))
            }
            let items = try await harness.leaseReady()
            // As if another worker had taken them over.
            for number in lost { try await harness.store.release([items[number].leased.lease]) }
            let taken = try await harness.store.lease(
                limit: lost.count, for: .seconds(600), owner: "other", now: harness.time.now)
            #expect(taken.deliveries.count == lost.count)
            try await harness.processor(of: .alarms).process(items)
            let status = try await harness.store.queueStatus()
            #expect(status.completed == 5 - lost.count && status.leased == lost.count && status.pending == 0)
            #expect(harness.recorder.count(.deliveryRetryScheduled) == 0)
        }
    }

    @Test("A store error does not count as an attempt, and delays its deliveries by seconds")
    func interrupted() async throws {
        try await ProcessingHarness.run { harness in
            _ = try await harness.store.append(delivery("1", Messages.alarm(), of: accountRegion()))
            for _ in 0..<5 {
                let leased = try #require(try await harness.leaseReady().first).leased
                #expect(leased.attempt == 1)
                let error = StoreError(.unavailable, "The database cannot do it now.")
                await harness.processing.completer.finish(leased, about: .unknown, SendOutcome(error))
                #expect(try await harness.leaseReady().isEmpty)
                harness.time.advance(by: .seconds(3))
            }
            try await harness.process(of: accountRegion())
            #expect(try await harness.store.queueStatus().completed == 1)
        }
    }

    @Test("A delivery whose outcome could not be stored is released as soon as the store is available")
    func unstored() async throws {
        try await ProcessingHarness.run { harness in
            _ = try await harness.store.append(delivery("1", Messages.alarm(), of: accountRegion()))
            let leased = try #require(try await harness.leaseReady().first).leased
            harness.processing.completer.unstored.add(leased.lease)
            try await withPool(harness) {
                try await eventually("the delivery to be done") { try await harness.store.queueStatus().completed == 1 }
            }
        }
    }

    @Test("Leases that could not be released are kept, and released when the store is available")
    func unreleased() async throws {
        try await ProcessingHarness.run { harness in
            _ = try await harness.store.append(delivery("1", Messages.alarm(), of: accountRegion()))
            let lease = try #require(try await harness.leaseReady().first).leased.lease
            let unstored = UnstoredOutcomes()
            try await withStore { other in
                await other.close()
                #expect(await unstored.release([lease], to: other)?.code == .closed)
            }
            #expect(try await harness.leaseReady().isEmpty)
            try await unstored.release(to: harness.store)
            #expect(try await harness.leaseReady().map(\.leased.attempt) == [1])
        }
    }

    @Test("A replica with an overdue heartbeat sends nothing")
    func outOfDate() async throws {
        try await ProcessingHarness.run { harness in
            _ = try await harness.store.append(delivery("1", Messages.alarm(), of: accountRegion()))
            let processing = harness.processing
            let writer = FindingWriter(
                sender: try harness.sender(leases: OverdueReplica()), queue: harness.store, clock: processing.clock,
                trust: processing.trust,
                metrics: processing.metrics, activity: nil, logger: processing.logger)
            await AlarmProcessor(
                store: harness.store, writer: writer, completer: processing.completer,
                settings: Reloadable(.standard),
                things: ThingDirectory(
                    client: harness.client, region: try accountRegion().region, clock: processing.clock,
                    metrics: processing.metrics), metrics: processing.metrics, logger: processing.logger
            ).process(try await harness.leaseReady())
            #expect(harness.aws.state.withLock { $0.imports.isEmpty })
            harness.time.advance(by: .seconds(3))
            #expect(try await harness.leaseReady().map(\.leased.attempt) == [1])
        }
    }

    @Test(
        "A finding that Security Hub rejects temporarily is retried alone",
        arguments: ["ConcurrentUpdateError", "Unheard-of"])
    func retriedAlone(code: String) async throws {
        try await ProcessingHarness.run { harness in
            for number in 0..<3 {
                _ = try await harness.store.append(
                    delivery("\(number)", Messages.alarm("v\(number)"), of: accountRegion()))
            }
            let slow = try id("v1")
            harness.aws.state.withLock { $0.failures[slow] = code }
            try await harness.process(of: accountRegion())
            var status = try await harness.store.queueStatus()
            #expect(status.completed == 2 && status.pending == 1 && status.dead == 0)
            #expect(try await harness.leaseReady().isEmpty)
            harness.aws.state.withLock { $0.failures = [:] }
            harness.time.advance(by: .seconds(1))
            try await harness.process(of: accountRegion())
            status = try await harness.store.queueStatus()
            #expect(status.completed == 3)
            #expect(try await harness.store.ledgerCounts().active == 3)
        }
    }

    @Test("A batch that is rejected as a whole is halved until the invalid finding is alone")
    func bisected() async throws {
        try await ProcessingHarness.run { harness in
            for number in 0..<40 {
                _ = try await harness.store.append(
                    delivery("\(number)", Messages.alarm("v\(number)"), of: accountRegion()))
            }
            let poison = try id("v17")
            harness.aws.state.withLock { state in
                state.fault = { _, body in
                    let ids = body["Findings"]?.array?.map { $0["Id"]?.string } ?? []
                    return ids.contains(poison) ? .status(400, code: "InvalidInputException") : nil
                }
            }
            try await harness.process(of: accountRegion())
            let status = try await harness.store.queueStatus()
            #expect(status.completed == 39 && status.dead == 1)
            #expect(try await harness.store.ledgerCounts().active == 39)
            let letters = try await harness.store.deadLetters(matching: .all, limit: 10, after: nil)
            #expect(letters.map(\.delivery.id) == ["sns:17"])
        }
    }

    @Test(
        "A delivery is retried after throttling, a denial or a server error of Security Hub",
        arguments: [429, 403, 500])
    func scheduleRetry(status code: Int) async throws {
        try await ProcessingHarness.run { harness in
            _ = try await harness.store.append(delivery("1", Messages.alarm(), of: accountRegion()))
            let names = [429: "TooManyRequestsException", 403: "AccessDeniedException", 500: "InternalException"]
            let name = names[code] ?? ""
            harness.aws.state.withLock { $0.fault = { _, _ in .status(code, code: name) } }
            try await harness.process(of: accountRegion())
            #expect(try await harness.store.queueStatus().pending == 1)
            harness.aws.state.withLock { $0.fault = { _, _ in nil } }
            harness.time.advance(by: .seconds(300))
            try await harness.process(of: accountRegion())
            #expect(try await harness.store.queueStatus().completed == 1)
            #expect(harness.aws.state.withLock { $0.hub.count } == 1)
        }
    }

    @Test("An alarm and its end in one batch become one archived finding, and a late older alarm changes nothing")
    func cleared() async throws {
        try await ProcessingHarness.run { harness in
            _ = try await harness.store.append(delivery("1", Messages.alarm(), of: accountRegion()))
            _ = try await harness.store.append(
                delivery("2", Messages.alarm(at: now + 5, event: "alarm-cleared"), of: accountRegion()))
            try await harness.process(of: accountRegion())
            _ = try await harness.store.append(
                delivery("3", Messages.alarm(at: now + 1, count: 99), of: accountRegion()))
            try await harness.process(of: accountRegion())
            let state = harness.aws.state.withLock { ($0.imports.count, $0.hub) }
            let id = try id("v1")
            #expect(state.0 == 1 && state.1[id]?["RecordState"] == "ARCHIVED")
            #expect(try await harness.store.queueStatus().completed == 3)
        }
    }

    @Test("The verification of a false positive waits for its finding, which is then archived and updated")
    func verified() async throws {
        try await ProcessingHarness.run { harness in
            let event = Messages.verification("FALSE_POSITIVE", time: "2026-11-22T10:05:00Z")
            _ = try await harness.store.append(delivery("e1", event, from: .eventBridge, of: accountRegion()))
            try await harness.process(of: accountRegion())
            #expect(try await harness.store.queueStatus().completed == 1)
            #expect(harness.aws.state.withLock { $0.updates.isEmpty })
            _ = try await harness.store.append(delivery("1", Messages.alarm(), of: accountRegion()))
            harness.time.advance(by: .seconds(1))
            try await harness.process(of: accountRegion())
            let state = harness.aws.state.withLock { ($0.hub, $0.updates) }
            let id = try id("v1")
            #expect(state.0[id]?["RecordState"] == "ARCHIVED")
            #expect(state.1.count == 1 && state.1.first?["Workflow"]?["Status"] == "SUPPRESSED")
            #expect(try await harness.store.queueStatus().completed == 2)
        }
    }

    @Test("A finding that Security Hub has deleted is imported again before it is updated")
    func forgotten() async throws {
        try await ProcessingHarness.run { harness in
            _ = try await harness.store.append(delivery("1", Messages.alarm(), of: accountRegion()))
            try await harness.process(of: accountRegion())
            harness.aws.state.withLock { $0.hub = [:] }
            let event = Messages.verification("TRUE_POSITIVE", time: "2026-11-22T10:05:00Z")
            _ = try await harness.store.append(delivery("e1", event, from: .eventBridge, of: accountRegion()))
            try await harness.process(of: accountRegion())
            #expect(try await harness.store.queueStatus().pending == 1)
            harness.time.advance(by: .seconds(1))
            try await harness.process(of: accountRegion())
            let state = harness.aws.state.withLock { ($0.hub.count, $0.updates.count) }
            #expect(state == (1, 2))
            #expect(try await harness.store.queueStatus().completed == 2)
        }
    }

    @Test("A finding that a verification archived becomes active again only by a later alarm")
    func verifiedThenAlarm() async throws {
        try await ProcessingHarness.run { harness in
            _ = try await harness.store.append(delivery("1", Messages.alarm(), of: accountRegion()))
            let event = Messages.verification("BENIGN_POSITIVE", time: "2026-11-22T10:05:00Z")
            _ = try await harness.store.append(delivery("e1", event, from: .eventBridge, of: accountRegion()))
            try await harness.process(of: accountRegion())
            for (number, (time, state)) in [(now + 60_000, "ARCHIVED"), (now + 600_000, "ACTIVE")].enumerated() {
                _ = try await harness.store.append(
                    delivery("late\(number)", Messages.alarm(at: time, count: 77), of: accountRegion()))
                try await harness.process(of: accountRegion())
                let id = try id("v1")
                #expect(harness.aws.state.withLock { $0.hub[id]?["RecordState"] } == .string(state))
            }
        }
    }

    @Test("The workflow status of a false positive is reset when the alarm is raised again, if the bridge had set it")
    func raisedAgain() async throws {
        try await ProcessingHarness.run { harness in
            let id = try id("v1")
            func workflow() -> String? {
                harness.aws.state.withLock { $0.customerFields[id]?["Workflow"]?["Status"]?.string }
            }
            _ = try await harness.store.append(delivery("1", Messages.alarm(), of: accountRegion()))
            let event = Messages.verification("FALSE_POSITIVE", time: "2026-11-22T10:05:00Z")
            _ = try await harness.store.append(delivery("e1", event, from: .eventBridge, of: accountRegion()))
            try await harness.process(of: accountRegion())
            #expect(workflow() == "SUPPRESSED")
            // An analyst changes the verification state in Security Hub. The bridge keeps it.
            harness.aws.state.withLock { $0.customerFields[id]?["VerificationState"] = "TRUE_POSITIVE" }
            _ = try await harness.store.append(delivery("2", Messages.alarm(at: now + 600_000), of: accountRegion()))
            try await harness.process(of: accountRegion())
            #expect(harness.aws.state.withLock { $0.hub[id]?["RecordState"] } == "ACTIVE")
            #expect(workflow() == "NEW")
            #expect(harness.aws.state.withLock { $0.customerFields[id]?["VerificationState"] } == "TRUE_POSITIVE")
            // The status is reset once. A status that an analyst sets later is kept.
            harness.aws.state.withLock { $0.customerFields[id]?["Workflow"] = ["Status": "SUPPRESSED"] }
            _ = try await harness.store.append(
                delivery("3", Messages.alarm(at: now + 700_000, count: 9), of: accountRegion()))
            try await harness.process(of: accountRegion())
            #expect(workflow() == "SUPPRESSED")
        }
    }

    @Test("A finding that the bridge did not suppress keeps its workflow status when its alarm is raised again")
    func hiddenByOthers() async throws {
        try await ProcessingHarness.run { harness in
            let id = try id("v1")
            for (number, time) in [now, now + 600_000].enumerated() {
                _ = try await harness.store.append(
                    delivery("\(number)", Messages.alarm(at: time, count: Int64(number) + 60), of: accountRegion()))
                try await harness.process(of: accountRegion())
                harness.aws.state.withLock {
                    $0.customerFields[id, default: [:]]["Workflow"] = ["Status": "SUPPRESSED"]
                }
            }
            // The verification arrives late: the alarm was raised again since.
            let event = Messages.verification("FALSE_POSITIVE", time: "2026-11-22T10:05:00Z")
            _ = try await harness.store.append(delivery("e1", event, from: .eventBridge, of: accountRegion()))
            try await harness.process(of: accountRegion())
            let state = harness.aws.state.withLock { ($0.hub[id]?["RecordState"], $0.customerFields[id]) }
            #expect(state.0 == "ACTIVE" && state.1?["Workflow"] == ["Status": "SUPPRESSED"])
            #expect(state.1?["VerificationState"] == "FALSE_POSITIVE")
        }
    }

    @Test("After a lost lease, the delivery is completed under the new lease")
    func leaseLost() async throws {
        try await ProcessingHarness.run { harness in
            _ = try await harness.store.append(delivery("1", Messages.alarm(), of: accountRegion()))
            let items = try await harness.leaseReady()
            harness.time.advance(by: .seconds(61))
            let again = try await harness.leaseReady()
            let processor = try harness.processor(of: .alarms)
            await processor.process(items)
            #expect(try await harness.store.queueStatus().leased == 1)
            await processor.process(again)
            let status = try await harness.store.queueStatus()
            #expect(status.completed == 1)
            #expect(try await harness.store.ledgerCounts().active == 1)
        }
    }
}

import AWSClient
import AWSCore
import Encoding
import Fixtures
import JSON
import Logging
import SQLiteStore
import SecurityFindings
import ServiceLifecycle
import Store
import Synchronization
import TestSupport
import Testing

@testable import Processing
@testable import Telemetry

@Suite struct WorkerPoolTests {
    @Test("Deliveries are processed as they arrive, and invalid ones are dead-lettered with the reason")
    func endToEnd() async throws {
        try await ProcessingHarness.run { harness in
            harness.aws.state.withLock {
                $0.audits["t1"] = (
                    Messages.description(startTime: now, checks: [Messages.clientIDs: "COMPLETED_NON_COMPLIANT"]),
                    [[Messages.auditFinding("c1", at: now)]]
                )
            }
            try await withPool(harness) {
                for number in 0..<30 {
                    let accountRegion = try accountRegion(number % 2 == 0 ? "us-east-1" : "eu-west-1")
                    _ = try await harness.store.append(
                        delivery("\(number)", Messages.alarm("v\(number)"), of: accountRegion))
                }
                _ = try await harness.store.append(delivery("audit", Messages.audit("t1"), of: accountRegion()))
                _ = try await harness.store.append(delivery("poison", ["hello": 1], of: accountRegion()))
                await harness.recorder.wait(for: .deliveryCompleted, count: 31)
                await harness.recorder.wait(for: .deliveryDeadLettered, count: 1)
            }
            let status = try await harness.store.queueStatus()
            #expect(status.completed == 31 && status.dead == 1)
            #expect(try await harness.store.ledgerCounts().active == 31)
            #expect(harness.aws.state.withLock { $0.overlaps } == 0)
        }
    }

    @Test("A clock that is set forward does not expire the leases of a running pool")
    func clockSetAhead() async throws {
        try await ProcessingHarness.run { harness in
            try await harness.store.finishLedger(of: accountRegion(), appliedAudits: [], now: now)
            harness.aws.state.withLock { $0.fault = { path, _ in path == "/findings/import" ? .silence : nil } }
            let time = harness.time
            let processing = ProcessingComponents(
                store: harness.store, loop: harness.loop, now: { time.now }, elapsed: { .zero }, jitter: 1,
                logger: harness.processing.logger)
            try await withPool(harness, processing: processing) {
                for number in 1...3 {
                    _ = try await harness.store.append(
                        delivery("\(number)", Messages.alarm("v\(number)"), of: accountRegion()))
                    try await eventually("\(number) leases") { try await harness.store.queueStatus().leased == number }
                    // The first is being sent, and gets no response.
                    await harness.recorder.wait(for: "no response to /findings/import", count: 1)
                    time.advance(by: .seconds(7200))
                }
                #expect(harness.recorder.count(.deliveryLeased) == 3)
            }
        }
    }

    @Test("A delivery that arrives twice is imported once")
    func duplicate() async throws {
        try await ProcessingHarness.run { harness in
            let first = try await harness.store.append(delivery("1", Messages.alarm(), of: accountRegion()))
            let second = try await harness.store.append(delivery("1", Messages.alarm(), of: accountRegion()))
            #expect(first == .stored && second == .duplicate)
            try await withPool(harness) { await harness.recorder.wait(for: .deliveryCompleted, count: 1) }
            let id = FindingID.violation(id: "v1", accountRegion: try accountRegion())
            #expect(harness.aws.state.withLock { $0.imports } == [[id]])
        }
    }

    @Test("A stopping pool releases waiting deliveries and those in progress, without counting the attempts")
    func stop() async throws {
        try await ProcessingHarness.run { harness in
            for number in 0..<20 {
                _ = try await harness.store.append(
                    delivery("\(number)", Messages.alarm("v\(number)"), of: accountRegion()))
            }
            for number in 0..<3 {
                _ = try await harness.store.append(
                    delivery("audit\(number)", Messages.audit("t\(number)"), of: accountRegion()))
            }
            harness.aws.state.withLock { $0.fault = { path, _ in path == "/findings" ? nil : .silence } }
            try await withPool(harness) {
                await harness.recorder.wait(for: "no response to /findings/import", count: 1)
                await harness.recorder.wait(for: "no response to /audit/tasks/t0", count: 1)
                let leased = try await harness.store.queueStatus().leased
                #expect(leased == 23)
            }
            let status = try await harness.store.queueStatus()
            #expect(status.pending == 23 && status.leased == 0)
            let attempts = try await harness.leaseReady().map(\.leased.attempt)
            #expect(attempts == Array(repeating: 1, count: 23))
        }
    }

    @Test("A pool that stops while a ledger is rebuilt leaves all deliveries unchanged")
    func stopWhileRebuilding() async throws {
        try await ProcessingHarness.run { harness in
            _ = try await harness.store.append(delivery("1", Messages.alarm(), of: accountRegion()))
            harness.aws.state.withLock { $0.fault = { _, _ in .silence } }
            try await withPool(harness) { await harness.recorder.wait(for: "no response to /findings", count: 1) }
            #expect(try await harness.store.queueStatus().pending == 1)
            #expect(try await harness.leaseReady().map(\.leased.attempt) == [1])
            #expect(try await harness.store.ledgerAccountRegions().isEmpty)
        }
    }

    @Test(
        "An account and Region whose Security Hub does not respond leases a limited number, and does not delay others")
    func fairness() async throws {
        try await ProcessingHarness.run { harness in
            let (stuck, healthy) = (try accountRegion("us-east-1"), try accountRegion("eu-west-1"))
            harness.aws.state.withLock { state in
                state.fault = { _, body in
                    let arn = body["Findings"]?.array?.first?["ProductArn"]?.string ?? ""
                    return arn.contains("us-east-1") ? .silence : nil
                }
            }
            let store = harness.store
            try await withThrowingDiscardingTaskGroup { group in
                for number in 0..<2500 {
                    let one = delivery("stuck\(number)", Messages.alarm("v\(number)"), of: stuck)
                    group.addTask { _ = try await store.append(one) }
                }
            }
            try await withPool(harness) {
                for number in 0..<50 {
                    _ = try await store.append(delivery("\(number)", Messages.alarm("w\(number)"), of: healthy))
                }
                await harness.recorder.wait(for: .deliveryCompleted, count: 50)
                let leased = try await store.queueStatus().leased
                #expect((LeaseKeeper.limit..<LeaseKeeper.limit + WorkerPool.leaseLimit).contains(leased))
            }
            let status = try await store.queueStatus()
            #expect(status.pending == 2500 && status.completed == 50)
        }
    }

    @Test("An account and Region at capacity continues when capacity is freed")
    func freedCapacity() async throws {
        try await ProcessingHarness.run { harness in
            let (store, accountRegion) = (harness.store, try accountRegion())
            try await withThrowingDiscardingTaskGroup { group in
                for number in 0..<1600 {
                    let one = delivery("\(number)", Messages.alarm("v\(number)"), of: accountRegion)
                    group.addTask { _ = try await store.append(one) }
                }
            }
            try await withPool(harness) { await harness.recorder.wait(for: .deliveryCompleted, count: 1600) }
            #expect(try await store.queueStatus().completed == 1600)
        }
    }

    @Test("A pause releases the waiting deliveries and those in progress of its account, without counting the attempts")
    func pause() async throws {
        try await ProcessingHarness.run { harness in
            let (store, held) = (harness.store, try accountRegion())
            let other = AccountRegion(account: try #require(AccountID("444455556666")), region: held.region)
            harness.aws.state.withLock { state in
                state.audits["t1"] = (Messages.description(startTime: now, checks: [:]), [[]])
                state.fault = { path, body in
                    let arn = body["Findings"]?.array?.first?["ProductArn"]?.string ?? body["taskId"]?.string ?? path
                    return arn.contains("111122223333") || arn.hasSuffix("/t1") ? .silence : nil
                }
            }
            try await withPool(harness) {
                for number in 0..<20 {
                    _ = try await store.append(delivery("\(number)", Messages.alarm("v\(number)"), of: held))
                }
                _ = try await store.append(delivery("audit", Messages.audit("t1"), of: held))
                await harness.recorder.wait(for: "no response to /findings/import", count: 1)
                await harness.recorder.wait(for: "no response to /audit/tasks/t1", count: 1)
                try await store.pause(Pause(.account(held.account), pausedBy: "test", pausedAt: 0, reason: nil))
                try await eventually("all to be released") { try await store.queueStatus().pending == 21 }
                #expect(harness.recorder.count(.processingPaused) == 1)
                _ = try await store.append(delivery("other", Messages.alarm("w", at: now), of: other))
                await harness.recorder.wait(for: .deliveryCompleted, count: 1)
                #expect(try await store.queueStatus().pending == 21)
                harness.aws.state.withLock { $0.fault = { _, _ in nil } }
                _ = try await store.resume(.account(held.account))
                await harness.recorder.wait(for: .deliveryCompleted, count: 22)
                #expect(harness.recorder.count(.processingResumed) == 1)
            }
            #expect(try await store.queueStatus().completed == 22)
            #expect(harness.aws.state.withLock { $0.overlaps } == 0)
        }
    }

    /// Queues deliveries of two Regions while AWS fails in one of them, and waits until those of the other are
    /// completed.
    private func fairness(
        _ harness: ProcessingHarness, each count: Int = 30,
        fault: @escaping @Sendable (_ path: String) -> ScriptedAWS.Fault?
    ) async throws -> QueueStatus {
        let (troubled, healthy) = (try accountRegion("us-east-1"), try accountRegion("eu-west-1"))
        harness.aws.state.withLock { state in
            state.fault = { path, body in
                let arn = body["Findings"]?.array?.first?["ProductArn"]?.string ?? path
                return arn.contains("eu-west-1") || path == "/findings" ? nil : fault(path)
            }
        }
        var seen = QueueStatus()
        try await withPool(harness) {
            for number in 0..<count {
                let both = [
                    delivery("t\(number)", Messages.alarm("v\(number)"), of: troubled),
                    delivery("h\(number)", Messages.alarm("w\(number)"), of: healthy),
                ]
                for one in both { _ = try await harness.store.append(one) }
            }
            _ = try await harness.store.append(delivery("audit", Messages.audit("t1"), of: troubled))
            let all = (0..<count).map { FindingID.violation(id: "w\($0)", accountRegion: healthy) }
            try await eventually("the deliveries of the healthy Region to be completed") {
                let hub = harness.aws.state.withLock { $0.hub }
                guard all.allSatisfy({ hub[$0] != nil }) else { return false }
                let status = try await harness.store.queueStatus()
                return status.completed >= count && status.leased == 0
            }
            seen = try await harness.store.queueStatus()
        }
        return seen
    }

    @Test(
        "A denied, throttled or failing account and Region is retried later, and does not delay others",
        arguments: [(403, "AccessDeniedException"), (429, "TooManyRequestsException"), (500, "InternalException")])
    func troubledAccountRegion(status: Int, code: String) async throws {
        try await ProcessingHarness.run { harness in
            let counts = try await fairness(harness) { _ in .status(status, code: code) }
            #expect(counts.completed == 30 && counts.dead == 0)
            let after = try await harness.store.queueDepths(now: now, after: nil, limit: 10)
            #expect(Set(after.map(\.accountRegion)) == [try accountRegion("us-east-1")])
            // Denied deliveries wait for their account and Region, without a retry time of their own: but for the audit, if it
            // was denied before the alarms.
            let pending = after.filter { $0.state == .pending }.reduce(0) { $0 + $1.count }
            #expect(status == 403 ? pending >= 30 : pending == 0, "\(after)")
            #expect(after.reduce(0) { $0 + $1.count } == 31, "\(after)")
            // After the fault and the delays, all are completed.
            harness.aws.state.withLock { state in
                state.fault = { _, _ in nil }
                state.audits["t1"] = (Messages.description(startTime: now, checks: [:]), [[]])
            }
            harness.time.advance(by: .seconds(600))
            try await withPool(harness) {
                try await eventually("all to be completed") { try await harness.store.queueStatus().completed == 61 }
            }
            #expect(harness.aws.state.withLock { $0.overlaps } == 0)
        }
    }

    @Test("An account and Region that has exhausted its rate limit does not delay others")
    func pace() async throws {
        // One request, then one every ten seconds, for each account and Region.
        try await ProcessingHarness.run(pace: Pacer.ImportRate(rate: 0.1, burst: 1)) { harness in
            let (busy, other) = (try accountRegion("us-east-1"), try accountRegion("eu-west-1"))
            for number in 0..<450 {
                _ = try await harness.store.append(delivery("b\(number)", Messages.alarm("v\(number)"), of: busy))
            }
            try await withPool(harness) {
                try await eventually("the first batch") { harness.aws.state.withLock { $0.imports.count } == 1 }
                _ = try await harness.store.append(delivery("o", Messages.alarm("w"), of: other))
                await harness.recorder.wait(for: .deliveryCompleted, count: 1)
                let id = FindingID.violation(id: "w", accountRegion: other)
                #expect(harness.aws.state.withLock { $0.hub[id] } != nil)
                #expect(try await harness.store.queueStatus().leased == 450)
            }
        }
    }

    @Test(
        "Invalid deliveries and rejected findings do not delay others of the same account and Region")
    func poison() async throws {
        try await ProcessingHarness.run { harness in
            let accountRegion = try accountRegion()
            let rejected = FindingID.violation(id: "v7", accountRegion: accountRegion)
            harness.aws.state.withLock { $0.failures[rejected] = "InvalidInput" }
            try await withPool(harness) {
                for number in 0..<40 {
                    let payload = number % 10 == 3 ? ["hello": .integer(number)] : Messages.alarm("v\(number)")
                    _ = try await harness.store.append(delivery("\(number)", payload, of: accountRegion))
                }
                try await eventually("all to be completed or dead-lettered") {
                    let status = try await harness.store.queueStatus()
                    return status.completed == 35 && status.dead == 5
                }
            }
            let letters = try await harness.store.deadLetters(matching: .all, limit: 10, after: nil)
            #expect(Set(letters.map(\.delivery.id)) == ["sns:3", "sns:13", "sns:23", "sns:33", "sns:7"])
        }
    }
}

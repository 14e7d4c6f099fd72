import AWSClient
import AWSCore
import Encoding
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

@Suite(.timeLimit(.minutes(15))) struct CircuitBreakerTests {
    @Test("Without a denial, the circuit breaker is closed")
    func closed() {
        var circuitBreaker = CircuitBreaker()
        let states = (0..<2).map { _ in circuitBreaker.allow(now: uptime) }
        #expect(states == [.closed, .closed])
        let denial = circuitBreaker.recordSuccess()
        #expect(denial == nil)
    }

    @Test("After a denial, single probes are allowed at intervals that double up to a minute")
    func probes() {
        var circuitBreaker = CircuitBreaker()
        // A request that was in progress is denied, too.
        let isNew = [
            circuitBreaker.recordDenial("no", now: uptime),
            circuitBreaker.recordDenial("no", now: uptime + .milliseconds(5)),
        ]
        #expect(isNew == [true, false])
        var time = uptime
        for pause in [1, 2, 4, 8, 16, 32, 60, 60] {
            let early = circuitBreaker.allow(now: time + .seconds(pause) - .milliseconds(1))
            time += .seconds(pause)
            let states = (0..<2).map { _ in circuitBreaker.allow(now: time) }
            #expect(early == .open && states == [.halfOpen, .open])
            #expect(!circuitBreaker.allowsRequests(now: time))
            let isNew = (0..<2).map { _ in circuitBreaker.recordDenial("still no", now: time) }
            #expect(isNew == [false, false])
            circuitBreaker.endProbe()
        }
        #expect(circuitBreaker.denial?.since == uptime && circuitBreaker.denial?.reason == "still no")
    }

    @Test("A successful probe closes the circuit breaker; an inconclusive one is followed by the next")
    func closedAgain() {
        var circuitBreaker = CircuitBreaker()
        _ = circuitBreaker.recordDenial("no", now: uptime)
        let first = circuitBreaker.allow(now: uptime + .seconds(1))
        circuitBreaker.endProbe()
        let second = circuitBreaker.allow(now: uptime + .seconds(1))
        let ended = circuitBreaker.recordSuccess()
        let third = circuitBreaker.allow(now: uptime + .seconds(1))
        #expect(first == .halfOpen && second == .halfOpen && third == .closed)
        #expect(ended?.since == uptime)
    }

    /// Responds with 403 to imports in us-east-1, and counts them.
    private func deny(_ harness: ProcessingHarness, _ recorder: LogRecorder) {
        harness.aws.state.withLock {
            $0.fault = { path, body in
                let arn = body["Findings"]?.array?.first?["ProductArn"]?.string ?? ""
                guard path == "/findings/import", arn.contains(":us-east-1:") else { return nil }
                recorder.record("denied")
                return .status(403, code: "AccessDeniedException")
            }
        }
    }

    private func append(_ harness: ProcessingHarness, _ count: Int, _ name: String, region: String) async throws {
        for number in 0..<count {
            let id = "\(name)\(number)"
            _ = try await harness.store.append(delivery(id, Messages.alarm(id), of: accountRegion(region)))
        }
    }

    @Test(
        "A denied account and Region is probed while others continue, and is processed when access is granted"
    )
    func denied() async throws {
        try await ProcessingHarness.run { harness in
            let recorder = LogRecorder()
            deny(harness, recorder)
            try await append(harness, 300, "a", region: "us-east-1")
            try await withPool(harness) {
                await recorder.wait(for: "denied", count: 1)
                try await eventually("the account and Region to be suspended") {
                    try await harness.store.queueStatus().leased == 0
                        && !harness.processing.circuitBreakers.entries.isEmpty
                }
                let first = recorder.count("denied")
                #expect(first <= 4)
                try await append(harness, 5, "b", region: "eu-west-1")
                try await eventually("the other Region to be processed") {
                    try await harness.store.queueStatus().completed == 5
                }
                // A new delivery wakes the workers when the next probe is due.
                harness.time.advance(by: .seconds(1))
                try await append(harness, 1, "c", region: "eu-west-1")
                await recorder.wait(for: "denied", count: first + 1)
                try await eventually("the probe to end") {
                    try await harness.store.queueStatus().leased == 0
                        && harness.processing.circuitBreakers.entries.first?.denial.attempts == 2
                }
                #expect(recorder.count("denied") == first + 1)
                #expect(
                    harness.processing.circuitBreakers.entries.first?.denial.reason.contains("AccessDeniedException")
                        == true)
                let waiting = try await harness.store.queueStatus()
                #expect(waiting.pending == 300 && waiting.dead == 0)
                harness.aws.state.withLock { $0.fault = { _, _ in nil } }
                harness.time.advance(by: .seconds(60))
                try await append(harness, 1, "d", region: "eu-west-1")
                try await eventually("all to be completed") { try await harness.store.queueStatus().completed == 307 }
                #expect(harness.processing.circuitBreakers.entries.isEmpty)
            }
        }
    }

    @Test("Audits that AWS IoT denies are suspended, shown and probed while alarms continue, and then completed")
    func deniedAudits() async throws {
        try await ProcessingHarness.run { harness in
            harness.aws.state.withLock { state in
                state.fault = { path, _ in
                    guard path.hasPrefix("/audit/tasks/") else { return nil }
                    harness.recorder.record("describe")
                    return .status(403, code: "AccessDeniedException")
                }
            }
            let circuitBreakers = harness.processing.circuitBreakers
            try await withPool(harness) {
                for number in 0..<3 {
                    _ = try await harness.store.append(
                        delivery("audit\(number)", Messages.audit("t\(number)"), of: accountRegion()))
                }
                await harness.recorder.wait(for: .deliveryRetryScheduled, count: 3)
                try await append(harness, 5, "a", region: "us-east-1")
                try await eventually("the alarms to be completed") {
                    try await harness.store.queueStatus().completed == 5
                }
                #expect(harness.recorder.count("describe") == 1)
                let entries = circuitBreakers.entries
                #expect(try entries.map(\.lane) == [DeliveryLane(accountRegion())])
                #expect(entries.first?.denial.reason.contains("DescribeAuditTask") == true)
                // A new delivery wakes the workers when the next probe is due.
                harness.time.advance(by: .seconds(1))
                try await append(harness, 1, "b", region: "us-east-1")
                await harness.recorder.wait(for: .deliveryRetryScheduled, count: 6)
                #expect(harness.recorder.count("describe") == 2 && circuitBreakers.entries.first?.denial.attempts == 2)
                harness.aws.state.withLock { state in
                    state.fault = { _, _ in nil }
                    for number in 0..<3 {
                        state.audits["t\(number)"] = (Messages.description(startTime: now, checks: [:]), [[]])
                    }
                }
                harness.time.advance(by: .seconds(60))
                // Audits that are leased during a probe are retried after a second, by a clock that the test sets.
                var round = 0
                try await eventually("all to be completed") {
                    let status = try await harness.store.queueStatus()
                    guard status.leased == 0 else { return false }
                    guard status.pending > 0 || round == 0 else { return true }
                    harness.time.advance(by: .seconds(2))
                    try await append(harness, 1, "c\(round)-", region: "us-east-1")
                    round += 1
                    return false
                }
                #expect(try await harness.store.queueStatus().completed == 9 + round)
                #expect(circuitBreakers.entries.isEmpty)
                #expect(harness.recorder.count(.awsRecovered) == 1)
            }
        }
    }

    @Test("Denied attempts of an audit do not count, and an audit that is denied for 90 days is dead-lettered")
    func deniedAuditsAreBounded() async throws {
        try await ProcessingHarness.run { harness in
            harness.aws.state.withLock {
                $0.fault = { path, _ in
                    path.hasPrefix("/audit/") ? .status(403, code: "AccessDeniedException") : nil
                }
            }
            _ = try await harness.store.append(delivery("audit", Messages.audit("t1"), of: accountRegion()))
            for _ in 0..<4 {
                try await harness.process(of: accountRegion())
                harness.time.advance(by: .seconds(60))
            }
            let leased = try await harness.leaseReady().map(\.leased)
            #expect(leased.map(\.attempt) == [1])
            try await harness.store.release(leased.map(\.lease))
            harness.time.advance(by: .seconds(90 * 86_400))
            try await harness.process(of: accountRegion())
            #expect(try await harness.store.queueStatus().dead == 1)
        }
    }

    @Test("A full suspension is shown in preference to one of audits, and each ends independently")
    func scopes() async throws {
        try await ProcessingHarness.run { harness in
            let (circuitBreakers, accountRegion) = (harness.processing.circuitBreakers, try accountRegion())
            let lane = DeliveryLane(accountRegion)
            func fail(_ path: String) async throws -> AWSError {
                harness.aws.state.withLock { $0.fault = { _, _ in .status(403, code: "AccessDeniedException") } }
                do throws(AWSError) {
                    if path == "hub" {
                        try await harness.client.describeHub(region: accountRegion.region)
                    } else {
                        _ = try await harness.client.describeAuditTask(id: "t1", region: accountRegion.region)
                    }
                } catch {
                    return error
                }
                throw CancellationError()
            }
            circuitBreakers.recordFailure(try await fail("audit"), lane)
            #expect(circuitBreakers.entries.map(\.denial.reason).first?.contains("DescribeAuditTask") == true)
            #expect(
                circuitBreakers.suspended().lanes.isEmpty
                    && circuitBreakers.allow(lane) == .closed)
            circuitBreakers.recordFailure(try await fail("hub"), lane)
            #expect(circuitBreakers.entries.count == 1)
            #expect(circuitBreakers.entries.first?.denial.reason.contains("DescribeHub") == true)
            #expect(circuitBreakers.suspended().lanes == [lane])
            circuitBreakers.recordSuccess(lane)
            #expect(circuitBreakers.entries.first?.denial.reason.contains("DescribeAuditTask") == true)
            circuitBreakers.recordSuccess(lane, .audits)
            #expect(circuitBreakers.entries.isEmpty)
            // A denial in the lane of a source does not suspend Device Defender's.
            let source = DeliveryLane(accountRegion, source: "nozomi")
            circuitBreakers.recordFailure(try await fail("hub"), source)
            #expect(circuitBreakers.suspended().lanes == [source] && circuitBreakers.allow(lane) == .closed)
        }
    }

    @Test("A delivery is dead-lettered after 90 days of denial, not earlier", arguments: [false, true])
    func bounded(isTooOld: Bool) async throws {
        try await ProcessingHarness.run { harness in
            deny(harness, harness.recorder)
            try await append(harness, 1, "a", region: "us-east-1")
            harness.time.advance(by: .seconds(90 * 86_400 + (isTooOld ? 1 : -1)))
            try await harness.process(of: try accountRegion())
            let status = try await harness.store.queueStatus()
            #expect(status.dead == (isTooOld ? 1 : 0) && status.pending == (isTooOld ? 0 : 1))
        }
    }

    @Test(
        "The outcome of a failed request",
        arguments: [
            (429, "TooManyRequestsException", "retryable"), (500, "InternalException", "retryable"),
            (403, "ExpiredTokenException", "denied"), (403, "AccessDeniedException", "denied"),
            (403, "SignatureDoesNotMatch", "denied"), (401, "InvalidAccessException", "denied"),
            (400, "InvalidInputException", "rejected"), (302, "Moved", "retryable"),
        ])
    func outcomes(status: Int, code: String, expected: String) async throws {
        try await ProcessingHarness.run { harness in
            harness.aws.state.withLock { $0.fault = { _, _ in .status(status, code: code) } }
            let observation = try observation()
            let outcomes = try await harness.sender().send([
                FindingText(id: observation.finding.id, json: observation.finding.serialized())
            ])
            let outcome =
                switch try #require(outcomes[observation.finding.id]) {
                case .imported: "imported"
                case .rejected(let reason): reason.contains(code) ? "rejected" : "?"
                case .retryable(let reason): reason.contains(code) ? "retryable" : "?"
                case .accessDenied(let reason): reason.contains(code) ? "denied" : "?"
                case .interrupted: "?"
                }
            #expect(outcome == expected)
            #expect(harness.processing.circuitBreakers.entries.isEmpty == (expected != "denied"))
        }
    }
}

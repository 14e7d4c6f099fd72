import AWSClient
import AWSCore
import DeviceDefender
import Encoding
import EventLoop
import Fixtures
import HTTPTypes
import JSON
import Logging
import SQLiteStore
import SecurityFindings
import Synchronization
import TestSupport
import Testing

@testable import HTTPClient
@testable import Planning
@testable import Processing
@testable import Store
@testable import Telemetry

/// AWS with faults: sessions of an hour, clock skew, throttling, an outage, denied access.
private final class FaultyAWS: HTTPTransport {
    private struct State {
        var sessions: [String: Timestamp] = [:]
        var hub: Set<String> = []
        var counts: [String: Int] = [:]
        var tokens = 30.0
        var filledAt: Timestamp
        var random: SeededGenerator
    }

    private let state: Mutex<State>
    private let time: SimulatedTime

    init(_ time: SimulatedTime, seed: UInt64) {
        self.time = time
        state = Mutex(State(filledAt: now, random: SeededGenerator(seed: seed)))
    }

    var hub: Set<String> { state.withLock { $0.hub } }
    var counts: [String: Int] { state.withLock { $0.counts } }

    private var hour: Double { time.now / .seconds(3600) }
    private var clock: Timestamp { now + time.now }
    /// From 8:00 to 12:00, AWS's clock is 20 minutes ahead of the machine's.
    private var ownClock: Timestamp { clock + ((8..<12).contains(hour) ? 20 * 60_000 : 0) }

    func send(_ request: HTTPRequest, body: [UInt8], signing: RequestSigning?) async throws(HTTPClientError)
        -> (response: HTTPResponse, body: [UInt8])
    {
        let delay = state.withLock { Int64.random(in: 5...80, using: &$0.random) }
        try? await time.sleep(for: .milliseconds(delay))
        if (14..<15).contains(hour) {
            count("outage")
            throw HTTPClientError(.connectFailed, "scripted outage")
        }
        let date = signing?.date ?? ""
        if ((Timestamp(amzDate: date) ?? .earliest) - ownClock).magnitude > .seconds(300) {
            return fault(403, "RequestTimeTooSkewed")
        }
        if request.authority?.hasPrefix("sts.") == true { return session() }
        let isKnown = state.withLock { $0.sessions[signing?.accessKeyID ?? ""].map { $0 > ownClock } ?? false }
        guard isKnown else { return fault(403, "ExpiredTokenException") }
        if (20..<20.5).contains(hour) { return fault(403, "AccessDeniedException") }
        guard consumeToken() else { return fault(429, "TooManyRequestsException") }
        let ids = (try? JSON(parsing: body, limits: JSONLimits(values: 1_000_000)))?["Findings"]?.array?
            .compactMap { $0["Id"]?.string }
        state.withLock { $0.hub.formUnion(ids ?? []) }
        count("imports")
        let response = #"{"SuccessCount": \#(ids?.count ?? 0), "FailedFindings": []}"#
        return (HTTPResponse(status: .ok), Array(response.utf8))
    }

    private func count(_ name: String) { state.withLock { $0.counts[name, default: 0] += 1 } }

    private func fault(_ status: Int, _ code: String) -> (response: HTTPResponse, body: [UInt8]) {
        count(code)
        return (
            HTTPResponse(status: .init(code: status), headerFields: [.date: ownClock.httpDate]),
            Array(#"{"__type": "\#(code)", "message": "as scripted"}"#.utf8)
        )
    }

    private func session() -> (response: HTTPResponse, body: [UInt8]) {
        count("sessions")
        let end = ownClock + 3_600_000
        let id = state.withLock { state in
            let id = "ASIA\(state.sessions.count)"
            state.sessions[id] = end
            return id
        }
        let text = end.iso8601
        return (
            HTTPResponse(status: .ok),
            Array(
                "<R><AccessKeyId>\(id)</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>\(text)</Expiration></R>"
                    .utf8)
        )
    }

    /// Throttles by the documented quota, and at random during one hour.
    private func consumeToken() -> Bool {
        state.withLock { state in
            state.tokens = min(30, state.tokens + (clock - state.filledAt) / .milliseconds(100))
            state.filledAt = clock
            let isUnlucky = (18..<19).contains(hour) && Int.random(in: 0..<3, using: &state.random) == 0
            guard state.tokens >= 1, !isUnlucky else { return false }
            state.tokens -= 1
            return true
        }
    }
}

@Suite(.timeLimit(.minutes(15))) struct SimulatedDayTests {
    @Test("A day with expiring sessions, throttling, an outage, a denial and clock skew loses nothing")
    func day() async throws {
        let seed: UInt64 = 24
        try await withStore { store in
            let time = SimulatedTime(timeout: .milliseconds(1)) { store.isBusy }
            let aws = FaultyAWS(time, seed: seed)
            let start = now
            let clock = AWSClock(
                now: { start + time.now.milliseconds }, elapsed: { time.now }, sleep: { try await time.sleep(for: $0) },
                executor: time)
            let client = AWSClient(
                http: aws, credentials: NoCredentials(), endpoints: try Endpoints(), retry: RetryPolicy(),
                pacer: Pacer(), random: { 0.5 }, clock: clock)
            let accountRegion = try accountRegion()
            var roles = AccountRoles()
            roles.roles[accountRegion.account] = "arn:aws:iam::\(accountRegion.account):role/Bridge"
            let accounts = AccountClients(
                clients: [client], credentials: TestCredentials(), roles: roles, region: accountRegion.region,
                sessionName: "defender-bridge-test")
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let processing = ProcessingComponents(
                store: store, clock: clock, trust: ClockTrust(now: clock.now, isChecked: false, logger: logger),
                jitter: { 0.5 }, metrics: ProcessingMetrics(PrometheusRegistry()), logger: logger)
            let processor = processing.processors(accounts, Reloadable(.standard))
                .processor(of: .alarms, for: DeliveryLane(accountRegion))
            try await time.run {
                var random = SeededGenerator(seed: seed)
                var total = 0
                for step in 0..<(24 * 6 + 18) {
                    let count = step < 24 * 6 ? Int.random(in: 0...20, using: &random) : 0
                    // Concurrently, so that they share a commit.
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for number in total..<total + count {
                            group.addTask {
                                let alarm = Messages.alarm("v\(number)", at: clock.now())
                                _ = try await store.append(delivery("\(number)", alarm, of: accountRegion))
                            }
                        }
                        try await group.waitForAll()
                    }
                    total += count
                    try await Self.work(processor, processing)
                    try await time.sleep(for: .seconds(600))
                }
                let status = try await store.queueStatus()
                #expect(status.pending == 0 && status.dead == 0 && status.completed == total)
                #expect(
                    aws.hub == Set((0..<total).map { FindingID.violation(id: "v\($0)", accountRegion: accountRegion) }))
            }
            await accounts.close()
            let counts = aws.counts
            #expect((counts["sessions"] ?? 0) >= 22, "\(counts)")
            for fault in ["outage", "RequestTimeTooSkewed", "AccessDeniedException", "TooManyRequestsException"] {
                #expect((counts[fault] ?? 0) > 0, "\(counts)")
            }
            // Clock skew takes one more request each time, a denial a few probes.
            #expect(
                (counts["RequestTimeTooSkewed"] ?? 0) <= 8 && (counts["AccessDeniedException"] ?? 0) <= 40, "\(counts)")
        }
    }

    /// Like the worker pool: leases ready deliveries unless AWS denies access, and processes them.
    private static func work(_ processor: any DeliveryProcessor, _ processing: ProcessingComponents) async throws {
        let lane = DeliveryLane(try accountRegion())
        guard processing.circuitBreakers.allow(lane) != .open else { return }
        defer { processing.circuitBreakers.endProbe(lane) }
        let batch = try await processing.store.lease(
            limit: 1000, for: .seconds(600), owner: "test", now: processing.clock.now(), excluding: [])
        let items = try batch.deliveries.map { leased -> LeasedCommand in
            (leased, try DeliveryCommand(leased.delivery))
        }
        await processor.process(items)
    }
}

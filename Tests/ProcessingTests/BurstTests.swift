import AWSClient
import AWSCore
import Encoding
import Fixtures
import HTTPClient
import HTTPTypes
import JSON
import Logging
import SecurityFindings
import Store
import Synchronization
import TestSupport
import Testing

@testable import Planning
@testable import Processing
@testable import Telemetry

/// A Security Hub that throttles as documented: a burst of 30 imports, ten a second. It counts a request on arrival,
/// and responds after varying delays.
private final class ThrottlingHub: HTTPTransport {
    private struct State {
        var tokens = 30.0
        var filledAt = Duration.zero
        var throttled = 0
        var findings = 0
        var imports = 0
        var random = SeededGenerator(seed: 11)
    }

    private let state = Mutex(State())
    private let time: SimulatedTime

    init(_ time: SimulatedTime) { self.time = time }

    var counts: (imports: Int, findings: Int, throttled: Int) {
        state.withLock { ($0.imports, $0.findings, $0.throttled) }
    }

    func send(_ request: HTTPRequest, body: [UInt8], signing: RequestSigning?) async throws(HTTPClientError)
        -> (response: HTTPResponse, body: [UInt8])
    {
        let delays = state.withLock { state in
            (0..<2).map { _ in Int64.random(in: 10...60, using: &state.random) }
        }
        try? await time.sleep(for: .milliseconds(delays[0]))
        let count = (try? JSON(parsing: body, limits: JSONLimits(values: 1_000_000)))?["Findings"]?.array?.count ?? 0
        let isAccepted = state.withLock { state in
            state.tokens = min(30, state.tokens + (time.now - state.filledAt) / .seconds(1) * 10)
            state.filledAt = time.now
            guard state.tokens >= 1 else {
                state.throttled += 1
                return false
            }
            state.tokens -= 1
            state.imports += 1
            state.findings += count
            return true
        }
        try? await time.sleep(for: .milliseconds(delays[1]))
        guard isAccepted else {
            return (HTTPResponse(status: .tooManyRequests), Array(#"{"Code": "TooManyRequestsException"}"#.utf8))
        }
        return (
            HTTPResponse(status: .ok), Array(#"{"SuccessCount": \#(count), "FailedFindings": []}"#.utf8)
        )
    }
}

/// The only process that uses its store.
private struct SingleProcess: LeaseHolder {}

@Suite(.timeLimit(.minutes(15))) struct BurstTests {
    @Test("6,000 alarms are imported without throttling, within 110 % of the time that the rate limit allows")
    func burst() async throws {
        let time = SimulatedTime()
        let hub = ThrottlingHub(time)
        let start = now
        let client = AWSClient(
            http: hub, credentials: TestCredentials(), endpoints: try Endpoints(), retry: RetryPolicy(),
            pacer: Pacer(), random: { 0.5 },
            clock: AWSClock(
                now: { start + time.now.milliseconds }, elapsed: { time.now }, sleep: { try await time.sleep(for: $0) },
                executor: time))
        let accountRegion = try accountRegion()
        let registry = PrometheusRegistry()
        let sender = FindingSender(
            lane: DeliveryLane(accountRegion), client: client, metrics: ProcessingMetrics(registry),
            circuitBreakers: CircuitBreakers(clock: { uptime }, logger: Logger(label: "test")),
            leases: SingleProcess())
        let findings = try (0..<6000).map { number in
            let finding = try observation("v\(number)").finding
            return FindingText(id: finding.id, json: finding.serialized())
        }
        try await time.run {
            // In portions of the capacity of the worker pool.
            for first in stride(from: 0, to: findings.count, by: LeaseKeeper.limit) {
                let outcomes = await sender.send(Array(findings[first...].prefix(LeaseKeeper.limit)))
                #expect(outcomes.values.allSatisfy { $0 == .imported })
            }
        }
        // 60 batches: a burst of 30, and 30 at ten a second.
        let least = Duration.seconds(3)
        #expect(hub.counts.imports == 60 && hub.counts.findings == 6000)
        #expect(hub.counts.throttled == 0)
        #expect(time.now >= least - .milliseconds(100))
        #expect(time.now <= least * 1.1, "\(time.now)")
    }
}

import AWSClient
import Cryptography
import Encoding
import EventLoop
import Fixtures
import HTTPClient
import HTTPTypes
import Logging
import SNS
import Store
import Synchronization
import TestSupport
import Testing

@testable import Admin
@testable import Intake
@testable import Processing
@testable import Telemetry

@Suite("Scrapes", .timeLimit(.minutes(15))) struct ScrapeTests {
    /// Sends no request.
    private struct NoTransport: HTTPTransport {
        func send(_ request: HTTPRequest, body: [UInt8], signing: RequestSigning?) async throws(HTTPClientError)
            -> (response: HTTPResponse, body: [UInt8])
        {
            throw HTTPClientError(.canceled, "scrapes do not call AWS")
        }
    }

    private final class Reads: Sendable {
        let count = Atomic(0)
    }

    /// Metrics and status from a store with slow queries.
    private func withMetrics(
        cost: Duration, queue: StoreSnapshot.QueueSnapshot = StoreSnapshot.QueueSnapshot(),
        settings: AdminSettings? = nil,
        _ body: @escaping @Sendable (MetricsCollector, StatusSource, Reads, SimulatedTime) async throws -> Void
    ) async throws {
        try await withStore { store in
            let (time, reads, start) = (SimulatedTime(), Reads(), ContinuousClock.now)
            func query<Value: Sendable>(_ value: Value, _ cost: Duration) -> CachedQuery<Value> {
                CachedQuery(uncachedBelow: .milliseconds(500), limit: .seconds(10), timeout: .seconds(5), on: time) {
                    start + time.now
                } sleep: {
                    try await time.sleep(for: $0)
                } read: { () throws(StoreError) in
                    try? await time.sleep(for: cost)
                    reads.count.add(1, ordering: .relaxed)
                    return value
                }
            }
            let source = StatusSource(
                queue: query(queue, cost), ledger: query(StoreSnapshot.Ledger(), .zero),
                deadLetterGroups: query(DeadLetterGroups(), .zero))
            let logger = Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() }
            let client = AWSClient(
                http: NoTransport(), credentials: NoCredentials(), endpoints: try Endpoints(), retry: RetryPolicy(),
                pacer: Pacer(), random: { 0 },
                clock: AWSClock(
                    now: { now }, elapsed: { time.now }, sleep: { try await time.sleep(for: $0) }, executor: time))
            let metrics = MetricsCollector(
                source: source, settings: Reloadable(try settings ?? .standard()),
                accounts: AccountClients(client),
                circuitBreakers: CircuitBreakers(clock: { uptime }, logger: logger),
                certificates: SigningCertificateCache(authorities: try TrustStore(authorities: [])) {
                    _ throws(SigningCertificateCache.FetchError) in throw .tooLarge
                },
                admission: Admission(store: store, maximumPending: 9, clock: { uptime }),
                outage: StoreOutageTracker(logger: logger, clock: { uptime }), build: [("version", "1.2.3")],
                arrivals: SourceArrivals(startedAt: now),
                accountRegions: LabelCardinalityLimiter(),
                clock: { now },
                isClockTrusted: { true })
            try await time.run { try await body(metrics, source, reads, time) }
        }
    }

    private func isUp(_ families: [MetricFamily]) -> Bool {
        families.first { $0.name == "defender_bridge_store_up" }?.samples.first?.value == 1
    }

    @Test(
        "Two hundred concurrent scrapes and status requests read the store once, and so do those within a second"
    )
    func once() async throws {
        try await withMetrics(cost: .milliseconds(10)) { metrics, source, reads, time in
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        if number.isMultiple(of: 2) {
                            _ = await metrics.families()
                        } else {
                            _ = try? await source.snapshot()
                        }
                    }
                }
            }
            // Queue and ledger.
            #expect(reads.count.load(ordering: .relaxed) == 2)
            try await time.sleep(for: .milliseconds(900))
            #expect(isUp(await metrics.families()))
            #expect(reads.count.load(ordering: .relaxed) == 2)
            try await time.sleep(for: .milliseconds(200))
            _ = await metrics.families()
            #expect(reads.count.load(ordering: .relaxed) == 4)
        }
    }

    @Test("Queue metrics and pauses of mapped sources have the names of configured sources only") func sources()
        async throws
    {
        let here = try accountRegion()
        var queue = StoreSnapshot.QueueSnapshot()
        queue.depths = [nil, "plant", "gone-1", "gone-2"].map {
            QueueDepth(accountRegion: here, source: $0, state: .pending, count: 1, oldestReceivedAt: now)
        }
        queue.pauses = ["plant", "gone-1", "gone-2"].map {
            Pause(.source($0), pausedBy: "alice", pausedAt: now, reason: nil)
        }
        var settings = try AdminSettings.standard()
        settings.sources = ["plant"]
        try await withMetrics(cost: .zero, queue: queue, settings: settings) { metrics, _, _, _ in
            func series(_ name: String) async -> [String: Double] {
                let samples = await metrics.families().first { $0.name == name }?.samples ?? []
                let pairs = samples.map { sample in
                    (sample.labels.map { "\($0.0)=\($0.1)" }.joined(separator: ","), sample.value)
                }
                return Dictionary(pairs, uniquingKeysWith: +)
            }
            let deliveries = await series("defender_bridge_queue_deliveries")
            let place = "account=111122223333,region=us-east-1"
            #expect(deliveries["\(place),state=pending"] == 1)
            #expect(deliveries["\(place),source=plant,state=pending"] == 1)
            #expect(deliveries["\(place),source=other,state=pending"] == 2)
            #expect(
                await series("defender_bridge_account_paused") == [
                    "account=all": 0, "source=plant": 1, "source=other": 1,
                ])
        }
    }

    @Test("A hanging store delays a scrape by five seconds at most, and is queried once")
    func stalled() async throws {
        try await withMetrics(cost: .seconds(60)) { metrics, _, reads, time in
            for _ in 0..<3 {
                let before = time.now
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<50 { group.addTask { #expect(!isUp(await metrics.families())) } }
                }
                #expect(time.now - before == .seconds(5))
            }
            #expect(reads.count.load(ordering: .relaxed) == 0)
            try await time.sleep(for: .seconds(50))
            #expect(isUp(await metrics.families()))
            #expect(reads.count.load(ordering: .relaxed) == 2)
        }
    }
}

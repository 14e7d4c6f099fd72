import AWSClient
import AWSCore
import Encoding
import EventLoop
import Fixtures
import HTTPClient
import HTTPTypes
import JSON
import Logging
import SQLiteStore
import SecurityFindings
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import Processing
@testable import Store
@testable import Telemetry

/// A Security Hub that responds after 30 ms, and records the times of imports.
private final class WatchedHub: HTTPTransport {
    struct Import {
        let time: Duration
        let ids: [String]
    }

    private let recorded = Mutex<[Import]>([])
    private let time: SimulatedTime

    init(_ time: SimulatedTime) { self.time = time }

    var imports: [Import] { recorded.withLock { $0 } }

    func send(_ request: HTTPRequest, body: [UInt8], signing: RequestSigning?) async throws(HTTPClientError)
        -> (response: HTTPResponse, body: [UInt8])
    {
        guard request.path == "/findings/import" else {
            return (HTTPResponse(status: .ok), Array(#"{"Findings": []}"#.utf8))
        }
        let json = try? JSON(parsing: body, limits: JSONLimits(values: 1_000_000))
        let ids = (json?["Findings"]?.array ?? []).compactMap { $0["Id"]?.string }
        recorded.withLock { $0.append(Import(time: time.now, ids: ids)) }
        try? await time.sleep(for: .milliseconds(30))
        return (HTTPResponse(status: .ok), Array(#"{"SuccessCount": \#(ids.count), "FailedFindings": []}"#.utf8))
    }
}

/// A worker pool in simulated time, with the times at which alarms arrived.
private final class SimulatedWorkers: Sendable {
    let time: SimulatedTime
    let hub: WatchedHub
    private let store: SQLiteStore
    private let times = Mutex<[String: Duration]>([:])

    init(_ store: SQLiteStore) {
        self.store = store
        time = SimulatedTime(timeout: .milliseconds(2)) { store.isBusy }
        hub = WatchedHub(time)
    }

    /// - Parameter pace: the rate limit for imports.
    func pool(pace: Pacer.ImportRate) throws -> WorkerPool {
        let time = time
        let clock = AWSClock(
            now: { now + time.now.milliseconds }, elapsed: { time.now }, sleep: { try await time.sleep(for: $0) },
            executor: time)
        let client = AWSClient(
            http: hub, credentials: TestCredentials(), endpoints: try Endpoints(), retry: RetryPolicy(),
            pacer: Pacer(imports: pace), random: { 0.5 }, clock: clock)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let processing = ProcessingComponents(
            store: store, clock: clock, trust: ClockTrust(now: clock.now, isChecked: false, logger: logger),
            jitter: { 0.5 }, metrics: ProcessingMetrics(PrometheusRegistry()), logger: logger)
        return processing.workers(AccountClients(client), Reloadable(.standard), owner: "test")
    }

    /// Queues alarms concurrently.
    func enqueue(_ names: [String]) async throws {
        let accountRegion = try accountRegion()
        times.withLock { times in
            for name in names { times[FindingID.violation(id: name, accountRegion: accountRegion)] = time.now }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in names {
                group.addTask {
                    _ = try await self.store.append(delivery(name, Messages.alarm(name), of: accountRegion))
                }
            }
            try await group.waitForAll()
        }
    }

    /// How long each finding waited for its import, starting with an import by number.
    func waits(from first: Int) -> [Duration] {
        let times = times.withLock { $0 }
        return hub.imports[first...].flatMap { one in one.ids.compactMap { id in times[id].map { one.time - $0 } } }
    }
}

@Suite(.timeLimit(.minutes(15))) struct BatchLingerTests {
    @Test("The wait is 50 ms with headroom, 500 ms without, and zero for a full batch")
    func wait() {
        func scarce(_ count: Int, _ waited: Duration) -> Duration {
            BatchLinger.wait(count: count, waited: waited, hasHeadroom: false)
        }
        #expect(BatchLinger.wait(count: 1, waited: .zero, hasHeadroom: true) == .milliseconds(50))
        #expect(scarce(99, .milliseconds(100)) == .milliseconds(400))
        #expect(scarce(1, .milliseconds(500)) == .zero)
        #expect(scarce(1, .seconds(9)) == .zero)
        #expect(scarce(100, .zero) == .zero)
    }

    @Test("The worker pool sends full batches immediately, and no finding waits longer than 500 ms for others")
    func throughWorkers() async throws {
        try await withStore { store in
            let workers = SimulatedWorkers(store)
            // After the first batches, less than half of the burst of 30 requests is left, so there is no headroom.
            let pool = try workers.pool(pace: Pacer.ImportRate(rate: 2.5, burst: 30))
            let (time, hub) = (workers.time, workers.hub)
            try await time.run {
                try await workers.enqueue((0..<2500).map { "a\($0)" })
                let group = ServiceGroup(
                    services: [pool], logger: Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() })
                async let running: Void = group.run()
                try await time.sleep(for: .seconds(1))
                #expect(hub.imports.map(\.ids.count) == Array(repeating: 100, count: 25))
                #expect(hub.imports.first?.time == .zero)

                // Alarms that arrive one by one share requests, and each waits half a second at most.
                var random = SeededGenerator(seed: 7)
                for number in 0..<100 {
                    try await workers.enqueue(["b\(number)"])
                    try await time.sleep(for: .milliseconds(Int64.random(in: 10...70, using: &random)))
                }
                try await time.sleep(for: .seconds(1))
                let waits = workers.waits(from: 25)
                #expect(waits.count == 100 && waits.max() == .milliseconds(500))
                #expect((2...12).contains(hub.imports.count - 25), "\(hub.imports.count) imports")

                // A full batch ends the wait.
                var before = hub.imports.count
                try await workers.enqueue((0..<60).map { "c\($0)" })
                try await time.sleep(for: .milliseconds(200))
                #expect(hub.imports.count == before)
                try await workers.enqueue((60..<100).map { "c\($0)" })
                try await time.sleep(for: .milliseconds(1))
                #expect(hub.imports[before...].map(\.ids.count) == [100])
                #expect(workers.waits(from: before).max() == .milliseconds(200))

                // With headroom, a single alarm waits 50 ms.
                try await time.sleep(for: .seconds(20))
                before = hub.imports.count
                try await workers.enqueue(["d"])
                try await time.sleep(for: .seconds(1))
                #expect(workers.waits(from: before) == [.milliseconds(50)])
                await group.triggerGracefulShutdown()
                try await running
            }
            #expect(try await store.queueStatus().completed == 2701)
        }
    }
}

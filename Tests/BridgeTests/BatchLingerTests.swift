import AWSClient
import AWSCore
import HTTPClient
import HTTPTypes
import JSON
import Logging
import SecurityFindings
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import Bridge
@testable import Store

/// Security Hub that takes 30 ms for an import, and notes what came when.
private final class WatchedHub: HTTPTransport {
    struct Import {
        let time: Duration
        let ids: [String]
    }

    private let noted = Mutex<[Import]>([])
    private let time: SimulatedTime

    init(_ time: SimulatedTime) { self.time = time }

    var imports: [Import] { noted.withLock { $0 } }

    func send(_ request: HTTPRequest, body: [UInt8], signing: RequestSigning?) async throws(HTTPClientError)
        -> (response: HTTPResponse, body: [UInt8])
    {
        guard request.path == "/findings/import" else {
            return (HTTPResponse(status: .ok), Array(#"{"Findings": []}"#.utf8))
        }
        let json = try? JSON(parsing: body, limits: JSONLimits(values: 1_000_000))
        let ids = (json?["Findings"]?.array ?? []).compactMap { $0["Id"]?.string }
        noted.withLock { $0.append(Import(time: time.now, ids: ids)) }
        try? await time.sleep(for: .milliseconds(30))
        return (HTTPResponse(status: .ok), Array(#"{"SuccessCount": \#(ids.count), "FailedFindings": []}"#.utf8))
    }
}

/// Workers in simulated time, and what they are told of.
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

    /// - Parameter pace: what Security Hub is asked for.
    func pool(pace: Pacer.ImportRate) throws -> WorkerPool {
        let time = time
        let clock = AWSClock(
            now: { now + time.now.milliseconds }, elapsed: { time.now }, sleep: { try await time.sleep(for: $0) },
            executor: time)
        let client = AWSClient(
            http: hub, credentials: TestCredentials(), endpoints: try Endpoints(), retry: RetryPolicy(),
            pacer: Pacer(imports: pace), random: { 0.5 }, clock: clock)
        let context = FindingWriter(
            store: store, clock: clock.now, jitter: { 0.5 }, metrics: BridgeMetrics(factory: PrometheusRegistry()),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let configuration = try BridgeConfiguration(
            flags: [:], environment: [:], readFile: { _ throws(ConfigurationError) in [] })
        return WorkerPool(
            context: context, accounts: AccountClients(client), clock: clock, configuration: Reloadable(configuration),
            owner: "test")
    }

    /// Has alarms come in at once.
    func receive(_ names: [String]) async throws {
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

    /// How long each finding waited for its import, from the import with a number on.
    func waits(from first: Int) -> [Duration] {
        let times = times.withLock { $0 }
        return hub.imports[first...].flatMap { one in one.ids.compactMap { id in times[id].map { one.time - $0 } } }
    }
}

@Suite(.timeLimit(.minutes(1))) struct BatchLingerTests {
    @Test("Through the workers, full batches go first and at once, and no finding waits longer than 500 ms for company")
    func linger() async throws {
        try await withStore { store in
            let workers = SimulatedWorkers(store)
            // Fewer than half of the thirty at once are left behind the first batches: from then on each counts.
            let pool = try workers.pool(pace: Pacer.ImportRate(rate: 2.5, burst: 30))
            let (time, hub) = (workers.time, workers.hub)
            try await time.run {
                try await workers.receive((0..<2500).map { "a\($0)" })
                let group = ServiceGroup(
                    services: [pool], logger: Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() })
                async let running: Void = group.run()
                try await time.sleep(for: .seconds(1))
                #expect(hub.imports.map(\.ids.count) == Array(repeating: 100, count: 25))
                #expect(hub.imports.first?.time == .zero)

                // Alarms that come one by one share requests, and each waits half a second at most.
                var random = SeededGenerator(seed: 7)
                for number in 0..<100 {
                    try await workers.receive(["b\(number)"])
                    try await time.sleep(for: .milliseconds(Int64.random(in: 10...70, using: &random)))
                }
                try await time.sleep(for: .seconds(1))
                let waits = workers.waits(from: 25)
                #expect(waits.count == 100 && waits.max() == .milliseconds(500))
                #expect((2...12).contains(hub.imports.count - 25), "\(hub.imports.count) imports")

                // Those that fill a batch end the wait.
                var before = hub.imports.count
                try await workers.receive((0..<60).map { "c\($0)" })
                try await time.sleep(for: .milliseconds(200))
                #expect(hub.imports.count == before)
                try await workers.receive((60..<100).map { "c\($0)" })
                try await time.sleep(for: .milliseconds(1))
                #expect(hub.imports[before...].map(\.ids.count) == [100])
                #expect(workers.waits(from: before).max() == .milliseconds(200))

                // When requests are plentiful again, one alone waits a moment.
                try await time.sleep(for: .seconds(20))
                before = hub.imports.count
                try await workers.receive(["d"])
                try await time.sleep(for: .seconds(1))
                #expect(workers.waits(from: before) == [.milliseconds(50)])
                await group.triggerGracefulShutdown()
                try await running
            }
            #expect(try await store.status().completed == 2701)
        }
    }
}

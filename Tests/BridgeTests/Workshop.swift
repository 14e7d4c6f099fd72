import AWSClient
import AWSCore
import CoreMetrics
import EventLoop
import Logging
import Store
import Synchronization
import TestSupport
import Testing

@testable import Bridge

/// What lanes need, with AWS scripted and a clock that a test sets.
struct Workshop {
    let store: SQLiteStore
    let loop: EventLoop
    let aws: ScriptedAWS
    let client: AWSClient
    let context: LaneContext
    let journal: Journal
    let time: TestClock

    /// Runs a test with a workshop, and closes everything.
    static func run(_ body: (Workshop) async throws -> Void) async throws {
        try await withStore { store in
            try await withLoop { loop in try await body(Workshop(store: store, loop: loop)) }
        }
    }

    private init(store: SQLiteStore, loop: EventLoop) throws {
        self.store = store
        self.loop = loop
        let (journal, time) = (Journal(), TestClock(now))
        (self.journal, self.time) = (journal, time)
        aws = ScriptedAWS(loop: loop, journal: journal)
        client = AWSClient(
            http: aws,
            credentials: EnvironmentCredentials(environment: [
                "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "secret",
            ]),
            endpoints: try Endpoints(), retry: RetryPolicy(), random: { 0 }, sleep: { _ in })
        context = LaneContext(
            store: store, clock: { time.now }, chance: { 1 },
            metrics: BridgeMetrics(factory: PrometheusRegistry()),
            logger: Logger(label: "test") { _ in JournalHandler(journal: journal) })
    }

    func sender(_ origin: Origin) -> FindingSender {
        FindingSender(
            origin: origin, client: client, loop: loop, bucket: TokenBucket(rate: 1000, burst: 1000),
            metrics: context.metrics)
    }

    /// Leases everything that is ready.
    func items() async throws -> [Lane.Item] {
        let batch = try await store.lease(limit: 1000, for: .seconds(60), owner: "test", now: time.now)
        return try batch.deliveries.map { ($0, try Work($0.delivery)) }
    }

    /// Has the lanes of an origin work on everything that is ready, audits last.
    func work(of origin: Origin) async throws {
        let items = try await items()
        let sender = sender(origin)
        await AlarmLane(origin: origin, context: context, sender: sender).work(items.filter { !$0.work.concernsAudits })
        await AuditLane(origin: origin, context: context, sender: sender, client: client, checkSummaries: false)
            .work(items.filter { $0.work.concernsAudits })
    }

    func pool(grace: Duration = .zero) throws -> WorkerPool {
        WorkerPool(
            context: context, client: client, loop: loop,
            configuration: try BridgeConfiguration(
                flags: ["mapping.checkSummaries": "false", "securityHub.requestsPerSecond": "1000"], environment: [:],
                readFile: { _ throws(ConfigurationError) in [] }),
            owner: "test", grace: grace)
    }
}

/// A clock that stands until it is set.
final class TestClock: Sendable {
    private let milliseconds: Atomic<Int64>
    init(_ now: Int64) { milliseconds = Atomic(now) }
    var now: Int64 { milliseconds.load(ordering: .sequentiallyConsistent) }
    func advance(by duration: Duration) { milliseconds.add(duration.milliseconds, ordering: .sequentiallyConsistent) }
}

/// What was logged, to be waited for.
final class Journal: Sendable {
    private struct State {
        var messages: [String: Int] = [:]
        var waiters: [(message: String, count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    func note(_ message: String) {
        let over = state.withLock { state in
            state.messages[message, default: 0] += 1
            let messages = state.messages
            let over = state.waiters.filter { messages[$0.message, default: 0] >= $0.count }
            state.waiters.removeAll { messages[$0.message, default: 0] >= $0.count }
            return over
        }
        for waiter in over { waiter.continuation.resume() }
    }

    func count(_ message: String) -> Int { state.withLock { $0.messages[message, default: 0] } }

    /// Waits until a message was logged so many times.
    func wait(for message: String, count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.messages[message, default: 0] >= count { return true }
                state.waiters.append((message, count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}

private struct JournalHandler: LogHandler {
    let journal: Journal
    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]

    init(journal: Journal) { self.journal = journal }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { journal.note("\(event.message)") }
}

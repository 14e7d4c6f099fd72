import AWSClient
import AWSCore
import CoreMetrics
import Encoding
import EventLoop
import Fixtures
import JSON
import Logging
import SQLiteStore
import ServiceLifecycle
import Store
import Synchronization
import TestSupport
import Testing

@testable import Admin
@testable import Planning
@testable import Processing
@testable import Telemetry

/// The parts that processors need, with a scripted AWS and a clock that tests set.
struct ProcessingHarness {
    let store: SQLiteStore
    let loop: EventLoop
    let aws: ScriptedAWS
    let client: AWSClient
    let processing: ProcessingComponents
    /// What ``processing`` reports for the status page.
    let activity: ActivityLog
    let recorder: LogRecorder
    let time: TestClock

    /// Runs a test with a harness, and closes it.
    ///
    /// - Parameters:
    ///   - pace: the rate limit for imports; nil for no limit.
    ///   - body: the test.
    static func run(
        pace: Pacer.ImportRate? = nil, _ body: (ProcessingHarness) async throws -> Void
    ) async throws {
        try await withStore { store in
            try await withEventLoop { loop in try await body(ProcessingHarness(store: store, loop: loop, pace: pace)) }
        }
    }

    private init(store: SQLiteStore, loop: EventLoop, pace: Pacer.ImportRate?) throws {
        self.store = store
        self.loop = loop
        let (recorder, time) = (LogRecorder(), TestClock(now))
        (self.recorder, self.time) = (recorder, time)
        aws = ScriptedAWS(loop: loop, recorder: recorder)
        activity = ActivityLog { time.now }
        client = AWSClient(
            http: aws,
            credentials: TestCredentials(), endpoints: try Endpoints(), retry: RetryPolicy(),
            pacer: Pacer(imports: pace ?? Pacer.ImportRate(rate: 1000, burst: 1000)), random: { 0 },
            clock: AWSClock(
                now: { time.now }, elapsed: { .zero },
                sleep: { if pace != nil { try await loop.sleep(for: $0) } }, executor: loop))
        processing = ProcessingComponents(
            store: store, loop: loop, now: { time.now }, jitter: 1,
            logger: Logger(label: "test") { _ in LogRecorderHandler(recorder: recorder) }, activity: activity)
    }

    /// - Parameter client: nil for the harness's client.
    func processor(
        of kind: DeliveryCommand.Kind, client: AWSClient? = nil,
        mapping: MappingOptions = MappingOptions(checkSummaries: false)
    ) throws -> any DeliveryProcessor {
        processing.processors(AccountClients(client ?? self.client), settings(mapping))
            .processor(of: kind, for: DeliveryLane(try accountRegion()))
    }

    /// - Parameter leases: nil for the store.
    func sender(leases: (any LeaseHolder)? = nil) throws -> FindingSender {
        FindingSender(
            lane: DeliveryLane(try accountRegion()), client: client, metrics: processing.metrics,
            circuitBreakers: processing.circuitBreakers, leases: leases ?? store)
    }

    func scheduler(staleAfter: Duration? = nil) -> TaskScheduler {
        processing.taskScheduler(settings(MappingOptions(staleAfter: staleAfter)), gap: OutageTracker())
    }

    func maintenance(
        _ settings: ProcessingSettings, _ processing: ProcessingComponents? = nil,
        completedLimit: Int = MaintenanceService.completedLimit
    ) -> MaintenanceService {
        let processing = processing ?? self.processing
        return MaintenanceService(
            store: store, clock: processing.clock, trust: processing.trust, deadLetters: processing.deadLetters,
            settings: Reloadable(settings), logger: processing.logger, completedLimit: completedLimit)
    }

    private func settings(
        _ mapping: MappingOptions, _ sources: [String: ProcessingSettings.Source] = [:]
    ) -> Reloadable<ProcessingSettings> {
        Reloadable(
            ProcessingSettings(
                mapping: mapping, accountRegions: [], catchUpInterval: nil, maximumMessageAge: .seconds(3600),
                maximumDeadLetterAge: .seconds(3600), sources: sources))
    }

    /// Leases all ready deliveries.
    func leaseReady() async throws -> [LeasedCommand] {
        let batch = try await store.lease(limit: 1000, for: .seconds(60), owner: "test", now: time.now)
        return try batch.deliveries.map { ($0, try DeliveryCommand($0.delivery)) }
    }

    /// Processes all ready deliveries with the processors of an account and Region: alarms, audits, then mapped sources.
    func process(
        of accountRegion: AccountRegion, mapping: MappingOptions = MappingOptions(checkSummaries: false),
        sources: [String: ProcessingSettings.Source] = [:]
    ) async throws {
        let items = try await leaseReady()
        let processors = processing.processors(AccountClients(client), settings(mapping, sources))
        for kind in [DeliveryCommand.Kind.alarms, .audits] {
            await processors.processor(of: kind, for: DeliveryLane(accountRegion)).process(
                items.filter { $0.command.kind == kind })
        }
        for source in sources.keys.sorted() {
            let own = items.filter { $0.command.kind == .mapped && $0.leased.delivery.source == source }
            guard !own.isEmpty else { continue }
            await processors.processor(of: .mapped, for: DeliveryLane(accountRegion, source: source)).process(own)
        }
    }

    /// - Parameter accounts: nil for the harness's client.
    func pool(
        grace: Duration = .zero, processing: ProcessingComponents? = nil, accounts: AccountClients? = nil
    ) throws -> WorkerPool {
        var settings = ProcessingSettings.standard
        settings.mapping.checkSummaries = false
        return (processing ?? self.processing).workers(
            accounts ?? AccountClients(client), Reloadable(settings),
            owner: "test", grace: grace)
    }
}

extension ProcessingComponents {
    /// Components with a clock that tests set.
    ///
    /// - Parameter elapsed: returns a monotonic time; nil to use `now`.
    init(
        store: any Store, loop: EventLoop, now: @escaping @Sendable () -> Timestamp,
        elapsed: (@Sendable () -> Duration)? = nil, trust: ClockTrust? = nil, jitter: Double, logger: Logger,
        activity: ActivityLog? = nil
    ) {
        let elapsed = elapsed ?? { now() - .earliest }
        self.init(
            store: store,
            clock: AWSClock(
                now: now, elapsed: elapsed, sleep: { try await loop.sleep(for: $0) },
                executor: loop),
            trust: trust ?? ClockTrust(now: now, elapsed: elapsed, isChecked: false, logger: logger),
            jitter: { jitter }, metrics: ProcessingMetrics(PrometheusRegistry()), logger: logger, activity: activity)
    }
}

extension ProcessingHarness {
    /// Queues and processes an audit.
    func audit(
        _ task: String, at time: Timestamp, _ clients: [String],
        status: String = "COMPLETED_NON_COMPLIANT", suppressed: Set<String> = [], more: [JSON] = [],
        mapping: MappingOptions = MappingOptions(checkSummaries: false)
    ) async throws {
        let findings = clients.map { Messages.auditFinding($0, at: time, isSuppressed: suppressed.contains($0)) } + more
        let pages = stride(from: 0, to: findings.count, by: 250).map { Array(findings[$0...].prefix(250)) }
        aws.state.withLock {
            $0.audits[task] = (
                Messages.description(startTime: time, checks: [Messages.clientIDs: status]),
                pages.isEmpty ? [[]] : pages
            )
        }
        _ = try await store.append(delivery(task, Messages.audit(task, startTime: time), of: accountRegion()))
        try await process(of: accountRegion(), mapping: mapping)
    }

    /// The clients whose findings are active in Security Hub.
    var activeClients: Set<String> {
        Set(
            aws.state.withLock { $0.hub.values.filter { $0["RecordState"] == "ACTIVE" } }
                .compactMap {
                    $0["Resources"]?.array?.first?["Id"]?.string?.split(separator: "/").last.map(String.init)
                })
    }
}

extension ProcessingSettings {
    /// The defaults of the configuration.
    static let standard = ProcessingSettings(
        mapping: MappingOptions(staleAfter: .seconds(45 * 86_400)), accountRegions: [],
        catchUpInterval: .seconds(3600), maximumMessageAge: .seconds(3600),
        maximumDeadLetterAge: .seconds(90 * 86_400))
}

/// Fixed credentials.
struct TestCredentials: CredentialsProvider {
    func credentials() async throws(CredentialsError) -> Credentials {
        Credentials(accessKeyID: "AKIATEST", secretAccessKey: "secret")
    }
}

/// Runs a worker pool during the body, then shuts it down gracefully.
func withPool(
    _ harness: ProcessingHarness, processing: ProcessingComponents? = nil, accounts: AccountClients? = nil,
    _ body: () async throws -> Void
) async throws {
    let quiet = Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() }
    let group = ServiceGroup(services: [try harness.pool(processing: processing, accounts: accounts)], logger: quiet)
    let running = Task { try await group.run() }
    try await withCleanup {
        try await body()
    } cleanup: {
        await group.triggerGracefulShutdown()
        try await running.value
    }
}

/// A clock that changes only when a test advances it.
final class TestClock: Sendable {
    private let milliseconds: Atomic<Int64>
    init(_ now: Timestamp) { milliseconds = Atomic(now.milliseconds) }
    var now: Timestamp { Timestamp(milliseconds: milliseconds.load(ordering: .sequentiallyConsistent)) }
    func advance(by duration: Duration) { milliseconds.add(duration.milliseconds, ordering: .sequentiallyConsistent) }
}

/// Records log messages, and waits for them.
final class LogRecorder: Sendable {
    private struct State {
        var messages: [String: Int] = [:]
        var waiters: [(message: String, count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    func record(_ message: String) {
        let resumed = state.withLock { state in
            state.messages[message, default: 0] += 1
            let messages = state.messages
            let resumed = state.waiters.filter { messages[$0.message, default: 0] >= $0.count }
            state.waiters.removeAll { messages[$0.message, default: 0] >= $0.count }
            return resumed
        }
        for waiter in resumed { waiter.continuation.resume() }
    }

    func count(_ message: String) -> Int { state.withLock { $0.messages[message, default: 0] } }

    /// Waits until a message has been logged a number of times.
    func wait(for message: String, count: Int) async {
        await withCheckedContinuation { continuation in
            let isReached = state.withLock { state in
                if state.messages[message, default: 0] >= count { return true }
                state.waiters.append((message, count, continuation))
                return false
            }
            if isReached { continuation.resume() }
        }
    }
}

struct LogRecorderHandler: LogHandler {
    let recorder: LogRecorder
    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]

    init(recorder: LogRecorder) { self.recorder = recorder }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: Logging.LogEvent) { recorder.record("\(event.message)") }
}

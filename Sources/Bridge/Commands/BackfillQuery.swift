import AWSClient
import AWSCore
import DeviceDefender
import Encoding
import EventLoop
import Planning
import Processing
import Store

/// Queues the queries of a backfill, and reports progress until they are processed.
struct BackfillQuery: Sendable {
    let lanes: [DeliveryLane]
    let lookback: Duration
    let processing: ProcessingComponents
    let loop: EventLoop
    let pollInterval: Duration
    /// Whether a bridge serves from the store exclusively, and so processes the queue.
    let isServed: Bool
    let report: @Sendable (Backfill.Report) -> Void

    /// Queues the queries, and waits until the deliveries of these account-Regions are processed.
    func run() async throws -> Backfill.Report {
        let now = processing.clock.now()
        let start = processing.trust.bestTime - lookback
        var progress = BackfillProgress(lanes: Set(lanes), startedAt: now, before: try await depths())
        for lane in lanes {
            let task = lane.source == nil ? InternalTask.catchUp(since: start) : .catchUpAlarms
            _ = try await processing.store.append(
                task.delivery(
                    of: lane.accountRegion, source: lane.source, on: "backfill \(now.milliseconds)", now: now))
        }
        while true {
            let obstacles = BackfillProgress.Obstacles(
                denials: processing.circuitBreakers.entries, pauses: try await processing.store.pauses(),
                isServed: isServed)
            if progress.update(try await depths(), obstacles, now: processing.clock.now()) { report(progress.report) }
            if progress.report.isComplete { return progress.report }
            try await loop.sleep(for: pollInterval)
        }
    }

    private func depths() async throws(StoreError) -> [QueueDepth] {
        var depths: [QueueDepth] = []
        for try await page in processing.store.queueDepths(now: processing.clock.now()) { depths += page }
        return depths
    }
}

/// Derives the progress of a backfill from queue depths. A pure value.
///
/// A query and its results are complete when all deliveries received until then are processed. So a backfill completes even
/// while new deliveries arrive.
struct BackfillProgress {
    /// What may keep deliveries from being processed.
    struct Obstacles {
        /// The account-Regions that this process has suspended because AWS denies access.
        var denials: [CircuitBreakers.Entry] = []
        var pauses: [Pause] = []
        /// Whether another process does the work.
        var isServed = false
    }

    private let lanes: Set<DeliveryLane>
    private let startedAt: Timestamp
    private let initialDeadLetters: Int
    /// When all queries were first seen complete. Their results were queued before.
    private var queriedAt: Timestamp?

    private(set) var report = Backfill.Report()

    /// - Parameters:
    ///   - startedAt: when the queries were queued.
    ///   - before: the queue depths before that.
    init(lanes: Set<DeliveryLane>, startedAt: Timestamp, before depths: [QueueDepth]) {
        self.lanes = lanes
        self.startedAt = startedAt
        initialDeadLetters = Self.deadLettered(depths, lanes)
        report.accountRegions = Set(lanes.map(\.accountRegion)).count
    }

    /// Updates the progress from queue depths; returns whether the report has changed.
    mutating func update(_ depths: [QueueDepth], _ obstacles: Obstacles = Obstacles(), now: Timestamp) -> Bool {
        let last = report
        let open = depths.filter { lanes.contains($0.lane) && $0.state != .dead }
        report.remaining = open.reduce(0) { $0 + $1.count }
        report.peak = max(report.peak, report.remaining)
        report.deadLettered = max(Self.deadLettered(depths, lanes) - initialDeadLetters, 0)
        let openQueries = Set(open.filter { $0.oldestReceivedAt <= startedAt }.map(\.accountRegion))
        report.completedQueries = max(report.completedQueries, report.accountRegions - openQueries.count)
        if openQueries.isEmpty, queriedAt == nil { queriedAt = now }
        if let queriedAt { report.isComplete = open.allSatisfy { $0.oldestReceivedAt > queriedAt } }
        report.waitingFor = report.isComplete ? nil : Self.wait(open, obstacles)
        return report != last
    }

    /// What the remaining deliveries wait for; nil while this process handles some of them.
    private static func wait(_ open: [QueueDepth], _ obstacles: Obstacles) -> String? {
        func count(_ state: QueueDepth.State) -> Int { open.reduce(0) { $0 + ($1.state == state ? $1.count : 0) } }
        if let pause = obstacles.pauses.first(where: { pause in open.contains { pause.applies(to: $0.lane) } }) {
            return "sending to resume; run defender-bridge resume\(pause.scope.options)"
        }
        if let entry = obstacles.denials.first(where: { entry in
            open.contains { $0.lane == entry.lane }
        }) {
            return "access to \(entry.lane): \(entry.denial.reason)"
        }
        if obstacles.isServed {
            return "the running bridge; see /status.json on its admin address"
        }
        guard count(.leased) == 0, count(.pending) == 0, count(.waiting) > 0 else { return nil }
        return "the retry of failed deliveries (\(count(.waiting))); see the log for the reasons"
    }

    private static func deadLettered(_ depths: [QueueDepth], _ lanes: Set<DeliveryLane>) -> Int {
        depths.reduce(0) { lanes.contains($1.lane) && $1.state == .dead ? $0 + $1.count : $0 }
    }
}

import AWSCore
import DeviceDefender
import EventLoop
import Store

/// The asking, and the watching of what comes of it.
struct BackfillQuery: Sendable {
    let accountRegions: [AccountRegion]
    let lookback: Duration
    let context: FindingWriter
    let loop: EventLoop
    let pollInterval: Duration
    /// Whether a bridge serves from the store alone, and so does the work.
    let isServed: Bool
    let report: @Sendable (Backfill.Report) -> Void

    /// Puts the questions into the queue, and waits until it is empty as far as these accounts and Regions go.
    func run() async throws -> Backfill.Report {
        let now = context.clock()
        let start = context.trust.bestTime.saturatingSubtracting(lookback.milliseconds)
        let work = CatchUpTask.catchUp(since: Timestamp(milliseconds: start))
        var progress = BackfillProgress(accountRegions: Set(accountRegions), startedAt: now, before: try await depths())
        for accountRegion in accountRegions {
            _ = try await context.store.append(work.delivery(of: accountRegion, on: "backfill \(now)", now: now))
        }
        while true {
            let obstacles = BackfillProgress.Obstacles(
                denials: context.circuitBreakers.entries, pauses: try await context.store.pauses(), isServed: isServed)
            if progress.update(try await depths(), obstacles, now: context.clock()) { report(progress.report) }
            if progress.report.isComplete { return progress.report }
            try await loop.sleep(for: pollInterval)
        }
    }

    private func depths() async throws(StoreError) -> [QueueDepth] {
        var depths: [QueueDepth] = []
        var last: AccountRegion?
        repeat {
            let page = try await context.store.queueDepths(now: context.clock(), after: last, limit: 1000)
            depths += page
            last = page.last?.accountRegion
        } while last != nil
        return depths
    }
}

/// What the depths of the queue tell of a backfill. A pure value.
///
/// A question, and what it finds, are done when everything that came in as early is done: so it ends also while other
/// deliveries keep coming.
struct BackfillProgress {
    /// What may keep deliveries from being processed.
    struct Obstacles {
        /// The account-Regions that this process has suspended because AWS denies access.
        var denials: [CircuitBreakers.Entry] = []
        var pauses: [Pause] = []
        /// Whether another process does the work.
        var isServed = false
    }

    private let accountRegions: Set<AccountRegion>
    private let startedAt: Int64
    private let initialDeadLetters: Int
    /// When all questions were seen to be answered: what they found came in before.
    private var queriedAt: Int64?

    private(set) var report = Backfill.Report()

    /// - Parameters:
    ///   - startedAt: when the questions came into the queue, in milliseconds since 1970.
    ///   - before: the depths before that.
    init(accountRegions: Set<AccountRegion>, startedAt: Int64, before depths: [QueueDepth]) {
        self.accountRegions = accountRegions
        self.startedAt = startedAt
        initialDeadLetters = Self.deadLettered(depths, accountRegions)
        report.accountRegions = accountRegions.count
    }

    /// Takes in new depths; says whether the report has changed.
    mutating func update(_ depths: [QueueDepth], _ obstacles: Obstacles = Obstacles(), now: Int64) -> Bool {
        let last = report
        let open = depths.filter { accountRegions.contains($0.accountRegion) && $0.state != .dead }
        report.remaining = open.reduce(0) { $0 + $1.count }
        report.peak = max(report.peak, report.remaining)
        report.deadLettered = max(Self.deadLettered(depths, accountRegions) - initialDeadLetters, 0)
        let unanswered = Set(open.filter { $0.oldestReceivedAt <= startedAt }.map(\.accountRegion))
        report.completedQueries = max(report.completedQueries, accountRegions.count - unanswered.count)
        if unanswered.isEmpty, queriedAt == nil { queriedAt = now }
        if let queriedAt { report.isComplete = open.allSatisfy { $0.oldestReceivedAt > queriedAt } }
        report.waitingFor = report.isComplete ? nil : Self.wait(open, obstacles)
        return report != last
    }

    /// What the deliveries that are left wait for; nil while a worker of this process has some of them.
    private static func wait(_ open: [QueueDepth], _ obstacles: Obstacles) -> String? {
        func count(_ state: QueueDepth.State) -> Int { open.reduce(0) { $0 + ($1.state == state ? $1.count : 0) } }
        if let pause = obstacles.pauses.first(where: { pause in open.contains { pause.applies(to: $0.accountRegion) } })
        {
            return "defender-bridge resume\(pause.account.map { " --account \($0)" } ?? ""): sending is paused"
        }
        if let entry = obstacles.denials.first(where: { entry in
            open.contains { $0.accountRegion == entry.accountRegion }
        }) {
            return "access in \(entry.accountRegion): \(entry.denial.reason)"
        }
        if obstacles.isServed {
            return "the bridge that serves from this store; /status.json of its admin address has details"
        }
        guard count(.leased) == 0, count(.pending) == 0, count(.waiting) > 0 else { return nil }
        return "the next attempt of \(count(.waiting)) deliveries that failed; the log has the reasons"
    }

    private static func deadLettered(_ depths: [QueueDepth], _ accountRegions: Set<AccountRegion>) -> Int {
        depths.filter { accountRegions.contains($0.accountRegion) && $0.state == .dead }.reduce(0) { $0 + $1.count }
    }
}

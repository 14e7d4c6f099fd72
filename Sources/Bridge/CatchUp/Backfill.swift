import AWSCore
import DeviceDefender
import EventLoop
import Store

/// The asking, and the watching of what comes of it.
struct Backfill: Sendable {
    let origins: [Origin]
    let past: Duration
    let context: LaneContext
    let loop: EventLoop
    let look: Duration
    /// Whether a bridge serves from the store alone, and so does the work.
    let isServed: Bool
    let report: @Sendable (Backfilling.Report) -> Void

    /// Puts the questions into the queue, and waits until it is empty as far as these accounts and Regions go.
    func run() async throws -> Backfilling.Report {
        let now = context.clock()
        let start = context.trust.present.saturatingSubtracting(past.milliseconds)
        let work = MissedWork.catchUp(since: Timestamp(milliseconds: start))
        var progress = BackfillProgress(origins: Set(origins), beganAt: now, before: try await depths())
        for origin in origins {
            _ = try await context.store.append(work.delivery(of: origin, on: "backfill \(now)", now: now))
        }
        while true {
            let obstacles = BackfillProgress.Obstacles(
                denials: context.standings.entries, pauses: try await context.store.pauses(), isServed: isServed)
            if progress.update(try await depths(), obstacles, now: context.clock()) { report(progress.report) }
            if progress.report.isOver { return progress.report }
            try await loop.sleep(for: look)
        }
    }

    private func depths() async throws(StoreError) -> [QueueDepth] {
        var depths: [QueueDepth] = []
        var last: Origin?
        repeat {
            let page = try await context.store.queueDepths(now: context.clock(), after: last, limit: 1000)
            depths += page
            last = page.last?.origin
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
        var denials: [StandingBoard.Entry] = []
        var pauses: [Pause] = []
        /// Whether another process does the work.
        var isServed = false
    }

    private let origins: Set<Origin>
    private let beganAt: Int64
    private let deadBefore: Int
    /// When all questions were seen to be answered: what they found came in before.
    private var askedAt: Int64?

    private(set) var report = Backfilling.Report()

    /// - Parameters:
    ///   - beganAt: when the questions came into the queue, in milliseconds since 1970.
    ///   - before: the depths before that.
    init(origins: Set<Origin>, beganAt: Int64, before depths: [QueueDepth]) {
        self.origins = origins
        self.beganAt = beganAt
        deadBefore = Self.dead(depths, origins)
        report.origins = origins.count
    }

    /// Takes in new depths; says whether the report has changed.
    mutating func update(_ depths: [QueueDepth], _ obstacles: Obstacles = Obstacles(), now: Int64) -> Bool {
        let last = report
        let open = depths.filter { origins.contains($0.origin) && $0.state != .dead }
        report.left = open.reduce(0) { $0 + $1.count }
        report.most = max(report.most, report.left)
        report.dead = max(Self.dead(depths, origins) - deadBefore, 0)
        let unanswered = Set(open.filter { $0.oldestReceivedAt <= beganAt }.map(\.origin))
        report.asked = max(report.asked, origins.count - unanswered.count)
        if unanswered.isEmpty, askedAt == nil { askedAt = now }
        if let askedAt { report.isOver = open.allSatisfy { $0.oldestReceivedAt > askedAt } }
        report.waitingFor = report.isOver ? nil : Self.wait(open, obstacles)
        return report != last
    }

    /// What the deliveries that are left wait for; nil while a worker of this process has some of them.
    private static func wait(_ open: [QueueDepth], _ obstacles: Obstacles) -> String? {
        func count(_ state: QueueDepth.State) -> Int { open.reduce(0) { $0 + ($1.state == state ? $1.count : 0) } }
        if let pause = obstacles.pauses.first(where: { pause in open.contains { pause.holds($0.origin) } }) {
            return "defender-bridge resume\(pause.account.map { " --account \($0)" } ?? ""): sending is paused"
        }
        if let entry = obstacles.denials.first(where: { entry in open.contains { $0.origin == entry.origin } }) {
            return "access in \(entry.origin): \(entry.denial.reason)"
        }
        if obstacles.isServed {
            return "the bridge that serves from this store; /status.json of its admin address has details"
        }
        guard count(.leased) == 0, count(.pending) == 0, count(.waiting) > 0 else { return nil }
        return "the next attempt of \(count(.waiting)) deliveries that failed; the log has the reasons"
    }

    private static func dead(_ depths: [QueueDepth], _ origins: Set<Origin>) -> Int {
        depths.filter { origins.contains($0.origin) && $0.state == .dead }.reduce(0) { $0 + $1.count }
    }
}

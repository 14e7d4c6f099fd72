import AWSCore
import Encoding
import JSON
import Processing
import SNS
import Store

/// Health of the bridge: a state, and the problems behind it with their remediation. A pure function of ``HealthInput``.
struct Health: Sendable, Hashable {
    /// Overall state. The raw values are those of `health.state` in status.json.
    enum State: String, Sendable, Hashable, CaseIterable {
        /// No problems.
        case working
        /// There are problems, but findings reach Security Hub.
        case attention
        /// Findings of at least one account do not reach Security Hub.
        case failing
        /// The store is unavailable, so the state cannot be determined.
        case unknown
    }

    let state: State
    /// Critical problems first, then warnings; at most ``problemLimit``.
    let problems: [HealthProblem]

    /// Most problems that are reported. If there are more, the last one says how many.
    static let problemLimit = 50

    init(_ input: HealthInput) {
        let all = Self.problems(input)
        let sorted = all.filter { $0.severity == .critical } + all.filter { $0.severity == .warning }
        if input.stored == nil {
            state = .unknown
        } else if all.contains(where: \.stopsFindings) {
            state = .failing
        } else {
            state = all.isEmpty ? .working : .attention
        }
        problems = sorted.count <= Self.problemLimit ? sorted : Self.cut(sorted)
    }

    private static func cut(_ problems: [HealthProblem]) -> [HealthProblem] {
        let kept = problems.prefix(problemLimit - 1)
        let more = HealthProblem(
            severity: problems[kept.count].severity,
            summary: "\(problems.count - kept.count) more problems.",
            remediation: "Resolve the problems above to see the rest.")
        return kept + [more]
    }

    /// The member `health` of status.json.
    var json: JSON { ["state": .string(state.rawValue), "problems": .array(problems.map(\.json))] }

    private static func problems(_ input: HealthInput) -> [HealthProblem] {
        var problems = [store(input), listening(input)].compactMap(\.self)
        problems += denials(input) + certificate(input) + disk(input) + IntakeProblems.problems(input)
        guard let stored = input.stored else { return problems }
        return problems + queue(stored, input) + stalls(stored, input) + late(stored, input) + clocks(stored)
            + pauses(stored) + deadLetters(stored) + deadLetterLimits(input)
            + subscriptions(stored, input) + catchUp(stored, input)
    }

    // MARK: The bridge

    private static func store(_ input: HealthInput) -> HealthProblem? {
        guard let reason = input.storeProblem else { return nil }
        return HealthProblem(
            severity: .critical, summary: "The store is unavailable: \(reason)",
            remediation:
                "Deliveries are deferred (503), and nothing is processed; acknowledged deliveries are safe. The log repeats "
                + "the reason each minute. SQLite: check the volume (full, read-only, I/O error). PostgreSQL: check that the "
                + "database accepts connections and writes. The bridge recovers automatically.", stopsFindings: true)
    }

    private static func listening(_ input: HealthInput) -> HealthProblem? {
        guard !input.hasChannel else { return nil }
        return HealthProblem(
            severity: .critical,
            summary: "All deliveries are rejected: no sns.topics, EventBridge credentials or sources are configured.",
            remediation: "Set sns.topics to the ARNs of Device Defender's topics.", stopsFindings: true)
    }

    private static func certificate(_ input: HealthInput) -> [HealthProblem] {
        input.certificateWarnings.map { warning in
            HealthProblem(
                severity: .critical, summary: warning,
                remediation:
                    "Renew the certificate and write it to the files of listen.tls; the bridge loads it within ten seconds. "
                    + "Once it has expired, SNS and EventBridge deliver nothing.",
                stopsFindings: input.hasInvalidCertificate)
        }
    }

    private static func disk(_ input: HealthInput) -> [HealthProblem] {
        guard let free = input.freeSpace, free < leastFreeSpace else { return [] }
        return [
            HealthProblem(
                severity: .warning, summary: "The disk is nearly full: \(free / 1_000_000) MB are free.",
                remediation:
                    "Free space on the volume of store.url, or enlarge it; the bridge recovers automatically. When it is "
                    + "full, deliveries are deferred (503).")
        ]
    }

    /// In bytes.
    private static let leastFreeSpace: UInt64 = 500_000_000

    // MARK: The queue

    private static func queue(_ stored: StoreSnapshot.QueueSnapshot, _ input: HealthInput) -> [HealthProblem] {
        let count = stored.status.pending + stored.status.leased
        guard Double(count) > Double(input.maximumPending) * 0.8 else { return [] }
        let share = Int(Double(count) / Double(max(input.maximumPending, 1)) * 100)
        return [
            HealthProblem(
                severity: .critical, summary: "The queue is \(share) % full.",
                remediation:
                    "When it is full (store.maxPending), deliveries are deferred (503), and SNS drops them after an hour. "
                    + "Remove what blocks processing: a denied account, a pause, throttling. Until then, raise "
                    + "store.maxPending if the disk has enough space.", stopsFindings: count >= input.maximumPending)
        ]
    }

    private static func late(_ stored: StoreSnapshot.QueueSnapshot, _ input: HealthInput) -> [HealthProblem] {
        let waiting = Dictionary(grouping: stored.depths.filter { $0.state != .dead }, by: \.lane)
        return waiting.sorted { $0.key < $1.key }.compactMap { lane, depths in
            let oldest = depths.map(\.oldestReceivedAt).min() ?? input.now
            let age = input.now - oldest
            guard age > longestWait, !isHeld(lane, stored, input) else { return nil }
            guard !stored.sharing.stalls.contains(where: { $0.lane == lane }) else { return nil }
            return HealthProblem(
                severity: .critical,
                summary:
                    "Findings of \(lane.words) are late: the oldest delivery has "
                    + "been in the queue for \(AgeText.text(age)).",
                remediation:
                    "Run defender-bridge queue. Many waiting: earlier attempts failed; see the failures in the log "
                    + "and the AWS Health Dashboard. Many pending: AWS throttles (securityHub.requestsPerSecond), or a large "
                    + "audit is in progress.",
                about: "\(lane.accountRegion)")
        }
    }

    private static let longestWait = Duration.seconds(60)

    private static func stalls(_ stored: StoreSnapshot.QueueSnapshot, _ input: HealthInput) -> [HealthProblem] {
        stored.sharing.stalls.filter { !isHeld($0.lane, stored, input) }.map { stall in
            HealthProblem(
                severity: .critical,
                summary:
                    "Replica \(stall.replica) owns \(stall.lane.words) and has not "
                    + "processed it for \(AgeText.text(stall.idleTime)), although deliveries are ready.",
                remediation:
                    "Save the log of that replica, then restart it: another replica takes over within seconds. Report it as "
                    + "a defect.", about: "\(stall.accountRegion)", stopsFindings: true)
        }
    }

    private static func clocks(_ stored: StoreSnapshot.QueueSnapshot) -> [HealthProblem] {
        stored.sharing.replicas.filter(\.hasWrongClock).map { replica in
            let direction = replica.clockOffset > .zero ? "ahead of" : "behind"
            return HealthProblem(
                severity: .warning,
                summary:
                    "The clock of replica \(replica.name) is \(AgeText.text(replica.clockOffset.magnitude)) "
                    + "\(direction) the database's clock.",
                remediation:
                    "Synchronize both machines with NTP. The queue uses the database's clock; the times in findings come "
                    + "from the replica's clock.", about: nil)
        }
    }

    /// Whether the deliveries of a lane wait because of a denial or a pause, which is reported as its own problem.
    private static func isHeld(
        _ lane: DeliveryLane, _ stored: StoreSnapshot.QueueSnapshot, _ input: HealthInput
    ) -> Bool {
        input.denied.contains { $0.lane == lane } || stored.pauses.contains { $0.applies(to: lane) }
    }

    private static func pauses(_ stored: StoreSnapshot.QueueSnapshot) -> [HealthProblem] {
        stored.pauses.map { pause in
            let reason = pause.reason.map { ": \($0)" } ?? "."
            return HealthProblem(
                severity: .warning,
                summary: "Sending to Security Hub for \(pause.scope.words) is paused by \(pause.pausedBy)\(reason)",
                remediation: "Incoming messages are still accepted and queued, up to store.maxPending. To resume, run "
                    + "defender-bridge resume\(pause.scope.options).",
                about: pause.scope.account?.digits ?? pause.scope.source)
        }
    }

    private static func deadLetters(_ stored: StoreSnapshot.QueueSnapshot) -> [HealthProblem] {
        stored.depths.filter { $0.state == .dead }.map { depth in
            let what = depth.count == 1 ? "1 dead letter" : "\(depth.count) dead letters"
            return HealthProblem(
                severity: .warning, summary: "\(what) of \(depth.lane.words).",
                remediation:
                    "These deliveries failed permanently; their events are missing in Security Hub. The reasons are below and "
                    + "in defender-bridge dead-letters list. Fix the cause, then replay them; drop what is not needed.",
                about: "\(depth.accountRegion)")
        }
    }

    private static func deadLetterLimits(_ input: HealthInput) -> [HealthProblem] {
        input.deadLetterShares.filter { $0.value > 0.8 }.sorted { $0.key < $1.key }.map { key, share in
            HealthProblem(
                severity: .warning,
                summary: "Dead letters use \(Int(min(share, 1) * 100)) % of \(key).",
                remediation:
                    "Beyond the limit, the oldest are dropped and lost. defender-bridge dead-letters list shows the reasons. "
                    + "Fix the cause and replay them, drop what is not needed, or raise the limit.")
        }
    }

    // MARK: AWS

    private static func denials(_ input: HealthInput) -> [HealthProblem] {
        input.denied.map { entry in
            HealthProblem(
                severity: .critical,
                summary: "\(entry.denial.cause.summary) \(entry.lane): \(entry.denial.reason)",
                remediation:
                    "Its deliveries stay in the queue, for 90 days at most; other accounts are not affected. Run "
                    + "defender-bridge check: it verifies the credentials, the role, its permissions, and that Security Hub is "
                    + "enabled. After the fix, the bridge recovers automatically within a minute.",
                about: "\(entry.lane.accountRegion)", stopsFindings: true)
        }
    }

    private static func subscriptions(_ stored: StoreSnapshot.QueueSnapshot, _ input: HealthInput) -> [HealthProblem] {
        stored.subscriptions.compactMap { subscription in
            guard input.acceptsTopic(subscription.topic) else { return nil }
            let remediation: String
            switch subscription.state {
            case .confirmed: return nil
            case .pending:
                guard input.now - subscription.changedAt > longestConfirmation else { return nil }
                remediation =
                    "sns.confirm is off, and the log has the command that confirms it; or the confirmation failed, and the "
                    + "log has the reason."
            case .ended:
                remediation =
                    "The bridge was unsubscribed. Subscribe it again, or remove the topic from sns.topics."
            }
            return HealthProblem(
                severity: .warning,
                summary: "The subscription to \(subscription.topic) is \(subscription.state.rawValue): SNS delivers "
                    + "no messages from it.", remediation: remediation, about: "\(subscription.topic)")
        }
    }

    private static let longestConfirmation = Duration.seconds(15 * 60)

    private static func catchUp(_ stored: StoreSnapshot.QueueSnapshot, _ input: HealthInput) -> [HealthProblem] {
        // After a long downtime, catch-up needs some time.
        guard let interval = input.catchUpInterval,
            input.now - input.startedAt > startingTime
        else { return [] }
        return stored.watermarks.sorted { $0.key < $1.key }.compactMap { accountRegion, watermark in
            let age = input.now - watermark
            guard age > interval * 3, !isHeld(DeliveryLane(accountRegion), stored, input) else { return nil }
            return HealthProblem(
                severity: .warning,
                summary:
                    "Catch-up of account \(accountRegion.account) in \(accountRegion.region) is overdue: Device Defender was "
                    + "last queried for missed events \(AgeText.text(age)) ago.",
                remediation:
                    "The log has the reason, usually a missing permission (iot:ListAuditTasks, iot:ListViolationEvents, "
                    + "iot:ListActiveViolations); defender-bridge check names it.", about: "\(accountRegion)")
        }
    }

    private static let startingTime = Duration.seconds(10 * 60)
}

extension CircuitBreaker.Cause {
    /// Beginning of the problem's summary; the account-Region follows.
    fileprivate var summary: String {
        switch self {
        case .accessDenied: "AWS denies access in"
        case .notEnabled: "Security Hub is not enabled in"
        case .noCredentials: "No usable AWS credentials for"
        case .unreachable: "AWS is not reachable for"
        }
    }
}

extension DeliveryLane {
    /// The lane in words.
    var words: String {
        let place = "account \(accountRegion.account) in \(accountRegion.region)"
        return source.map { "source \($0) of \(place)" } ?? place
    }
}

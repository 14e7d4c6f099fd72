import AWSCore
import JSON
import SNS
import Store

/// Whether the bridge works, and if not, what to do. A pure function of ``HealthInput``.
struct Health: Sendable, Hashable {
    /// In a word.
    enum State: String, Sendable, Hashable, CaseIterable {
        /// All is well.
        case working
        /// Somebody should look, and findings reach Security Hub.
        case attention
        /// Findings of at least one account do not reach Security Hub.
        case failing
        /// The store does not answer: nobody knows.
        case unknown
    }

    let state: State
    /// The gravest first.
    let problems: [HealthProblem]

    /// How many problems are told of.
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
            summary: "\(problems.count - kept.count) more things are the matter.",
            remediation: "Cure these first; the others are then told of.")
        return kept + [more]
    }

    /// As status.json has it.
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
            severity: .critical, summary: "The store cannot be used: \(reason)",
            remediation:
                "Deliveries are answered with 503, and nothing is worked on; what was acknowledged is safe. The log "
                + "says why, once a minute. README.md has a table under “When the disk fails”; with PostgreSQL see "
                + "whether the database takes connections and writes.", stopsFindings: true)
    }

    private static func listening(_ input: HealthInput) -> HealthProblem? {
        guard !input.hasChannel else { return nil }
        return HealthProblem(
            severity: .critical, summary: "The bridge takes no deliveries: it has no topics and no key of EventBridge.",
            remediation: "Write the ARNs of Device Defender's topics into sns.topics.", stopsFindings: true)
    }

    private static func certificate(_ input: HealthInput) -> [HealthProblem] {
        input.certificateWarnings.map { warning in
            HealthProblem(
                severity: .critical, summary: warning,
                remediation:
                    "Write a renewed one to the files of listen.tls; the bridge takes it within ten seconds. With an "
                    + "expired certificate SNS and EventBridge deliver nothing.",
                stopsFindings: input.hasInvalidCertificate)
        }
    }

    private static func disk(_ input: HealthInput) -> [HealthProblem] {
        guard let free = input.freeSpace, free < leastFreeSpace else { return [] }
        return [
            HealthProblem(
                severity: .warning, summary: "The disk is nearly full: \(free / 1_000_000) MB are free.",
                remediation:
                    "Free space on the volume of store.url, or make it larger; the bridge goes on by itself. When it "
                    + "is full, deliveries are answered with 503.")
        ]
    }

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
                    "When it is full (store.maxPending), deliveries are answered with 503 and SNS drops them after an "
                    + "hour. End what keeps the deliveries from being worked on; until then raise store.maxPending if "
                    + "the disk has the room.", stopsFindings: count >= input.maximumPending)
        ]
    }

    private static func late(_ stored: StoreSnapshot.QueueSnapshot, _ input: HealthInput) -> [HealthProblem] {
        let waiting = Dictionary(grouping: stored.depths.filter { $0.state != .dead }, by: \.accountRegion)
        return waiting.sorted { $0.key < $1.key }.compactMap { accountRegion, depths in
            let oldest = depths.map(\.oldestReceivedAt).min() ?? input.now
            let age = input.now.saturatingSubtracting(oldest)
            guard age > longestWait, !isHeld(accountRegion, stored, input) else { return nil }
            guard !stored.sharing.stalls.contains(where: { $0.accountRegion == accountRegion }) else { return nil }
            return HealthProblem(
                severity: .critical,
                summary:
                    "Findings of account \(accountRegion.account) in \(accountRegion.region) are late: the oldest delivery has "
                    + "waited \(AgeText.text(age)).",
                remediation: "Many that wait for a retry failed before: see their failures in the log and AWS's health "
                    + "dashboard. Many that are pending: AWS throttles (securityHub.requestsPerSecond), or a large audit "
                    + "is under way.",
                about: "\(accountRegion)")
        }
    }

    private static let longestWait: Int64 = 60_000

    private static func stalls(_ stored: StoreSnapshot.QueueSnapshot, _ input: HealthInput) -> [HealthProblem] {
        stored.sharing.stalls.filter { !isHeld($0.accountRegion, stored, input) }.map { stall in
            let accountRegion = stall.accountRegion
            return HealthProblem(
                severity: .critical,
                summary:
                    "Replica \(stall.replica) holds account \(accountRegion.account) in \(accountRegion.region) and has not "
                    + "processed it for \(AgeText.text(stall.idleTime)), although deliveries are ready.",
                remediation:
                    "Restart that replica; another one takes over within seconds. Keep its log from before, and report "
                    + "this.", about: "\(accountRegion)", stopsFindings: true)
        }
    }

    private static func clocks(_ stored: StoreSnapshot.QueueSnapshot) -> [HealthProblem] {
        stored.sharing.replicas.filter(\.hasWrongClock).map { replica in
            let direction = replica.clockOffset > 0 ? "ahead of" : "behind"
            return HealthProblem(
                severity: .warning,
                summary:
                    "The clock of replica \(replica.name) is \(AgeText.text(Int64(clamping: replica.clockOffset.magnitude))) "
                    + "\(direction) the database's.",
                remediation:
                    "Synchronize the clocks of the machine and of the database by NTP. Deliveries are due by the "
                    + "database's clock, and findings carry the replica's.", about: nil)
        }
    }

    /// Whether the deliveries of an origin wait for something that is told of otherwise.
    private static func isHeld(
        _ accountRegion: AccountRegion, _ stored: StoreSnapshot.QueueSnapshot, _ input: HealthInput
    ) -> Bool {
        input.denied.contains { $0.accountRegion == accountRegion }
            || stored.pauses.contains { $0.applies(to: accountRegion) }
    }

    private static func pauses(_ stored: StoreSnapshot.QueueSnapshot) -> [HealthProblem] {
        stored.pauses.map { pause in
            let whose = pause.account.map { "of account \($0)" } ?? "of all accounts"
            let reason = pause.reason.map { ": \($0)" } ?? "."
            return HealthProblem(
                severity: .warning,
                summary: "Delivery to Security Hub \(whose) is paused by \(pause.pausedBy)\(reason)",
                remediation: "Deliveries are received and kept, up to store.maxPending. defender-bridge resume"
                    + (pause.account.map { " --account \($0)" } ?? "") + " ends it.", about: pause.account?.digits)
        }
    }

    private static func deadLetters(_ stored: StoreSnapshot.QueueSnapshot) -> [HealthProblem] {
        stored.depths.filter { $0.state == .dead }.map { depth in
            let what = depth.count == 1 ? "1 delivery was" : "\(depth.count) deliveries were"
            let accountRegion = depth.accountRegion
            return HealthProblem(
                severity: .warning,
                summary: "\(what) given up, of account \(accountRegion.account) in \(accountRegion.region).",
                remediation:
                    "Security Hub lacks what they tell until somebody decides about them. The reasons are below, and "
                    + "in defender-bridge dead-letters list. Once the cause is gone, replay them; drop what nobody needs.",
                about: "\(accountRegion)")
        }
    }

    private static func deadLetterLimits(_ input: HealthInput) -> [HealthProblem] {
        input.deadLetterShares.filter { $0.value > 0.8 }.sorted { $0.key < $1.key }.map { key, share in
            HealthProblem(
                severity: .warning,
                summary: "Dead letters use \(Int(min(share, 1) * 100)) % of \(key).",
                remediation:
                    "Beyond the limit, the oldest are dropped and lost. defender-bridge dead-letters list gives the reasons; "
                    + "replay or drop them, or raise the limit.")
        }
    }

    // MARK: AWS

    private static func denials(_ input: HealthInput) -> [HealthProblem] {
        input.denied.map { entry in
            HealthProblem(
                severity: .critical,
                summary: "\(entry.denial.cause.summary) \(entry.accountRegion): \(entry.denial.reason)",
                remediation:
                    "Its deliveries wait, for 90 days at most; other accounts go on. defender-bridge check tries each "
                    + "part: the credentials, the role, its permissions, whether Security Hub is enabled there. Then it "
                    + "recovers automatically within a minute.", about: "\(entry.accountRegion)", stopsFindings: true)
        }
    }

    private static func subscriptions(_ stored: StoreSnapshot.QueueSnapshot, _ input: HealthInput) -> [HealthProblem] {
        stored.subscriptions.compactMap { subscription in
            guard input.acceptsTopic(subscription.topic) else { return nil }
            let remediation: String
            switch subscription.state {
            case .confirmed: return nil
            case .pending:
                guard input.now.saturatingSubtracting(subscription.changedAt) > longestConfirmation else { return nil }
                remediation =
                    "sns.confirm is off, and the log has the command that confirms; or the confirmation failed."
            case .ended:
                remediation =
                    "Somebody unsubscribed the bridge; subscribe it again, or remove the topic from sns.topics."
            }
            return HealthProblem(
                severity: .warning,
                summary: "The subscription to \(subscription.topic) is \(subscription.state.rawValue): SNS delivers "
                    + "nothing of it.", remediation: remediation, about: "\(subscription.topic)")
        }
    }

    private static let longestConfirmation: Int64 = 15 * 60_000

    private static func catchUp(_ stored: StoreSnapshot.QueueSnapshot, _ input: HealthInput) -> [HealthProblem] {
        // A bridge that was away long catches up first.
        guard let interval = input.catchUpInterval,
            input.now.saturatingSubtracting(input.startedAt) > startingTime
        else { return [] }
        return stored.watermarks.sorted { $0.key < $1.key }.compactMap { accountRegion, watermark in
            let age = input.now.saturatingSubtracting(watermark)
            guard age > interval.saturatingMultiplied(by: 3), !isHeld(accountRegion, stored, input) else { return nil }
            return HealthProblem(
                severity: .warning,
                summary:
                    "Missed deliveries of account \(accountRegion.account) in \(accountRegion.region) are not asked for: Device "
                    + "Defender was asked last \(AgeText.text(age)) ago.",
                remediation:
                    "The log says why, mostly a missing permission (iot:ListAuditTasks, iot:ListViolationEvents, "
                    + "iot:ListActiveViolations); defender-bridge check names it.", about: "\(accountRegion)")
        }
    }

    private static let startingTime: Int64 = 10 * 60_000
}

extension CircuitBreaker.Cause {
    /// How a problem begins that it is the cause of; the account and Region follow.
    fileprivate var summary: String {
        switch self {
        case .accessDenied: "AWS denies what the bridge asks for in"
        case .notEnabled: "Security Hub is not enabled in"
        case .noCredentials: "There are no usable AWS credentials for"
        case .unreachable: "AWS cannot be reached for"
        }
    }
}

import AWSCore
import Encoding
import Store

/// Problems of the queue: late, stalled and paused deliveries, and dead letters. Each combines all affected lanes.
enum QueueProblems {
    static func problems(_ stored: StoreSnapshot.QueueSnapshot, _ input: HealthInput) -> [HealthProblem] {
        queue(stored, input) + stalls(stored, input) + late(stored, input) + clocks(stored) + pauses(stored)
            + deadLetters(stored) + deadLetterLimits(input)
    }

    private static func queue(_ stored: StoreSnapshot.QueueSnapshot, _ input: HealthInput) -> [HealthProblem] {
        let count = stored.status.pending + stored.status.leased
        guard Double(count) > Double(input.maximumPending) * 0.8 else { return [] }
        let share = Int(Double(count) / Double(max(input.maximumPending, 1)) * 100)
        return [
            HealthProblem(
                severity: .critical, cause: .queueFull, summary: "The queue is \(share) % full.",
                remediation:
                    "When it is full (store.maxPending), deliveries are deferred (503), and SNS drops them after an hour. "
                    + "Remove what blocks processing: a denied account, a pause, throttling. Until then, raise "
                    + "store.maxPending if the disk has enough space.",
                commands: ["defender-bridge queue"], stopsFindings: count >= input.maximumPending)
        ]
    }

    private static func late(_ stored: StoreSnapshot.QueueSnapshot, _ input: HealthInput) -> [HealthProblem] {
        let held = input.heldLanes
        let stalled = Set(stored.sharing.stalls.map(\.lane))
        var oldest: [DeliveryLane: Timestamp] = [:]
        for depth in stored.depths where depth.state != .dead {
            oldest[depth.lane] = min(depth.oldestReceivedAt, oldest[depth.lane] ?? depth.oldestReceivedAt)
        }
        let late = oldest.filter { lane, time in
            input.now - time > longestWait && !stalled.contains(lane) && !held.contains(lane)
        }
        guard let first = late.values.min() else { return [] }
        let places = late.map { AffectedPlace($0.key, since: $0.value) }
        return [
            HealthProblem(
                severity: .critical, cause: .deliveriesLate,
                summary:
                    "Findings of \(AffectedPlace.words(Array(late.keys))) are late: the oldest delivery has "
                    + "been in the queue for \(AgeText.text(input.now - first)).",
                remediation:
                    "Run defender-bridge queue. Many waiting: earlier attempts failed; see the failures in the log "
                    + "and the AWS Health Dashboard. Many pending: AWS throttles (securityHub.requestsPerSecond), or a large "
                    + "audit is in progress.", commands: ["defender-bridge queue"]
            ).affecting(places)
        ]
    }

    /// A delivery that is older is late.
    static let longestWait = Duration.seconds(60)

    private static func stalls(_ stored: StoreSnapshot.QueueSnapshot, _ input: HealthInput) -> [HealthProblem] {
        let held = input.heldLanes
        let stalls = stored.sharing.stalls.filter { !held.contains($0.lane) }
        return Dictionary(grouping: stalls, by: \.replica).sorted { $0.key < $1.key }.map { replica, stalls in
            let longest = stalls.map(\.idleTime).max() ?? .zero
            return HealthProblem(
                severity: .critical, cause: .accountStalled,
                summary:
                    "Replica \(replica) owns \(AffectedPlace.words(stalls.map(\.lane))) and has not "
                    + "processed \(stalls.count == 1 ? "it" : "them") for \(AgeText.text(longest)), although deliveries are ready.",
                remediation:
                    "Save the log of that replica, then restart it: another replica takes over within seconds. Report it as "
                    + "a defect.", stopsFindings: true
            ).affecting(stalls.map { AffectedPlace($0.lane, since: input.now - $0.idleTime) })
        }
    }

    private static func clocks(_ stored: StoreSnapshot.QueueSnapshot) -> [HealthProblem] {
        stored.sharing.replicas.filter(\.hasWrongClock).map { replica in
            let direction = replica.clockOffset > .zero ? "ahead of" : "behind"
            return HealthProblem(
                severity: .warning, cause: .replicaClock,
                summary:
                    "The clock of replica \(replica.name) is \(AgeText.text(replica.clockOffset.magnitude)) "
                    + "\(direction) the database's clock.",
                remediation:
                    "Synchronize both machines with NTP. The queue uses the database's clock; the times in findings come "
                    + "from the replica's clock.")
        }
    }

    /// The pauses by one operator for one reason are one problem.
    private static func pauses(_ stored: StoreSnapshot.QueueSnapshot) -> [HealthProblem] {
        let groups = Dictionary(grouping: stored.pauses) { [$0.pausedBy, $0.reason ?? ""] }
        return groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap { _, pauses in
            guard let first = pauses.first else { return nil }
            let reason = first.reason.map { ": \($0)" } ?? "."
            let scope = pauses.count == 1 ? first.scope.words : "\(pauses.count) accounts and sources"
            let commands = pauses.prefix(commandLimit).map { "defender-bridge resume\($0.scope.options)" }
            return HealthProblem(
                severity: .warning, cause: .paused,
                summary: "Sending to Security Hub for \(scope) is paused by \(first.pausedBy)\(reason)",
                remediation: "Incoming messages are still accepted and queued, up to store.maxPending. To resume, run "
                    + "\(commands[0])\(pauses.count == 1 ? "" : ", and the same for each other one").",
                commands: commands
            ).affecting(pauses.map { AffectedPlace($0.scope, since: $0.pausedAt) })
        }
    }

    /// The most commands of one problem.
    private static let commandLimit = 10

    private static func deadLetters(_ stored: StoreSnapshot.QueueSnapshot) -> [HealthProblem] {
        let dead = stored.depths.filter { $0.state == .dead }
        guard !dead.isEmpty else { return [] }
        let places = dead.map {
            AffectedPlace($0.lane, detail: Self.words($0.count), since: $0.oldestReceivedAt)
        }
        let total = dead.reduce(0) { $0 + $1.count }
        return [
            HealthProblem(
                severity: .warning, cause: .deadLetters,
                summary: "\(words(total)) of \(AffectedPlace.words(dead.map(\.lane))).",
                remediation:
                    "These deliveries failed permanently; their events are missing in Security Hub. The reasons are below and "
                    + "in defender-bridge dead-letters list. Fix the cause, then replay them; drop what is not needed.",
                commands: ["defender-bridge dead-letters list"]
            ).affecting(places)
        ]
    }

    private static func words(_ count: Int) -> String { count == 1 ? "1 dead letter" : "\(count) dead letters" }

    private static func deadLetterLimits(_ input: HealthInput) -> [HealthProblem] {
        input.deadLetterShares.filter { $0.value > 0.8 }.sorted { $0.key < $1.key }.map { key, share in
            HealthProblem(
                severity: .warning, cause: .deadLetterLimit,
                summary: "Dead letters use \(Int(min(share, 1) * 100)) % of \(key).",
                remediation:
                    "Beyond the limit, the oldest are dropped and lost. defender-bridge dead-letters list shows the reasons. "
                    + "Fix the cause and replay them, drop what is not needed, or raise the limit.",
                commands: ["defender-bridge dead-letters list"])
        }
    }
}

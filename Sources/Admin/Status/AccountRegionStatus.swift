import AWSCore
import Encoding
import JSON
import Processing
import Store

/// Status of an account-Region for status.json, with the deliveries of its mapped sources. A pure value.
struct AccountRegionStatus: Sendable {
    /// The most severe state that applies. The raw values are those of `state` in status.json.
    enum State: String, Sendable, CaseIterable {
        /// The store is unavailable.
        case unknown
        /// AWS denies its requests.
        case denied
        /// Its oldest delivery has been in the queue for too long.
        case late
        /// An operator paused it.
        case paused
        /// It has dead letters.
        case deadLetters = "dead_letters"
        /// No delivery has ever arrived from it, and no audit was imported.
        case silent
        /// None of these.
        case working
    }

    let accountRegion: AccountRegion
    var lastDeliveryAt: Timestamp?
    var depths: [QueueDepth] = []
    var isPaused = false
    var denial: CircuitBreaker.Denial?
    var throttledAt: Timestamp?
    var caughtUpTo: Timestamp?
    var openFindings: [OpenFindings] = []
    var audits: [FinishedAudit] = []
    /// Whether the ledger was read; if not, ``openFindings`` and ``audits`` are unknown.
    var isLedgerKnown = true

    init(_ accountRegion: AccountRegion) { self.accountRegion = accountRegion }

    /// An element of `accountRegions` in status.json.
    ///
    /// - Parameters:
    ///   - elapsed: the monotonic time that ``denial`` refers to.
    ///   - isKnown: whether the store was read. If not, members from the store are `null`.
    func json(now: Timestamp, elapsed: Duration, isKnown: Bool) -> JSON {
        let state = isKnown ? state(now: now) : denial == nil ? .unknown : .denied
        let own: JSON.Members = [
            "account": .string(accountRegion.account.digits), "region": .string(accountRegion.region.name),
            "lastDeliveryAt": .time(lastDeliveryAt), "throttledAt": .time(throttledAt),
            "denied": denial.map { $0.json(now: now, elapsed: elapsed) } ?? .null, "state": .string(state.rawValue),
        ]
        let stored: JSON.Members = [
            "pending": .integer(count(.pending) + count(.waiting)), "leased": .integer(count(.leased)),
            "dead": .integer(count(.dead)), "oldestPendingAt": .time(oldest),
            "paused": .bool(isPaused), "caughtUpTo": .time(caughtUpTo),
            "openFindings": isLedgerKnown ? findings : .null,
            "unsentFindings": isLedgerKnown ? .integer(openFindings.reduce(0) { $0 + $1.unsent }) : .null,
            "lastAuditAt": isLedgerKnown ? .time(lastAuditAt) : .null,
            "audits": isLedgerKnown
                ? .array(audits.sorted { ($0.schedule ?? "") < ($1.schedule ?? "") }.map(Self.json)) : .null,
        ]
        return .object(own.merging(isKnown ? stored : stored.mapValues { _ in .null }) { first, _ in first })
    }

    /// The state while the store is available.
    func state(now: Timestamp) -> State {
        if denial != nil { return .denied }
        if isPaused { return .paused }
        if let oldest, now - oldest > QueueProblems.longestWait { return .late }
        if count(.dead) > 0 { return .deadLetters }
        return lastDeliveryAt == nil && isLedgerKnown && audits.isEmpty ? .silent : .working
    }

    /// When the newest audit finished, or when it started if catch-up found it.
    private var lastAuditAt: Timestamp? { audits.map { $0.finishedAt ?? $0.startTime }.max() }

    private func count(_ state: QueueDepth.State) -> Int {
        depths.reduce(0) { $0 + ($1.state == state ? $1.count : 0) }
    }

    private var oldest: Timestamp? { depths.filter { $0.state != .dead }.map(\.oldestReceivedAt).min() }

    private var findings: JSON {
        func count(_ severity: LedgerEntry.Severity?) -> JSON {
            .integer(openFindings.reduce(0) { $1.severity == severity ? $0 + $1.count : $0 })
        }
        var members = JSON.Members(
            uniqueKeysWithValues: LedgerEntry.Severity.allCases.map { (UTF8Text($0.rawValue), count($0)) })
        if openFindings.contains(where: { $0.severity == nil && $0.count > 0 }) { members["UNKNOWN"] = count(nil) }
        return .object(members)
    }

    private static func json(_ audit: FinishedAudit) -> JSON {
        [
            "schedule": audit.schedule.map(JSON.string) ?? .null, "taskId": .string(audit.taskID),
            "startedAt": .time(audit.startTime), "finishedAt": .time(audit.finishedAt),
        ]
    }
}

extension AccountRegionStatus {
    /// All known account-Regions, sorted.
    ///
    /// - Parameters:
    ///   - configured: those of the configured topics.
    ///   - stored: the contents of the store; nil if it is unavailable.
    static func all(
        configured: Set<AccountRegion>, stored: StoreSnapshot?, activity: ActivityLog.Snapshot,
        denied: [CircuitBreakers.Entry]
    ) -> [AccountRegionStatus] {
        var all: [AccountRegion: AccountRegionStatus] = [:]
        func change(_ accountRegion: AccountRegion, _ change: (inout AccountRegionStatus) -> Void) {
            change(&all[accountRegion, default: AccountRegionStatus(accountRegion)])
        }
        for accountRegion in configured { change(accountRegion) { _ in } }
        for entry in denied { change(entry.lane.accountRegion) { $0.denial = $0.denial ?? entry.denial } }
        for (accountRegion, time) in activity.throttledAt { change(accountRegion) { $0.throttledAt = time } }
        for (accountRegion, time) in activity.lastDeliveries { change(accountRegion) { $0.lastDeliveryAt = time } }
        if let stored {
            for depth in stored.queue.depths { change(depth.accountRegion) { $0.depths.append(depth) } }
            for (accountRegion, time) in stored.queue.watermarks { change(accountRegion) { $0.caughtUpTo = time } }
            for (accountRegion, time) in stored.queue.lastDeliveries {
                change(accountRegion) { $0.lastDeliveryAt = max(time, $0.lastDeliveryAt ?? time) }
            }
            for open in stored.ledger?.openFindings ?? [] {
                change(open.accountRegion) { $0.openFindings.append(open) }
            }
            for audit in stored.ledger?.audits ?? [] { change(audit.accountRegion) { $0.audits.append(audit) } }
            let scopes = Set(stored.queue.pauses.map(\.scope))
            for accountRegion in all.keys
            where scopes.contains(.all) || scopes.contains(.account(accountRegion.account)) {
                change(accountRegion) { $0.isPaused = true }
            }
            if stored.ledger == nil {
                for accountRegion in all.keys { change(accountRegion) { $0.isLedgerKnown = false } }
            }
        }
        return all.values.sorted { $0.accountRegion < $1.accountRegion }
    }
}

extension CircuitBreaker.Denial {
    /// The member `denied` of an account-Region in status.json.
    ///
    /// - Parameter elapsed: the monotonic time that the denial refers to.
    func json(now: Timestamp, elapsed: Duration) -> JSON {
        [
            "cause": .string(cause.rawValue), "reason": .string(reason), "since": .time(now - (elapsed - since)),
            "retryAt": .time(now + (retryAt - elapsed)),
        ]
    }
}

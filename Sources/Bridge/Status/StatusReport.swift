import AWSCore
import JSON
import SNS
import Store

/// Builds the status of the bridge for status.json and the status page.
struct StatusReport: Sendable {
    var source: StatusSource
    let configuration: Reloadable<BridgeConfiguration>
    let circuitBreakers: CircuitBreakers
    let activity: ActivityLog
    let outage: StoreOutageTracker
    /// The listener's certificate; nil for plain HTTP.
    let certificate: TLSCertificate?
    /// Start of the process, in milliseconds since 1970.
    let startedAt: Int64
    /// The time, in milliseconds since 1970.
    let clock: @Sendable () -> Int64
    /// The monotonic time, in milliseconds, that ``circuitBreakers`` uses.
    var elapsed: @Sendable () -> Int64 = MonotonicClock.milliseconds

    /// The current status. Members from the store are `null` while it is unavailable.
    func json() async -> JSON {
        do throws(StoreError) {
            return json(try await source.snapshot(), problem: nil)
        } catch {
            return json(nil, problem: error.message)
        }
    }

    private func json(_ stored: StoreSnapshot?, problem: String?) -> JSON {
        let (now, configuration, seen) = (clock(), configuration.value, activity.snapshot)
        let denied = circuitBreakers.entries
        var status: JSON.Members = [
            "version": .string(Bridge.version), "at": .time(now), "uptimeSeconds": .age(startedAt, now: now),
            "health": Health(healthInput(stored?.queue, problem, denied, seen.intakeProblems, configuration, now)).json,
            "ready": .bool(stored != nil), "problem": problem.map(JSON.string) ?? .null,
            "topics": .array(configuration.topics.patterns.map(\.description).sorted().map(JSON.string)),
            "eventBridge": .bool(configuration.acceptsEventBridge),
            "denied": .array(denied.map { Self.json($0, now: elapsed()) }),
            "actions": ["allowed": .bool(configuration.admin.allowsActions)],
            "lastHour": Self.json(seen.histogram.lastHour(now: now)), "events": .array(seen.events.map(\.json)),
        ]
        let accountRegions = AccountRegionStatus.all(
            configured: configuration.topics.accountRegions, stored: stored, activity: seen, denied: denied)
        status["accountRegions"] = .array(
            accountRegions.prefix(StoreSnapshot.limit).map {
                $0.json(now: now, elapsed: elapsed(), isKnown: stored != nil)
            })
        status["accountRegionsOmitted"] = .integer(max(accountRegions.count - StoreSnapshot.limit, 0))
        status["ledger"] =
            stored?.ledger.map { Self.json($0.counts) } ?? .null
        return .object(status.merging(Self.members(of: stored?.queue, now: now)) { first, _ in first })
    }

    private func healthInput(
        _ stored: StoreSnapshot.QueueSnapshot?, _ problem: String?, _ denied: [CircuitBreakers.Entry],
        _ intakeProblems: IntakeProblems, _ configuration: BridgeConfiguration, _ now: Int64
    ) -> HealthInput {
        var input = HealthInput(now: now, startedAt: startedAt, stored: stored)
        input.storeProblem = problem ?? (outage.isOut ? "writes fail" : nil)
        input.denied = denied
        input.intakeProblems = intakeProblems.recent(now: now)
        input.acceptsTopic = { (try? configuration.topics.accountRegion(of: $0)) != nil }
        input.hasChannel = !configuration.topics.patterns.isEmpty || configuration.acceptsEventBridge
        input.maximumPending = configuration.maximumPending
        for share in stored.map({ configuration.shares(of: $0.deadLetterUsage, now: now) }) ?? [] {
            input.deadLetterShares[share.limit.key.name] = share.ratio
        }
        input.catchUpInterval = configuration.catchUpInterval?.milliseconds
        input.certificateWarnings = certificate?.warnings(now: now / 1000) ?? []
        input.hasInvalidCertificate = certificate.map { !$0.isValid(now: now / 1000) } ?? false
        if case .sqlite(let path) = configuration.store { input.freeSpace = DiskSpace(ofStoreAt: path)?.free }
        return input
    }

    // MARK: Members

    /// Members that come from the store.
    private static func members(of stored: StoreSnapshot.QueueSnapshot?, now: Int64) -> JSON.Members {
        guard let stored else {
            let names: [UTF8Text] = ["queue", "pauses", "subscriptions", "subscriptionsOmitted", "deadLetters"]
            return Dictionary(uniqueKeysWithValues: names.map { ($0, .null) })
        }
        let held = stored.status
        return [
            "queue": [
                "pending": .integer(held.pending), "leased": .integer(held.leased),
                "completed": .integer(held.completed), "dead": .integer(held.dead),
                "oldestAgeSeconds": .age(held.oldestReceivedAt, now: now),
            ],
            "pauses": .array(stored.pauses.map(QueueReport.json)),
            "subscriptions": .array(stored.subscriptions.map { json($0, now: now) }),
            "subscriptionsOmitted": .bool(stored.hasMoreSubscriptions),
            "deadLetters": [
                "total": .integer(held.dead), "bytes": .integer(stored.deadLetterUsage.total.bytes),
                "dropped": .integer(stored.deadLetterUsage.dropped),
                "newest": .array(stored.deadLetters.map(DeadLetterReport.json)),
            ],
        ]
    }

    private static func json(_ counts: LedgerCounts) -> JSON {
        [
            "active": .integer(counts.active), "archived": .integer(counts.archived),
            "unsent": .integer(counts.unsent),
        ]
    }

    private static func json(_ subscription: Subscription, now: Int64) -> JSON {
        [
            "topic": .string(subscription.topic.description), "state": .string(subscription.state.rawValue),
            "ageSeconds": .age(subscription.changedAt, now: now),
        ]
    }

    private static func json(_ entry: CircuitBreakers.Entry, now: Int64) -> JSON {
        var members = entry.denial.json(now: now).object ?? [:]
        members["account"] = .string(entry.accountRegion.account.digits)
        members["region"] = .string(entry.accountRegion.region.name)
        return .object(members)
    }

    private static func json(_ hour: (from: Int64, counts: [MinuteHistogram.Counts])) -> JSON {
        [
            "from": .time(hour.from), "deliveries": .array(hour.counts.map { .integer($0.deliveries) }),
            "imports": .array(hour.counts.map { .integer($0.imports) }),
        ]
    }
}

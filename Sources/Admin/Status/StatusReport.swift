import AWSCore
package import Encoding
package import EventLoop
package import JSON
package import Processing
import SNS
import Store
import Telemetry

/// Builds the status of the bridge for status.json and the status page.
package struct StatusReport: Sendable {
    var source: StatusSource
    let settings: Reloadable<AdminSettings>
    let circuitBreakers: CircuitBreakers
    let activity: ActivityLog
    let outage: StoreOutageTracker
    /// The state of the listener's certificate at a time.
    package let certificate: @Sendable (_ now: Timestamp) -> CertificateStatus
    /// The product's version.
    package let version: String
    /// Start of the process.
    package let startedAt: Timestamp
    /// The present time.
    package let clock: @Sendable () -> Timestamp
    /// The monotonic time that ``circuitBreakers`` uses.
    package var elapsed: @Sendable () -> Duration = MonotonicClock.elapsed

    /// The version of the documents for operators' programs: a member is removed or changes its meaning only with another one.
    static let schemaVersion = 1
    /// Most suspended lanes in `denied`; each account-Region has its own in `accountRegions`.
    private static let deniedLimit = 200

    /// The current status. Members from the store are `null` while it is unavailable.
    package func json() async -> JSON {
        do throws(StoreError) {
            return json(try await source.snapshotWithGroups(), problem: nil)
        } catch {
            return json(nil, problem: error.message)
        }
    }

    /// The row of an account-Region, its events and its circuit breaker; nil if nothing is known about it.
    func accountRegion(_ place: AccountRegion) async -> JSON.Members? {
        let stored = try? await source.snapshot()
        let (now, seen, denied) = (clock(), activity.snapshot, circuitBreakers.entries)
        let all = AccountRegionStatus.all(
            configured: settings.value.topics.accountRegions, stored: stored, activity: seen, denied: denied)
        guard let row = all.first(where: { $0.accountRegion == place }) else { return nil }
        var members = row.json(now: now, elapsed: elapsed(), isKnown: stored != nil).object ?? [:]
        members["events"] = .array(seen.events.filter { $0.accountRegion == place }.map(\.json))
        members["circuitBreaker"] = members["denied"] ?? .null
        return members
    }

    private func json(_ stored: StoreSnapshot?, problem: String?) -> JSON {
        let (now, settings, seen) = (clock(), settings.value, activity.snapshot)
        let denied = circuitBreakers.entries
        var status: JSON.Members = [
            "schemaVersion": .integer(Self.schemaVersion), "version": .string(version), "at": .time(now),
            "uptimeSeconds": .age(startedAt, now: now),
            "health": Health(healthInput(stored?.queue, problem, denied, seen.intakeProblems, settings, now)).json,
            "ready": .bool(stored != nil), "problem": problem.map(JSON.string) ?? .null,
            "topics": .array(settings.topics.patterns.map(\.description).sorted().map(JSON.string)),
            "eventBridge": .bool(settings.acceptsEventBridge),
            "denied": .array(denied.prefix(Self.deniedLimit).map { Self.json($0, now: now, elapsed: elapsed()) }),
            "deniedOmitted": .integer(max(denied.count - Self.deniedLimit, 0)),
            "actions": ["allowed": .bool(settings.access.allowsActions)],
            "lastHour": Self.json(seen.histogram.lastHour(now: now)), "events": .array(seen.events.map(\.json)),
        ]
        let accountRegions = AccountRegionStatus.all(
            configured: settings.topics.accountRegions, stored: stored, activity: seen, denied: denied)
        status["accountRegions"] = .array(
            accountRegions.prefix(StoreSnapshot.accountRegionLimit).map {
                $0.json(now: now, elapsed: elapsed(), isKnown: stored != nil)
            })
        let sources = SourceStatus.all(configured: settings.sources, stored: stored?.queue, denied: denied)
        status["sources"] = .array(
            sources.prefix(StoreSnapshot.limit).map { $0.json(isKnown: stored != nil) })
        status["accountRegionsOmitted"] = .integer(max(accountRegions.count - StoreSnapshot.accountRegionLimit, 0))
        status["openFindings"] =
            stored?.ledger.map {
                OpenFindingsStatus($0.openFindings, of: accountRegions.map(\.accountRegion)).json
            } ?? .null
        status["ledger"] =
            stored?.ledger.map { Self.json($0.counts) } ?? .null
        status["subscriptions"] =
            stored.map { stored in
                .array(
                    stored.queue.subscriptions.map {
                        Self.json($0, settings.topics, [stored.queue.topicDeliveries, seen.topicDeliveries])
                    })
            } ?? .null
        return .object(status.merging(Self.members(of: stored)) { first, _ in first })
    }

    private func healthInput(
        _ stored: StoreSnapshot.QueueSnapshot?, _ problem: String?, _ denied: [CircuitBreakers.Entry],
        _ intakeProblems: IntakeProblems, _ settings: AdminSettings, _ now: Timestamp
    ) -> HealthInput {
        var input = HealthInput(now: now, startedAt: startedAt, stored: stored)
        input.elapsed = elapsed()
        input.storeProblem = problem ?? (outage.isOut ? "writes fail" : nil)
        input.denied = denied
        input.intakeProblems = intakeProblems.recent(now: now)
        input.acceptsTopic = { (try? settings.topics.accountRegion(of: $0)) != nil }
        input.hasChannel =
            !settings.topics.patterns.isEmpty || settings.acceptsEventBridge || !settings.sources.isEmpty
        input.maximumPending = settings.maximumPending
        for share in stored.map({ settings.shares(of: $0.deadLetterUsage, now: now) }) ?? [] {
            input.deadLetterShares[share.limit.configurationKey] = share.ratio
        }
        input.catchUpInterval = settings.catchUpInterval
        let certificate = certificate(now)
        input.certificateWarnings = certificate.warnings
        input.hasInvalidCertificate = !certificate.isValid
        if let path = settings.storePath { input.freeSpace = DiskSpace(ofStoreAt: path)?.free }
        return input
    }

    // MARK: Members

    /// Members that come from the store.
    private static func members(of snapshot: StoreSnapshot?) -> JSON.Members {
        guard let snapshot else {
            let names: [UTF8Text] = ["queue", "pauses", "subscriptionsOmitted", "deadLetters"]
            return Dictionary(uniqueKeysWithValues: names.map { ($0, .null) })
        }
        let (stored, groups) = (snapshot.queue, snapshot.deadLetterGroups)
        let held = stored.status
        return [
            "queue": [
                "pending": .integer(held.pending), "leased": .integer(held.leased),
                "completed": .integer(held.completed), "dead": .integer(held.dead),
                "oldestReceivedAt": .time(held.oldestReceivedAt),
            ],
            "pauses": .array(stored.pauses.map(QueueReport.json)),
            "subscriptionsOmitted": .bool(stored.hasMoreSubscriptions),
            "deadLetters": [
                "total": .integer(held.dead), "bytes": .integer(stored.deadLetterUsage.total.bytes),
                "dropped": .integer(stored.deadLetterUsage.dropped),
                "newest": .array(stored.deadLetters.map(DeadLetterReport.json)),
                "groups": groups.map { .array($0.largest.map(\.json)) } ?? .null,
                "groupsOmitted": groups.map { .integer($0.omitted) } ?? .null,
            ],
        ]
    }

    private static func json(_ counts: LedgerCounts) -> JSON {
        [
            "active": .integer(counts.active), "archived": .integer(counts.archived),
            "unsent": .integer(counts.unsent),
        ]
    }

    /// - Parameter deliveries: the last deliveries of topics, as the store and this process know them.
    private static func json(
        _ subscription: Subscription, _ policy: TopicPolicy, _ deliveries: [[ARN: Timestamp]]
    ) -> JSON {
        let topic = subscription.topic
        return [
            "topic": .string(topic.description), "state": .string(subscription.state.rawValue),
            "changedAt": .time(subscription.changedAt),
            "pattern": policy.pattern(accepting: topic).map { .string($0.description) } ?? .null,
            "lastDeliveryAt": .time(deliveries.compactMap { $0[topic] }.max()),
        ]
    }

    private static func json(_ entry: CircuitBreakers.Entry, now: Timestamp, elapsed: Duration) -> JSON {
        var members = entry.denial.json(now: now, elapsed: elapsed).object ?? [:]
        members["account"] = .string(entry.lane.accountRegion.account.digits)
        members["region"] = .string(entry.lane.accountRegion.region.name)
        members["source"] = entry.lane.source.map(JSON.string)
        return .object(members)
    }

    private static func json(_ hour: (from: Timestamp, counts: [MinuteHistogram.Counts])) -> JSON {
        [
            "from": .time(hour.from), "deliveries": .array(hour.counts.map { .integer($0.deliveries) }),
            "imports": .array(hour.counts.map { .integer($0.imports) }),
        ]
    }

    /// Creates a report.
    ///
    /// - Parameters:
    ///   - certificate: the state of the listener's certificate at a time.
    ///   - startedAt: the start of the process.
    ///   - clock: returns the present time.
    ///   - elapsed: milliseconds of a monotonic clock.
    package init(
        source: StatusSource, settings: Reloadable<AdminSettings>, circuitBreakers: CircuitBreakers,
        activity: ActivityLog, outage: StoreOutageTracker,
        certificate: @escaping @Sendable (_ now: Timestamp) -> CertificateStatus, version: String, startedAt: Timestamp,
        clock: @escaping @Sendable () -> Timestamp, elapsed: @escaping @Sendable () -> Duration = MonotonicClock.elapsed
    ) {
        self.source = source
        self.settings = settings
        self.circuitBreakers = circuitBreakers
        self.activity = activity
        self.outage = outage
        self.certificate = certificate
        self.version = version
        self.startedAt = startedAt
        self.clock = clock
        self.elapsed = elapsed
    }
}

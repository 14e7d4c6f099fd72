package import AWSClient
import AWSCore
package import Encoding
package import EventLoop
package import Intake
package import Processing
package import SNS
import Store
package import Telemetry

/// Collects the metrics that are read at scrape time: queue, store, accounts and process.
package struct MetricsCollector: Sendable {
    /// Snapshots of the store, shared with the status page.
    package let source: StatusSource
    let settings: Reloadable<AdminSettings>
    let accounts: AccountClients
    let circuitBreakers: CircuitBreakers
    let certificates: SigningCertificateCache
    let admission: Admission
    let outage: StoreOutageTracker
    /// The labels of the metric of the build, sorted by name.
    let build: [(String, String)]
    /// When mapped sources last delivered.
    let arrivals: SourceArrivals
    let accountRegions: LabelCardinalityLimiter
    private let openFindings = OpenFindingsSeries()
    /// The present time.
    package let clock: @Sendable () -> Timestamp
    /// Whether the clock is trusted (``ClockTrust``).
    package let isClockTrusted: @Sendable () -> Bool

    /// The metrics. Those from the store are absent while it is unavailable.
    func families() async -> [MetricFamily] {
        let own = processFamilies + settingsFamilies + accountFamilies + certificateFamilies
        let isUp: Bool
        let stored: [MetricFamily]
        do throws(StoreError) {
            stored = try await storeFamilies()
            isUp = !outage.isOut
        } catch {
            (stored, isUp) = ([], false)
        }
        return own + stored + [MetricFamily("defender_bridge_store_up", isUp ? 1 : 0)]
    }

    // MARK: Without the store

    private var processFamilies: [MetricFamily] {
        var families = ProcessMetricsSource().families
        families.append(MetricFamily("defender_bridge_build_info", [MetricFamily.Sample(build, 1)]))
        families.append(MetricFamily("defender_bridge_deliveries_in_progress", admission.current))
        let dropped = BufferedLogWriter.standardError.allDropped
        families.append(
            MetricFamily(
                "defender_bridge_log_lines_dropped_total", .counter,
                [
                    MetricFamily.Sample([("level", "info")], Double(dropped.lines)),
                    MetricFamily.Sample([("level", "warning")], Double(dropped.warnings)),
                ]))
        families.append(MetricFamily("defender_bridge_clock_trusted", isClockTrusted() ? 1 : 0))
        if let path = settings.value.storePath, let space = DiskSpace(ofStoreAt: path) {
            families.append(MetricFamily("defender_bridge_store_size_bytes", space.used))
            families.append(MetricFamily("defender_bridge_store_free_bytes", space.free))
        }
        return families
    }

    private var settingsFamilies: [MetricFamily] {
        let settings = settings.value
        let interval = settings.catchUpInterval ?? .zero
        return [
            MetricFamily("defender_bridge_queue_limit_deliveries", settings.maximumPending),
            MetricFamily("defender_bridge_catch_up_interval_seconds", .gauge, Double(interval.milliseconds) / 1000),
            MetricFamily(
                "defender_bridge_source_last_delivery_timestamp_seconds",
                settings.sources.map {
                    MetricFamily.Sample([("source", $0)], Double(arrivals.last(of: $0).milliseconds) / 1000)
                }),
        ]
    }

    private var accountFamilies: [MetricFamily] {
        let denied = Set(circuitBreakers.entries.map(\.lane.accountRegion))
        let all = settings.value.topics.accountRegions.union(denied)
        return [
            MetricFamily(
                "defender_bridge_account_denied",
                accountRegions.samples(
                    all.map { LabelCardinalityLimiter.Value($0, denied.contains($0) ? 1 : 0) }, folding: +)),
            MetricFamily(
                "defender_bridge_aws_tokens",
                accountRegions.samples(
                    accounts.paceLevels.map {
                        LabelCardinalityLimiter.Value($0.accountRegion, [("operation", $0.operation)], $0.tokens)
                    },
                    folding: min)),
        ]
    }

    private var certificateFamilies: [MetricFamily] {
        [
            MetricFamily(
                "defender_bridge_signing_certificate_expiry_timestamp_seconds",
                certificates.expiries.map { MetricFamily.Sample([("region", $0.name)], Double($1)) })
        ]
    }

    // MARK: From the store

    private func storeFamilies() async throws(StoreError) -> [MetricFamily] {
        let snapshot = try await source.snapshot(atMost: StatusSource.metricsAge)
        let stored = snapshot.queue
        let ledger = snapshot.ledger.map { [("active", $0.counts.active), ("archived", $0.counts.archived)] } ?? []
        return [
            MetricFamily(
                "defender_bridge_ledger_findings",
                ledger.map { MetricFamily.Sample([("record_state", $0)], Double($1)) }),
            MetricFamily(
                "defender_bridge_ledger_unsent_findings",
                snapshot.ledger.map { [MetricFamily.Sample([], Double($0.counts.unsent))] } ?? []),
            MetricFamily("defender_bridge_account_paused", samples(of: stored.pauses)),
            MetricFamily("defender_bridge_subscriptions", Self.samples(of: stored.subscriptionCounts)),
            MetricFamily(
                "defender_bridge_catch_up_watermark_timestamp_seconds",
                accountRegions.samples(
                    stored.watermarks.map { LabelCardinalityLimiter.Value($0, Double($1.milliseconds) / 1000) },
                    folding: min)),
        ] + partitionFamilies(stored.sharing) + deadLetterFamilies(stored.deadLetterUsage)
            + queueFamilies(stored.depths, now: clock())
            + [openFindings.family(snapshot.ledger?.openFindings ?? [], accountRegions, sourceLabel: sourceLabel)]
    }

    private func partitionFamilies(_ sharing: SharingStatus) -> [MetricFamily] {
        let stalled = Set(sharing.stalls.map(\.accountRegion))
        let all = settings.value.topics.accountRegions.union(stalled)
        return [
            MetricFamily(
                "defender_bridge_account_stalled",
                accountRegions.samples(
                    all.map { LabelCardinalityLimiter.Value($0, stalled.contains($0) ? 1 : 0) }, folding: +)),
            MetricFamily(
                "defender_bridge_replica_clock_offset_seconds",
                sharing.replicas.prefix(LabelCardinalityLimiter.limit).map {
                    MetricFamily.Sample([("replica", $0.name)], Double($0.clockOffset.milliseconds) / 1000)
                }),
        ]
    }

    private func deadLetterFamilies(_ usage: DeadLetterUsage) -> [MetricFamily] {
        let shares = settings.value.shares(of: usage, now: clock())
        return [
            MetricFamily("defender_bridge_dead_letters_bytes", usage.total.bytes),
            MetricFamily(
                "defender_bridge_dead_letters_limit_ratio",
                shares.map { MetricFamily.Sample([("limit", $0.limit.rawValue)], $0.ratio) }),
        ]
    }

    private func queueFamilies(_ depths: [QueueDepth], now: Timestamp) -> [MetricFamily] {
        struct Place: Hashable {
            let accountRegion: AccountRegion
            /// Nil for Device Defender.
            let source: String?
            let state: QueueDepth.State

            var labels: [(name: String, value: String)] {
                let state = (name: "state", value: state.rawValue)
                guard let source else { return [state] }
                return [(name: "source", value: source), state]
            }
        }
        // An empty state has series with the value 0.
        var counts: [Place: (count: Double, age: Double)] = [:]
        for accountRegion in settings.value.topics.accountRegions.union(depths.map(\.accountRegion)) {
            for state in QueueDepth.State.allCases {
                counts[Place(accountRegion: accountRegion, source: nil, state: state)] = (0, 0)
            }
        }
        for depth in depths {
            let age = Double(max(now - depth.oldestReceivedAt, .zero).milliseconds) / 1000
            let place = Place(
                accountRegion: depth.accountRegion, source: depth.source.map(sourceLabel), state: depth.state)
            let lanes = counts[place] ?? (0, 0)
            counts[place] = (lanes.count + Double(depth.count), max(lanes.age, age))
        }
        func values(_ value: ((count: Double, age: Double)) -> Double) -> [LabelCardinalityLimiter.Value] {
            counts.map { LabelCardinalityLimiter.Value($0.accountRegion, $0.labels, value($1)) }
        }
        return [
            MetricFamily("defender_bridge_queue_deliveries", accountRegions.samples(values(\.count), folding: +)),
            MetricFamily(
                "defender_bridge_queue_oldest_age_seconds", accountRegions.samples(values(\.age), folding: max)),
        ]
    }

    /// The value of the label `source`: names that are not configured share a series.
    private func sourceLabel(_ name: String) -> String {
        settings.value.sources.contains(name) ? name : LabelCardinalityLimiter.other
    }

    /// The pause of all accounts always has a series; paused accounts have one up to the limit, and so do paused sources.
    private func samples(of pauses: [Pause]) -> [MetricFamily.Sample] {
        let isAll = pauses.contains { $0.scope == .all }
        let accounts = pauses.compactMap(\.scope.account).map(\.digits)
        var samples = [MetricFamily.Sample([("account", "all")], isAll ? 1 : 0)]
        samples += accounts.prefix(LabelCardinalityLimiter.limit).map { MetricFamily.Sample([("account", $0)], 1) }
        let rest = accounts.dropFirst(LabelCardinalityLimiter.limit).count
        if rest > 0 { samples.append(MetricFamily.Sample([("account", LabelCardinalityLimiter.other)], Double(rest))) }
        let sources = Set(pauses.compactMap(\.scope.source).map(sourceLabel)).sorted()
        return samples + sources.map { MetricFamily.Sample([("source", $0)], 1) }
    }

    private static func samples(of subscriptions: [Subscription.State: Int]) -> [MetricFamily.Sample] {
        Subscription.State.allCases.map { state in
            MetricFamily.Sample([("state", state.rawValue)], Double(subscriptions[state] ?? 0))
        }
    }

    /// Creates a collector.
    ///
    /// - Parameters:
    ///   - build: the labels of the metric of the build, sorted by name.
    ///   - accountRegions: limits the account-Regions with time series of their own.
    ///   - clock: returns the present time.
    package init(
        source: StatusSource, settings: Reloadable<AdminSettings>, accounts: AccountClients,
        circuitBreakers: CircuitBreakers, certificates: SigningCertificateCache, admission: Admission,
        outage: StoreOutageTracker, build: [(String, String)], arrivals: SourceArrivals,
        accountRegions: LabelCardinalityLimiter,
        clock: @escaping @Sendable () -> Timestamp, isClockTrusted: @escaping @Sendable () -> Bool
    ) {
        self.source = source
        self.settings = settings
        self.accounts = accounts
        self.circuitBreakers = circuitBreakers
        self.certificates = certificates
        self.admission = admission
        self.outage = outage
        self.build = build
        self.arrivals = arrivals
        self.accountRegions = accountRegions
        self.clock = clock
        self.isClockTrusted = isClockTrusted
    }
}

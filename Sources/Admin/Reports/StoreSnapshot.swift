import AWSCore
package import Encoding
import SNS
package import Store

/// Contents of the store for status and metrics, in two parts: the queue, which is read quickly, and the ledger, whose counts take longer
/// the more findings there are.
package struct StoreSnapshot: Sendable {
    /// The queue, pauses, subscriptions, and state of catch-up and replicas.
    package struct QueueSnapshot: Sendable {
        var status = QueueStatus()
        /// By account and Region.
        package var depths: [QueueDepth] = []
        var pauses: [Pause] = []
        /// Ordered by topic, at most ``StoreSnapshot/limit``.
        package var subscriptions: [Subscription] = []
        /// Number of subscriptions by state.
        var subscriptionCounts: [Subscription.State: Int] = [:]
        /// Whether there are more than ``subscriptions`` has.
        var hasMoreSubscriptions = false
        /// Catch-up watermarks.
        var watermarks: [AccountRegion: Timestamp] = [:]
        /// Space that dead letters use.
        var deadLetterUsage = DeadLetterUsage()
        /// The newest dead letters, newest first.
        package var deadLetters: [DeadLetterSummary] = []
        /// Times of the last deliveries.
        var lastDeliveries: [AccountRegion: Timestamp] = [:]
        /// Times of the last deliveries of topics.
        var topicDeliveries: [ARN: Timestamp] = [:]
        /// State of the replicas on one database.
        var sharing = SharingStatus()
    }

    /// Counts of the ledger.
    package struct Ledger: Sendable {
        var counts = LedgerCounts()
        var openFindings: [OpenFindings] = []
        var audits: [FinishedAudit] = []
    }

    var queue = QueueSnapshot()
    /// Nil if the query timed out.
    var ledger: Ledger?
    /// Nil if the query timed out.
    var deadLetterGroups: DeadLetterGroups?

    /// Most subscriptions, and most sources, in the status.
    package static let limit = 1000
    /// Most account-Regions in the status.
    static let accountRegionLimit = 5000
    /// Most dead letters in the status.
    static let deadLetterLimit = 50
}

extension StoreSnapshot.QueueSnapshot {
    /// Reads a store.
    init(_ store: any Store, now: Timestamp) async throws(StoreError) {
        status = try await store.queueStatus()
        depths = try await QueueReport(of: store, now: now).depths
        pauses = try await store.pauses()
        for try await page in store.subscriptions(pageLimit: StoreSnapshot.limit) {
            if subscriptions.isEmpty { subscriptions = page } else { hasMoreSubscriptions = true }
            for subscription in page { subscriptionCounts[subscription.state, default: 0] += 1 }
        }
        watermarks = try await store.catchUpWatermarks()
        deadLetterUsage = try await store.deadLetterUsage()
        deadLetters = try await store.newestDeadLetters(limit: StoreSnapshot.deadLetterLimit)
        lastDeliveries = try await store.lastDeliveries()
        topicDeliveries = try await store.topicDeliveries()
        sharing = try await store.sharingStatus()
    }
}

extension StoreSnapshot.Ledger {
    /// Reads a store.
    init(_ store: any Store) async throws(StoreError) {
        counts = try await store.ledgerCounts()
        openFindings = try await store.openFindings()
        audits = try await store.finishedAudits()
    }
}

/// Provides snapshots of the store for status and metrics, read once for all clients.
package struct StatusSource: Sendable {
    /// The queue.
    package let queue: CachedQuery<StoreSnapshot.QueueSnapshot>
    /// The ledger.
    let ledger: CachedQuery<StoreSnapshot.Ledger>
    /// The dead letters by reason.
    let deadLetterGroups: CachedQuery<DeadLetterGroups>

    /// Longest time that a snapshot of the queue, and one of the ledger, is cached.
    private static let (queueLimit, ledgerLimit) = (Duration.seconds(10), Duration.seconds(30))
    /// Longest time that the groups of dead letters are cached.
    private static let groupLimit = Duration.seconds(60)
    /// A query that takes less than this is not cached.
    private static let (uncachedQueueBelow, uncachedLedgerBelow) = (
        Duration.milliseconds(500), Duration.milliseconds(100)
    )
    /// Age up to which metrics accept a snapshot, however fast the query is.
    static let metricsAge = Duration.seconds(1)
    private static let timeout = Duration.seconds(5)

    /// A snapshot of queue and ledger, from about the same time.
    ///
    /// - Parameter age: accepts a snapshot up to this old; one from a slow query may be older.
    func snapshot(atMost age: Duration = .zero) async throws(StoreError) -> StoreSnapshot {
        // One after the other: a store that does not respond is not queried twice. A ledger that takes too long to count
        // does not make the rest unknown.
        StoreSnapshot(
            queue: try await queue.value(atMost: age), ledger: try await ledger.valueWithinTimeout(atMost: age))
    }

    /// A snapshot with the groups of dead letters, which metrics do not need.
    func snapshotWithGroups() async throws(StoreError) -> StoreSnapshot {
        var snapshot = try await snapshot()
        snapshot.deadLetterGroups = try await deadLetterGroups.valueWithinTimeout()
        return snapshot
    }

    /// Discards what changes when deliveries are replayed, dropped, paused or resumed.
    package func invalidate() {
        queue.invalidate()
        deadLetterGroups.invalidate()
    }
}

extension StatusSource {
    /// Creates a source that queries a store.
    ///
    /// - Parameter clock: returns the present time.
    package init(_ store: any Store, clock: @escaping @Sendable () -> Timestamp) {
        let groups = DeadLetterGroupsReader(store)
        self.init { () throws(StoreError) in
            try await StoreSnapshot.QueueSnapshot(store, now: clock())
        } ledger: { () throws(StoreError) in
            try await StoreSnapshot.Ledger(store)
        } deadLetterGroups: { () throws(StoreError) in
            try await groups.read()
        }
    }

    init(
        queue: @escaping @Sendable () async throws(StoreError) -> StoreSnapshot.QueueSnapshot,
        ledger: @escaping @Sendable () async throws(StoreError) -> StoreSnapshot.Ledger,
        deadLetterGroups: @escaping @Sendable () async throws(StoreError) -> DeadLetterGroups = {
            () throws(StoreError) in DeadLetterGroups()
        }
    ) {
        self.queue = CachedQuery(
            uncachedBelow: Self.uncachedQueueBelow, limit: Self.queueLimit, timeout: Self.timeout, read: queue)
        self.ledger = CachedQuery(
            uncachedBelow: Self.uncachedLedgerBelow, limit: Self.ledgerLimit, timeout: Self.timeout, read: ledger)
        self.deadLetterGroups = CachedQuery(
            uncachedBelow: Self.uncachedLedgerBelow, limit: Self.groupLimit, timeout: Self.timeout,
            read: deadLetterGroups)
    }
}

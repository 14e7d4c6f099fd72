import AWSCore
import SNS
import Store

/// What the status page tells from the store, in two parts: what is soon read, and what takes the longer the more there is.
struct StoreSnapshot: Sendable {
    /// How the queue is, and what people and AWS did last.
    struct QueueSnapshot: Sendable {
        var status = StoreStatus()
        /// By account and Region.
        var depths: [QueueDepth] = []
        var pauses: [Pause] = []
        /// Ordered by topic, no more than ``StoreSnapshot/limit``.
        var subscriptions: [Subscription] = []
        /// How many there are, by how they stand.
        var subscriptionCounts: [Subscription.State: Int] = [:]
        /// Whether there are more subscriptions than that.
        var hasMoreSubscriptions = false
        /// How far Device Defender was asked, in milliseconds since 1970.
        var watermarks: [AccountRegion: Int64] = [:]
        /// What dead letters take.
        var deadLetterUsage = DeadLetterUsage()
        /// Those given up last, the newest first.
        var deadLetters: [DeadLetterSummary] = []
        /// When deliveries came last, in milliseconds since 1970.
        var lastDeliveries: [AccountRegion: Int64] = [:]
        /// How the replicas on one database share the work.
        var sharing = SharingStatus()
    }

    /// What is in the ledger.
    struct Ledger: Sendable {
        var counts = LedgerCounts()
        var openFindings: [OpenFindings] = []
        var audits: [FinishedAudit] = []
    }

    var queue = QueueSnapshot()
    /// Nil if it took too long to be read.
    var ledger: Ledger?

    /// The most accounts and Regions, and the most subscriptions, that are told of.
    static let limit = 1000
    /// The most dead letters that are told of.
    static let deadLetterLimit = 50
}

extension StoreSnapshot.QueueSnapshot {
    /// Asks a store.
    init(_ store: any Store, now: Int64) async throws(StoreError) {
        status = try await store.queueStatus()
        depths = try await QueueReport(of: store, now: now).depths
        pauses = try await store.pauses()
        var page = try await store.subscriptions(after: nil, limit: StoreSnapshot.limit)
        subscriptions = page
        while !page.isEmpty {
            for subscription in page { subscriptionCounts[subscription.state, default: 0] += 1 }
            page = try await store.subscriptions(after: page.last, limit: StoreSnapshot.limit)
            if !page.isEmpty { hasMoreSubscriptions = true }
        }
        watermarks = try await store.catchUpWatermarks()
        deadLetterUsage = try await store.deadLetterUsage()
        deadLetters = try await store.newestDeadLetters(limit: StoreSnapshot.deadLetterLimit)
        lastDeliveries = try await store.lastDeliveries()
        sharing = try await store.sharingStatus()
    }
}

extension StoreSnapshot.Ledger {
    /// Asks a store.
    init(_ store: any Store) async throws(StoreError) {
        counts = try await store.ledgerCounts()
        openFindings = try await store.openFindings()
        audits = try await store.finishedAudits()
    }
}

/// Where the status page and the metrics have their facts of the store from: the same ones, read once for all who ask.
struct StatusSource: Sendable {
    let queue: CachedQuery<StoreSnapshot.QueueSnapshot>
    let ledger: CachedQuery<StoreSnapshot.Ledger>

    /// How old the facts of the queue may be, and those of the ledger, which take long to be counted where there is much.
    private static let (queueLimit, ledgerLimit) = (Duration.seconds(10), Duration.seconds(30))
    /// What is read within this time is read again for each who looks at the status. The queue is read quickly.
    private static let (uncachedQueueBelow, uncachedLedgerBelow) = (
        Duration.milliseconds(500), Duration.milliseconds(100)
    )
    /// How old the facts may be for metrics, however quickly they are read.
    static let metricsAge = Duration.seconds(1)
    private static let timeout = Duration.seconds(5)

    /// All facts, from about the same time.
    ///
    /// - Parameter age: how old they may be at least; what took long to be read may be older.
    func snapshot(atMost age: Duration = .zero) async throws(StoreError) -> StoreSnapshot {
        // Not at the same time: a store that does not answer is not asked twice.
        // One that answers, and takes long to count what is in the ledger, is no reason to call all unknown.
        StoreSnapshot(
            queue: try await queue.value(atMost: age), ledger: try await ledger.valueWithinTimeout(atMost: age))
    }
}

extension StatusSource {
    /// - Parameter clock: milliseconds since 1970.
    init(_ store: any Store, clock: @escaping @Sendable () -> Int64) {
        self.init { () throws(StoreError) in
            try await StoreSnapshot.QueueSnapshot(store, now: clock())
        } ledger: { () throws(StoreError) in
            try await StoreSnapshot.Ledger(store)
        }
    }

    init(
        queue: @escaping @Sendable () async throws(StoreError) -> StoreSnapshot.QueueSnapshot,
        ledger: @escaping @Sendable () async throws(StoreError) -> StoreSnapshot.Ledger
    ) {
        self.queue = CachedQuery(
            uncachedBelow: Self.uncachedQueueBelow, limit: Self.queueLimit, timeout: Self.timeout, read: queue)
        self.ledger = CachedQuery(
            uncachedBelow: Self.uncachedLedgerBelow, limit: Self.ledgerLimit, timeout: Self.timeout, read: ledger)
    }
}

import AWSCore
import SNS
import Store

/// What the status page tells from the store, in two parts: what is soon read, and what takes the longer the more there is.
struct StoredFacts: Sendable {
    /// How the queue is, and what people and AWS did last.
    struct Present: Sendable {
        var status = StoreStatus()
        /// By account and Region.
        var depths: [QueueDepth] = []
        var pauses: [Pause] = []
        /// Ordered by topic, no more than ``StoredFacts/limit``.
        var subscriptions: [Subscription] = []
        /// Whether there are more subscriptions than that.
        var hasMoreSubscriptions = false
        /// How far Device Defender was asked, in milliseconds since 1970.
        var watermarks: [Origin: Int64] = [:]
        /// Those given up last, the newest first.
        var deadLetters: [DeadLetterSummary] = []
        /// When deliveries came last, in milliseconds since 1970.
        var lastDeliveries: [Origin: Int64] = [:]
        /// How the replicas on one database share the work.
        var sharing = SharingStatus()
    }

    /// What is in the ledger.
    struct Ledger: Sendable {
        var openFindings: [OpenFindings] = []
        var audits: [FinishedAudit] = []
    }

    var present = Present()
    /// Nil if it took too long to be read.
    var ledger: Ledger?

    /// The most accounts and Regions, and the most subscriptions, that are told of.
    static let limit = 1000
    /// The most dead letters that are told of.
    static let deadLetterLimit = 50
}

extension StoredFacts.Present {
    /// Asks a store.
    init(_ store: any Store, now: Int64) async throws(StoreError) {
        status = try await store.status()
        depths = try await QueueReport(of: store, now: now).depths
        pauses = try await store.pauses()
        let first = try await store.subscriptions(after: nil, limit: StoredFacts.limit)
        hasMoreSubscriptions =
            first.count == StoredFacts.limit
            ? try await !store.subscriptions(after: first.last, limit: 1).isEmpty : false
        subscriptions = first
        watermarks = try await store.catchUpWatermarks()
        deadLetters = try await store.newestDeadLetters(limit: StoredFacts.deadLetterLimit)
        lastDeliveries = try await store.lastDeliveries()
        sharing = try await store.sharingStatus()
    }
}

extension StoredFacts.Ledger {
    /// Asks a store.
    init(_ store: any Store) async throws(StoreError) {
        openFindings = try await store.openFindings()
        audits = try await store.finishedAudits()
    }
}

/// Where the status page has its facts of the store from.
struct StatusSource: Sendable {
    let present: Ration<StoredFacts.Present>
    let ledger: Ration<StoredFacts.Ledger>

    /// The queue is always told of as it is; how many findings there are of each severity may be so old.
    private static let (presentLimit, ledgerLimit) = (Duration.zero, Duration.seconds(30))
    private static let patience = Duration.seconds(5)

    /// All facts, from about the same time.
    func facts() async throws(StoreError) -> StoredFacts {
        // Not at the same time: a store that does not answer is not asked twice.
        // One that answers, and takes long to count what is in the ledger, is no reason to call all unknown.
        StoredFacts(present: try await present.value(), ledger: try await ledger.valueInTime())
    }
}

extension StatusSource {
    /// - Parameter clock: milliseconds since 1970.
    init(_ store: any Store, clock: @escaping @Sendable () -> Int64) {
        self.init { () throws(StoreError) in
            try await StoredFacts.Present(store, now: clock())
        } ledger: { () throws(StoreError) in
            try await StoredFacts.Ledger(store)
        }
    }

    init(
        present: @escaping @Sendable () async throws(StoreError) -> StoredFacts.Present,
        ledger: @escaping @Sendable () async throws(StoreError) -> StoredFacts.Ledger
    ) {
        self.present = Ration(limit: Self.presentLimit, patience: Self.patience, read: present)
        self.ledger = Ration(limit: Self.ledgerLimit, patience: Self.patience, read: ledger)
    }
}

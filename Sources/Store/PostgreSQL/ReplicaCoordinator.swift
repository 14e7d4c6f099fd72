import AWSCore
import EventLoop

/// A bridge's tie to the others on the same database: notifies them of work, receives their notifications,
/// and shares the origins with them.
actor ReplicaCoordinator {
    private let work: ConnectionPool
    private let replica: String
    /// How long the end may wait for the others to be told.
    private let timeout: Duration
    private let signal: WorkSignal
    private let leases: LeaseRegistry
    private let loop: EventLoop
    nonisolated let sign: LifeSign
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private var sharing: Task<Void, Never>?
    private var pausing: Task<Void, Never>?
    private var telling: Task<Void, Never>?
    /// Origins with news that others have not been told of.
    private var news: Set<String> = []
    private var isNewsOfAny = false
    private var heldByOthers: Set<String> = []
    /// Since when this bridge has had more than its share.
    private var surplusSince: ContinuousClock.Instant?

    /// `NOTIFY` takes less than 8,000 bytes; what is longer is told as news of any origin.
    private static let longestNews = 7000

    init(
        _ address: PostgreSQLAddress, work: ConnectionPool, replica: String, lifetime: Duration, timeout: Duration,
        signal: WorkSignal, leases: LeaseRegistry, clock: DatabaseClock, on loop: EventLoop,
        report: @escaping StoreEvent.Report
    ) {
        self.work = work
        self.replica = replica
        self.timeout = timeout
        self.signal = signal
        self.leases = leases
        self.loop = loop
        let ear = Ear()
        sign = LifeSign(
            address, of: replica, lifetime: lifetime, clock: clock, on: loop, report: report,
            hear: { ear.hear($0) }, begin: { signal.notify() })
        ear.link = self
    }

    // MARK: Listening

    /// Begins to listen, and to share the origins once this bridge works on deliveries.
    func start() async {
        await sign.start()
        sharing = Task(executorPreference: loop) { await self.share() }
    }

    fileprivate func hear(_ text: String) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard parts.first != replica else { return }
        let accountRegions = Set(parts.dropFirst())
        guard accountRegions.isEmpty || !heldByOthers.isSuperset(of: accountRegions) else { return }
        signal.notify(of: accountRegions.isEmpty ? nil : accountRegions)
    }

    // MARK: Telling

    /// Wakes this bridge's workers, and has those of other bridges wake, because there may be work.
    ///
    /// - Parameter accountRegions: what there may be work of, in the form of the tables; nil for any.
    func tell(of accountRegions: Set<String>?) {
        if let accountRegions {
            news.formUnion(accountRegions)
            // What another bridge holds is that one's work.
            if !heldByOthers.isSuperset(of: accountRegions) { signal.notify(of: accountRegions) }
        } else {
            isNewsOfAny = true
            signal.notify()
        }
        guard telling == nil else { return }
        telling = Task(executorPreference: loop) { await self.tellOthers() }
    }

    /// Tells what has come together while the last was told. Not in the transactions that bring the work: those that notify
    /// are committed one after the other, and each for itself.
    private func tellOthers() async {
        while isNewsOfAny || !news.isEmpty {
            let words = [replica] + news.sorted()
            let text = words.joined(separator: " ")
            let isWhole = !isNewsOfAny && text.utf8.count <= Self.longestNews
            (news, isNewsOfAny) = ([], false)
            // Those who miss it find the work when they look the next time.
            _ = try? await work.use(within: sign.times.lifetime, repeats: true) { connection, _ in
                _ = try await connection.run(
                    PartitionSQL.notify, [.text(LifeSign.channel), .text(isWhole ? text : words[0])])
            }
        }
        telling = nil
    }

    // MARK: Membership

    /// Has others know that this process works on deliveries, and has its share of the origins; waits until it has a sign
    /// of life.
    ///
    /// - Parameter name: what it is called, for people to read.
    /// - Returns: whether it has.
    func joinWorkers(name: String) async throws(StoreError) -> Bool {
        try await sign.join(as: .worker, name: name, within: timeout)
    }

    /// Has others know that this process lives, and holds what it has taken.
    func joinHolders() async throws(StoreError) {
        _ = try await sign.join(as: .holder, name: nil, within: timeout)
    }

    // MARK: Sharing

    private func share() async {
        var last: Set<String> = []
        while !Task.isCancelled {
            // When that is not possible, it is tried again.
            if await sign.membership == .worker, sign.isCurrent { try? await rebalance(&last) }
            await pause(sign.times.interval)
        }
    }

    private func pause(_ time: Duration) async {
        guard !Task.isCancelled else { return }
        let pausing = Task(executorPreference: loop) { [loop] () -> Void in try? await loop.sleep(for: time) }
        self.pausing = pausing
        await pausing.value
    }

    /// Lets go of what is beyond this bridge's share, and wakes the workers when there is something new to be taken.
    private func rebalance(_ last: inout Set<String>) async throws {
        let grace = sign.times.grace
        let isSettled = sign.isSettled
        let (known, replicas) = try await work.use(within: sign.times.lifetime, repeats: true) { connection, _ in
            if isSettled {
                _ = try await connection.run(PartitionSQL.forgetDead)
                _ = try await connection.run(PartitionSQL.expireGone, [.integer(grace.milliseconds)])
            }
            return try await PartitionSQL.ask(connection, now: .max)
        }
        let shares = shares(known, of: replicas, excluding: [], now: .max)
        if !shares.surplus.isEmpty {
            let freed = try await releasePartitions(shares.surplus)
            if freed > 0 { tell(of: nil) }
        }
        let candidates = Set(shares.candidates(excluding: []))
        if !candidates.isSubset(of: last) { signal.notify() }
        last = candidates
    }

    /// Lets origins go, as far as nothing of them is leased by a worker.
    private func releasePartitions(_ accountRegions: [String]) async throws -> Int {
        let (replica, leases) = (replica, leases)
        return try await work.use(within: sign.times.lifetime, repeats: true) { connection, _ in
            try await connection.transaction {
                // By a statement of its own, so that the next ones see what was leased until now.
                let locked = try await connection.run(PartitionSQL.lock, [.texts(accountRegions), .text(replica)]).rows
                    .filter { try $0.optionalText(1) == replica }.map { try $0.text(0) }
                guard !locked.isEmpty else { return 0 }
                _ = try await connection.run(
                    PartitionSQL.endLeasesButThese, [.texts(locked), .integers(leases.sequences)])
                return try await connection.run(PartitionSQL.releasePartitions, [.texts(locked), .text(replica)])
                    .changeCount
            }
        }
    }

    /// Decides which origins this bridge works on, and takes note of who holds what.
    func shares(
        _ known: [PartitionAssignment.Known], of replicas: Int, excluding excluded: Set<String>, now: Int64
    ) -> PartitionAssignment {
        let shares = PartitionAssignment(
            known, for: replica, of: replicas, excluding: excluded, now: now, worksOnSurplus: worksOnSurplus,
            mayTakeOver: sign.isSettled)
        heldByOthers = shares.heldByOthers
        if shares.surplus.isEmpty { surplusSince = nil } else { surplusSince = surplusSince ?? .now }
        return shares
    }

    /// Whether what is beyond this bridge's share is worked on now.
    ///
    /// It can be let go only when nothing of it is leased. So for a moment nothing new is leased; where work goes on for
    /// longer than that, an audit or one that AWS holds up, the rest does not wait for its end.
    private var worksOnSurplus: Bool {
        guard let surplusSince else { return false }
        let (round, moment) = (sign.times.lifetime * 3, sign.times.lifetime * 0.5)
        let elapsed = ContinuousClock.now - surplusSince
        return elapsed - round * Int(elapsed / round) > moment
    }

    // MARK: Ending

    /// Tells what is still to be told, lets others have what this process held, and closes the connection.
    func close() async {
        let isMember = await sign.membership != .none
        await stopListening()
        if isMember { await leave() }
        await telling?.value
    }

    /// Closes the connection; the others find out by themselves.
    func stopListening() async {
        sharing?.cancel()
        pausing?.cancel()
        await sharing?.value
        await sign.stop()
    }

    private func leave() async {
        let replica = replica
        // When that is not possible, the others find out by themselves.
        let freed = try? await work.use(within: timeout, repeats: true) { connection, _ in
            try await connection.transaction {
                _ = try await connection.run(PartitionSQL.leave, [.text(replica)])
                _ = try await connection.run(PartitionSQL.endAllLeases, [.text(replica)])
                return try await connection.run(PartitionSQL.letAllGo, [.text(replica)]).changeCount
            }
        }
        if let freed, freed > 0 { tell(of: nil) }
    }
}

/// Passes the notifications of the connection to the link, which is made after it.
///
/// `@unchecked Sendable`: the link is set before the connection is opened, and then only read, on the loop.
private final class Ear: @unchecked Sendable {
    weak var link: ReplicaCoordinator?

    func hear(_ text: String) { link?.assumeIsolated { $0.hear(text) } }
}

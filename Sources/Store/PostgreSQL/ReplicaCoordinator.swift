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
    nonisolated let heartbeat: Heartbeat
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private var rebalancing: Task<Void, Never>?
    private var pausing: Task<Void, Never>?
    private var notifying: Task<Void, Never>?
    /// Origins with news that others have not been told of.
    private var pendingAccountRegions: Set<String> = []
    private var isAnyPending = false
    private var ownedByOthers: Set<String> = []
    /// Since when this bridge has had more than its share.
    private var surplusSince: ContinuousClock.Instant?

    /// `NOTIFY` takes less than 8,000 bytes; what is longer is told as news of any origin.
    private static let maximumLength = 7000

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
        let relay = NotificationRelay()
        heartbeat = Heartbeat(
            address, of: replica, lifetime: lifetime, clock: clock, on: loop, report: report,
            receive: { relay.receive($0) }, begin: { signal.notify() })
        relay.coordinator = self
    }

    // MARK: Listening

    /// Begins to listen, and to share the origins once this bridge works on deliveries.
    func start() async {
        await heartbeat.start()
        rebalancing = Task(executorPreference: loop) { await self.rebalanceRegularly() }
    }

    fileprivate func receive(_ text: String) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard parts.first != replica else { return }
        let accountRegions = Set(parts.dropFirst())
        guard accountRegions.isEmpty || !ownedByOthers.isSuperset(of: accountRegions) else { return }
        signal.notify(of: accountRegions.isEmpty ? nil : accountRegions)
    }

    // MARK: Telling

    /// Wakes this bridge's workers, and has those of other bridges wake, because there may be work.
    ///
    /// - Parameter accountRegions: what there may be work of, in the form of the tables; nil for any.
    func notifyWorkers(of accountRegions: Set<String>?) {
        if let accountRegions {
            pendingAccountRegions.formUnion(accountRegions)
            // What another bridge holds is that one's work.
            if !ownedByOthers.isSuperset(of: accountRegions) { signal.notify(of: accountRegions) }
        } else {
            isAnyPending = true
            signal.notify()
        }
        guard notifying == nil else { return }
        notifying = Task(executorPreference: loop) { await self.sendNotifications() }
    }

    /// Tells what has come together while the last was told. Not in the transactions that bring the work: those that notify
    /// are committed one after the other, and each for itself.
    private func sendNotifications() async {
        while isAnyPending || !pendingAccountRegions.isEmpty {
            let words = [replica] + pendingAccountRegions.sorted()
            let text = words.joined(separator: " ")
            let fits = !isAnyPending && text.utf8.count <= Self.maximumLength
            (pendingAccountRegions, isAnyPending) = ([], false)
            // Those who miss it find the work when they look the next time.
            _ = try? await work.use(within: heartbeat.times.lifetime, repeats: true) { connection, _ in
                _ = try await connection.run(
                    PartitionSQL.notify, [.text(Heartbeat.channel), .text(fits ? text : words[0])])
            }
        }
        notifying = nil
    }

    // MARK: Membership

    /// Has others know that this process works on deliveries, and has its share of the origins; waits until it has a sign
    /// of life.
    ///
    /// - Parameter name: what it is called, for people to read.
    /// - Returns: whether it has.
    func joinWorkers(name: String) async throws(StoreError) -> Bool {
        try await heartbeat.join(as: .worker, name: name, within: timeout)
    }

    /// Has others know that this process lives, and holds what it has taken.
    func joinOwners() async throws(StoreError) {
        _ = try await heartbeat.join(as: .owner, name: nil, within: timeout)
    }

    // MARK: Sharing

    private func rebalanceRegularly() async {
        var last: Set<String> = []
        while !Task.isCancelled {
            // When that is not possible, it is tried again.
            if await heartbeat.membership == .worker, heartbeat.isCurrent { try? await rebalance(&last) }
            await pause(heartbeat.times.interval)
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
        let grace = heartbeat.times.grace
        let isStable = heartbeat.isStable
        let (partitions, replicas) = try await work.use(within: heartbeat.times.lifetime, repeats: true) {
            connection, _ in
            if isStable {
                _ = try await connection.run(PartitionSQL.deleteExpired)
                _ = try await connection.run(PartitionSQL.expireGone, [.integer(grace.milliseconds)])
            }
            return try await PartitionSQL.fetch(connection, now: .max)
        }
        let assignment = assignment(partitions, of: replicas, excluding: [], now: .max)
        if !assignment.surplus.isEmpty {
            let freed = try await releasePartitions(assignment.surplus)
            if freed > 0 { notifyWorkers(of: nil) }
        }
        let candidates = Set(assignment.candidates(excluding: []))
        if !candidates.isSubset(of: last) { signal.notify() }
        last = candidates
    }

    /// Lets origins go, as far as nothing of them is leased by a worker.
    private func releasePartitions(_ accountRegions: [String]) async throws -> Int {
        let (replica, leases) = (replica, leases)
        return try await work.use(within: heartbeat.times.lifetime, repeats: true) { connection, _ in
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
    func assignment(
        _ partitions: [PartitionAssignment.Partition], of replicas: Int, excluding excluded: Set<String>, now: Int64
    ) -> PartitionAssignment {
        let assignment = PartitionAssignment(
            partitions, for: replica, of: replicas, excluding: excluded, now: now, leasesSurplus: leasesSurplus,
            mayTakeOver: heartbeat.isStable)
        ownedByOthers = assignment.ownedByOthers
        if assignment.surplus.isEmpty { surplusSince = nil } else { surplusSince = surplusSince ?? .now }
        return assignment
    }

    /// Whether what is beyond this bridge's share is worked on now.
    ///
    /// It can be let go only when nothing of it is leased. So for a moment nothing new is leased; where work goes on for
    /// longer than that, an audit or one that AWS holds up, the rest does not wait for its end.
    private var leasesSurplus: Bool {
        guard let surplusSince else { return false }
        let (round, moment) = (heartbeat.times.lifetime * 3, heartbeat.times.lifetime * 0.5)
        let elapsed = ContinuousClock.now - surplusSince
        return elapsed - round * Int(elapsed / round) > moment
    }

    // MARK: Ending

    /// Tells what is still to be told, lets others have what this process held, and closes the connection.
    func close() async {
        let isMember = await heartbeat.membership != .none
        await stopListening()
        if isMember { await leave() }
        await notifying?.value
    }

    /// Closes the connection; the others find out by themselves.
    func stopListening() async {
        rebalancing?.cancel()
        pausing?.cancel()
        await rebalancing?.value
        await heartbeat.stop()
    }

    private func leave() async {
        let replica = replica
        // When that is not possible, the others find out by themselves.
        let freed = try? await work.use(within: timeout, repeats: true) { connection, _ in
            try await connection.transaction {
                _ = try await connection.run(PartitionSQL.leave, [.text(replica)])
                _ = try await connection.run(PartitionSQL.endAllLeases, [.text(replica)])
                return try await connection.run(PartitionSQL.releaseAllPartitions, [.text(replica)]).changeCount
            }
        }
        if let freed, freed > 0 { notifyWorkers(of: nil) }
    }
}

/// Passes the notifications of the connection to the link, which is made after it.
///
/// `@unchecked Sendable`: the link is set before the connection is opened, and then only read, on the loop.
private final class NotificationRelay: @unchecked Sendable {
    weak var coordinator: ReplicaCoordinator?

    func receive(_ text: String) { coordinator?.assumeIsolated { $0.receive(text) } }
}

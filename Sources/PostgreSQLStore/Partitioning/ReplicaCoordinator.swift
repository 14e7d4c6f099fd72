import Encoding
import EventLoop
import Store

/// Coordinates the replicas on a database: notifies them of work, receives their notifications, and shares the
/// partitions with them.
actor ReplicaCoordinator {
    private let work: ConnectionPool
    private let replica: String
    /// How long closing waits for pending notifications.
    private let timeout: Duration
    private let signal: WorkSignal
    private let leases: LeaseRegistry
    private let loop: EventLoop
    nonisolated let heartbeat: Heartbeat
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private var rebalancing: Task<Void, Never>?
    private var sleeper: Task<Void, Never>?
    private var notifying: Task<Void, Never>?
    /// Lanes with changes that other replicas have not been notified of.
    private var pendingLanes: Set<String> = []
    private var isAnyPending = false
    private var ownedByOthers: Set<String> = []
    /// Since when this replica has owned more than its share.
    private var surplusSince: ContinuousClock.Instant?

    /// `NOTIFY` accepts less than 8,000 bytes; a longer notification is sent as a change of any lane.
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

    /// Starts listening, and rebalances the partitions once this replica processes deliveries.
    func start() async {
        await heartbeat.start()
        rebalancing = Task(executorPreference: loop) { await self.rebalanceRegularly() }
    }

    fileprivate func receive(_ text: String) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard parts.first != replica else { return }
        let lanes = Set(parts.dropFirst())
        guard lanes.isEmpty || !ownedByOthers.isSuperset(of: lanes) else { return }
        signal.notify(of: lanes.isEmpty ? nil : lanes)
    }

    // MARK: Notifying

    /// Wakes the workers of this replica and of the others, because there may be work.
    ///
    /// - Parameter lanes: the affected lanes, as named in the tables; nil for any.
    func notifyWorkers(of lanes: Set<String>?) {
        if let lanes {
            pendingLanes.formUnion(lanes)
            // Lanes of other replicas do not concern these workers.
            if !ownedByOthers.isSuperset(of: lanes) { signal.notify(of: lanes) }
        } else {
            isAnyPending = true
            signal.notify()
        }
        guard notifying == nil else { return }
        notifying = Task(executorPreference: loop) { await self.sendNotifications() }
    }

    /// Sends what has accumulated during the previous notification. Not part of the transactions that add work:
    /// transactions that notify are committed one after another, without sharing a commit.
    private func sendNotifications() async {
        while isAnyPending || !pendingLanes.isEmpty {
            let words = [replica] + pendingLanes.sorted()
            let text = words.joined(separator: " ")
            let fits = !isAnyPending && text.utf8.count <= Self.maximumLength
            (pendingLanes, isAnyPending) = ([], false)
            // Replicas that miss it find the work at their next check.
            _ = try? await work.use(within: heartbeat.times.lifetime, repeats: true) { connection, _ in
                _ = try await connection.run(
                    PartitionSQL.notify, [.text(Heartbeat.channel), .text(fits ? text : words[0])])
            }
        }
        notifying = nil
    }

    // MARK: Membership

    /// Announces that this process processes deliveries and gets a share of the partitions; waits for a heartbeat.
    ///
    /// - Parameter name: the name of the process, for display.
    /// - Returns: whether the heartbeat is valid.
    func joinWorkers(name: String) async throws(StoreError) -> Bool {
        try await heartbeat.join(as: .worker, name: name, within: timeout)
    }

    /// Announces that this process is alive and owns the partitions that it acquires.
    func joinOwners() async throws(StoreError) {
        _ = try await heartbeat.join(as: .owner, name: nil, within: timeout)
    }

    // MARK: Sharing

    private func rebalanceRegularly() async {
        var last: Set<String> = []
        while !Task.isCancelled {
            // Retried if it fails.
            if await heartbeat.membership == .worker, heartbeat.isCurrent { try? await rebalance(&last) }
            await interruptibleSleep(heartbeat.times.interval)
        }
    }

    private func interruptibleSleep(_ time: Duration) async {
        guard !Task.isCancelled else { return }
        let sleeper = Task(executorPreference: loop) { [loop] () -> Void in try? await loop.sleep(for: time) }
        self.sleeper = sleeper
        await sleeper.value
    }

    /// Releases partitions beyond this replica's share, and wakes the workers when there are new partitions to acquire.
    private func rebalance(_ last: inout Set<String>) async throws {
        let grace = heartbeat.times.grace
        let isStable = heartbeat.isStable
        let (partitions, replicas) = try await work.use(within: heartbeat.times.lifetime, repeats: true) {
            connection, _ in
            if isStable {
                _ = try await connection.run(PartitionSQL.deleteExpired)
                _ = try await connection.run(PartitionSQL.expireGone, [.integer(grace.milliseconds)])
            }
            return try await PartitionSQL.fetch(connection, now: .latest)
        }
        let assignment = assignment(partitions, of: replicas, excluding: [], now: .latest)
        if !assignment.surplus.isEmpty {
            let freed = try await releasePartitions(assignment.surplus)
            if freed > 0 { notifyWorkers(of: nil) }
        }
        let candidates = Set(assignment.candidates(excluding: []))
        if !candidates.isSubset(of: last) { signal.notify() }
        last = candidates
    }

    /// Releases partitions in which no worker holds a lease.
    private func releasePartitions(_ lanes: [String]) async throws -> Int {
        let (replica, leases) = (replica, leases)
        return try await work.use(within: heartbeat.times.lifetime, repeats: true) { connection, _ in
            try await connection.transaction {
                // In a separate statement, so that the next ones see all leases made until now.
                let locked = try await connection.run(PartitionSQL.lock, [.texts(lanes), .text(replica)]).rows
                    .filter { try $0.optionalText("replica") == replica }.map { try $0.text("origin") }
                guard !locked.isEmpty else { return 0 }
                _ = try await connection.run(
                    PartitionSQL.endLeasesButThese, [.texts(locked), .integers(leases.sequences)])
                return try await connection.run(PartitionSQL.releasePartitions, [.texts(locked), .text(replica)])
                    .changeCount
            }
        }
    }

    /// Decides which partitions this replica processes, and records the owners of the others.
    func assignment(
        _ partitions: [PartitionAssignment.Partition], of replicas: Int, excluding excluded: Set<String>, now: Timestamp
    ) -> PartitionAssignment {
        let assignment = PartitionAssignment(
            partitions, for: replica, of: replicas, excluding: excluded, now: now, leasesSurplus: leasesSurplus,
            mayTakeOver: heartbeat.isStable)
        ownedByOthers = assignment.ownedByOthers
        if assignment.surplus.isEmpty { surplusSince = nil } else { surplusSince = surplusSince ?? .now }
        return assignment
    }

    /// Whether deliveries beyond this replica's share are leased now.
    ///
    /// A surplus partition can be released only when nothing of it is leased. So leasing stops for a moment. If
    /// processing takes longer than that, because of an audit or because AWS delays it, the other deliveries do not
    /// wait for its end.
    private var leasesSurplus: Bool {
        guard let surplusSince else { return false }
        let (round, moment) = (heartbeat.times.lifetime * 3, heartbeat.times.lifetime * 0.5)
        let elapsed = ContinuousClock.now - surplusSince
        return elapsed - round * Int(elapsed / round) > moment
    }

    // MARK: Closing

    /// Sends pending notifications, releases the partitions of this process, and closes the connection.
    func close() async {
        let isMember = await heartbeat.membership != .none
        await stopListening()
        if isMember { await leave() }
        await notifying?.value
    }

    /// Closes the connection. The other replicas notice it by themselves.
    func stopListening() async {
        rebalancing?.cancel()
        sleeper?.cancel()
        await rebalancing?.value
        await heartbeat.stop()
    }

    private func leave() async {
        let replica = replica
        // If it fails, the other replicas notice it by themselves.
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

/// Passes the notifications of the connection to the coordinator, which is created after it.
///
/// `@unchecked Sendable`: the coordinator is set before the connection is opened, and then only read, on the loop.
private final class NotificationRelay: @unchecked Sendable {
    weak var coordinator: ReplicaCoordinator?

    func receive(_ text: String) { coordinator?.assumeIsolated { $0.receive(text) } }
}

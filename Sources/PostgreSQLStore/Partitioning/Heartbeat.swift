import Encoding
import EventLoop
import Store
import Synchronization

/// The heartbeat of a replica. It has its own connection, which otherwise only receives notifications, so that no lock
/// and no slow statement delays it.
///
/// A heartbeat is valid for a lifetime. The other replicas also observe its session: if that is gone, they do not wait
/// for the end of the lifetime. A replica without a valid heartbeat leases nothing and sends nothing.
actor Heartbeat {
    /// What other replicas need to know about this process.
    enum Membership: Comparable {
        /// Nothing.
        case none
        /// It is alive and owns a partition.
        case owner
        /// It processes deliveries and gets a share of the partitions.
        case worker
    }

    /// The lifetime of a heartbeat, and the times derived from it.
    struct Times: Sendable {
        /// How long a heartbeat is valid while its session is alive.
        let lifetime: Duration
        /// How long it is valid after it was sent when its session is gone: a lost connection is reopened within this
        /// time.
        var grace: Duration { lifetime * 0.3 }
        /// The interval between heartbeats.
        var interval: Duration { lifetime * 0.2 }
        /// The time limit of the database. Short lifetimes are for tests, which may run on slow machines.
        var timeout: Duration { max(lifetime * 0.25, .seconds(1)) }
    }

    private struct State {
        var sentAt: ContinuousClock.Instant?
        var isConnected = false
        var connectedAt = ContinuousClock.now
    }

    private let address: PostgreSQLAddress
    private let replica: String
    private let loop: EventLoop
    private let clock: DatabaseClock
    private let report: StoreEvent.Report
    private let receive: @Sendable (String) -> Void
    private let begin: @Sendable () -> Void
    nonisolated let times: Times
    private nonisolated let state = Mutex(State())
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private(set) var membership = Membership.none
    private var name: String?
    private var running: Task<Void, Never>?
    private var sleeper: Task<Void, Never>?
    private var failure: PostgreSQLError?

    /// The `NOTIFY` channel of the replicas.
    static let channel = "defender_bridge_work"

    /// - Parameters:
    ///   - receive: called on the loop with each notification.
    ///   - begin: called when listening begins: earlier notifications may have been missed.
    init(
        _ address: PostgreSQLAddress, of replica: String, lifetime: Duration, clock: DatabaseClock, on loop: EventLoop,
        report: @escaping StoreEvent.Report, receive: @escaping @Sendable (String) -> Void,
        begin: @escaping @Sendable () -> Void
    ) {
        self.address = address
        self.replica = replica
        self.loop = loop
        self.clock = clock
        self.report = report
        self.receive = receive
        self.begin = begin
        times = Times(lifetime: lifetime)
    }

    // MARK: State

    /// Whether the other replicas consider this process alive. Never true for longer than they do.
    nonisolated var isCurrent: Bool {
        state.withLock { state in
            guard let sentAt = state.sentAt else { return false }
            return .now < sentAt + (state.isConnected ? times.lifetime : times.grace)
        }
    }

    /// Whether the connection has lasted so long that other replicas that lost theirs at the same time have
    /// reconnected.
    nonisolated var isStable: Bool {
        state.withLock { $0.isConnected && .now >= $0.connectedAt + times.grace }
    }

    /// Announces this process to the other replicas, and waits until the announcement is stored.
    ///
    /// - Parameter name: the name of the process, for display.
    /// - Returns: whether the heartbeat is valid: an earlier one may have expired without being renewed in time.
    /// - Throws: ``StoreError/Code/unavailable`` if no heartbeat could be sent yet.
    func join(as kind: Membership, name: String?, within timeout: Duration) async throws(StoreError) -> Bool {
        self.name = name ?? self.name
        if membership < kind {
            membership = kind
            sleeper?.cancel()
        }
        let end = ContinuousClock.now + timeout
        while !isCurrent {
            guard .now < end, !Task.isCancelled, running?.isCancelled != true else {
                if state.withLock({ $0.sentAt }) != nil { return false }
                let reason = failure.map { StoreError($0).message } ?? "The database does not respond in time."
                throw StoreError(
                    .unavailable, "Cannot write the replica's heartbeat, so it leases nothing. \(reason)")
            }
            try? await loop.sleep(for: .milliseconds(20))
        }
        return true
    }

    // MARK: Sending

    /// Starts listening, and sends heartbeats once this process is a member.
    func start() { running = Task(executorPreference: loop) { await self.run() } }

    private static let backoff = ExponentialBackoff(base: .milliseconds(50), cap: .seconds(1), jitter: .half)

    private func run() async {
        var failures = 0
        while !Task.isCancelled {
            do {
                let connection = try await PostgreSQLConnection.open(
                    address, on: loop, as: .listen, limits: SessionLimits(lifetime: times.lifetime), report: report,
                    receive: receive, onLoss: { self.assumeIsolated { $0.markDisconnected() } })
                failures = 0
                do { try await maintain(connection) } catch { recordFailure(error, &failures) }
                markDisconnected()
                await connection.close()
            } catch {
                recordFailure(error, &failures)
            }
            // The loss of a connection is a failure, too.
            await interruptibleSleep(Self.backoff.delay(afterFailures: failures + 1, random: .random(in: 0...1)))
        }
    }

    private func recordFailure(_ error: any Error, _ failures: inout Int) {
        failures += 1
        failure = error as? PostgreSQLError
    }

    private func markDisconnected() {
        state.withLock { $0.isConnected = false }
        sleeper?.cancel()
    }

    private func maintain(_ connection: PostgreSQLConnection) async throws {
        await connection.setTimeout(times.timeout)
        try await connection.runOnce("LISTEN \(Self.channel)")
        let key = try await lockSession(connection)
        state.withLock { ($0.isConnected, $0.connectedAt) = (true, .now) }
        begin()
        while !Task.isCancelled, connection.isUsable {
            await connection.setTimeout(times.timeout)
            if membership != .none { try await heartbeat(key, by: connection) }
            await interruptibleSleep(times.interval)
        }
    }

    /// Locks a key that identifies the session to the other replicas; nil if they could not see it.
    private func lockSession(_ connection: PostgreSQLConnection) async throws -> Int64? {
        // Different from that of the previous session, which the server may still consider alive.
        let key = Int64.random(in: .min ... .max)
        do {
            _ = try await connection.run(PartitionSQL.lockSession, [.integer(key)])
            let seen = try await connection.run(PartitionSQL.isSessionVisible, [.integer(key)]).rows.first?.flag(
                "is_visible")
            return seen == true ? key : nil
        } catch let failure as PostgreSQLError where !failure.isConnectionLost {
            // Some servers that speak PostgreSQL's protocol have no such locks: then only the heartbeat counts.
            return nil
        }
    }

    private func heartbeat(_ key: Int64?, by connection: PostgreSQLConnection) async throws {
        let (start, askedAt) = (ContinuousClock.now, clock.localTime)
        let rows = try await connection.run(
            PartitionSQL.heartbeat,
            [
                .text(replica), .flag(membership == .worker), .integer(times.lifetime.milliseconds), .text(name),
                .integer(key), .integer(clock.offset.milliseconds),
            ])
        if let now = try rows.rows.first?.timestamp("now") { clock.measure(now, askedAt: askedAt) }
        failure = nil
        state.withLock { $0.sentAt = start }
    }

    private func interruptibleSleep(_ time: Duration) async {
        guard !Task.isCancelled else { return }
        let sleeper = Task(executorPreference: loop) { [loop] () -> Void in try? await loop.sleep(for: time) }
        self.sleeper = sleeper
        await sleeper.value
    }

    // MARK: Closing

    /// Closes the connection. The other replicas notice it by themselves.
    func stop() async {
        running?.cancel()
        sleeper?.cancel()
        await running?.value
    }
}

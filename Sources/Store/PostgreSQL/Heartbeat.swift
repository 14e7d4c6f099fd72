import AWSCore
import EventLoop
import Synchronization

/// A replica's sign of life, on a connection that otherwise only receives notifications: no lock and no slow statement
/// delays it.
///
/// The sign counts for a lifetime. Its session is known to the others: when it is gone, the others do not wait for the
/// lifetime to end. A replica without a current sign leases nothing and sends nothing.
actor Heartbeat {
    /// What others are to know of this process.
    enum Membership: Comparable {
        /// Nothing.
        case none
        /// That it lives, and holds an origin.
        case owner
        /// That it works on deliveries, and has its share of the origins.
        case worker
    }

    /// How long a sign counts, and what follows from that.
    struct Times: Sendable {
        /// How long a sign counts while its session lives.
        let lifetime: Duration
        /// How long it counts, from when it was given, when its session is gone: a connection that was lost is made again
        /// within this time.
        var grace: Duration { lifetime * 0.3 }
        /// How often it is given.
        var interval: Duration { lifetime * 0.2 }
        /// How long the database may take. Short lifetimes are for tests, on machines of whatever speed.
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
    private var pausing: Task<Void, Never>?
    private var failure: PostgreSQLError?

    /// The channel of `NOTIFY` that the replicas hear each other on.
    static let channel = "defender_bridge_work"

    /// - Parameters:
    ///   - receive: told on the loop what sessions notify.
    ///   - begin: told when it begins to listen: something may have been told before.
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

    // MARK: Asking

    /// Whether the others take this process to live: never longer than they do.
    nonisolated var isCurrent: Bool {
        state.withLock { state in
            guard let sentAt = state.sentAt else { return false }
            return .now < sentAt + (state.isConnected ? times.lifetime : times.grace)
        }
    }

    /// Whether the connection has lasted so long that the others, if they lost theirs at the same time, have theirs again.
    nonisolated var isStable: Bool {
        state.withLock { $0.isConnected && .now >= $0.connectedAt + times.grace }
    }

    /// Has others know of this process, and waits until they do.
    ///
    /// - Parameter name: what it is called, for people to read.
    /// - Returns: whether the sign is current: one that was given before may be out of date, and not be renewed in time.
    /// - Throws: ``StoreError/Code/unavailable`` if no sign could be given yet.
    func join(as kind: Membership, name: String?, within timeout: Duration) async throws(StoreError) -> Bool {
        self.name = name ?? self.name
        if membership < kind {
            membership = kind
            pausing?.cancel()
        }
        let end = ContinuousClock.now + timeout
        while !isCurrent {
            guard .now < end, !Task.isCancelled, running?.isCancelled != true else {
                if state.withLock({ $0.sentAt }) != nil { return false }
                let reason = failure.map { StoreError($0).message } ?? "The database does not answer in time."
                throw StoreError(
                    .unavailable, "The replica's sign of life cannot be written, so nothing is leased. \(reason)")
            }
            try? await loop.sleep(for: .milliseconds(20))
        }
        return true
    }

    // MARK: Signing

    /// Begins to listen, and to give signs once this process is a member.
    func start() { running = Task(executorPreference: loop) { await self.run() } }

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
            // Up to a second, and not the same for all.
            await pause(.milliseconds(min(50 << min(failures, 5), 1000)) * Double.random(in: 0.5...1))
        }
    }

    private func recordFailure(_ error: any Error, _ failures: inout Int) {
        failures += 1
        failure = error as? PostgreSQLError
    }

    private func markDisconnected() {
        state.withLock { $0.isConnected = false }
        pausing?.cancel()
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
            await pause(times.interval)
        }
    }

    /// Ties the session to a key that the others look for; gives nil where they would not see it.
    private func lockSession(_ connection: PostgreSQLConnection) async throws -> Int64? {
        // Not the same as that of a session before, which the server may not know yet to be gone.
        let key = Int64.random(in: .min ... .max)
        do {
            _ = try await connection.run(PartitionSQL.lockSession, [.integer(key)])
            let seen = try await connection.run(PartitionSQL.isSessionVisible, [.integer(key)]).rows.first?.flag(0)
            return seen == true ? key : nil
        } catch let failure as PostgreSQLError where !failure.isConnectionLost {
            // Not all that speak PostgreSQL's protocol have such locks: the sign alone counts then.
            return nil
        }
    }

    private func heartbeat(_ key: Int64?, by connection: PostgreSQLConnection) async throws {
        let (start, askedAt) = (ContinuousClock.now, clock.localTime)
        let rows = try await connection.run(
            PartitionSQL.heartbeat,
            [
                .text(replica), .flag(membership == .worker), .integer(times.lifetime.milliseconds), .text(name),
                .integer(key), .integer(clock.offset),
            ])
        if let now = try rows.rows.first?.integer(0) { clock.measure(now, askedAt: askedAt) }
        failure = nil
        state.withLock { $0.sentAt = start }
    }

    private func pause(_ time: Duration) async {
        guard !Task.isCancelled else { return }
        let pausing = Task(executorPreference: loop) { [loop] () -> Void in try? await loop.sleep(for: time) }
        self.pausing = pausing
        await pausing.value
    }

    // MARK: Ending

    /// Closes the connection; the others find out by themselves.
    func stop() async {
        running?.cancel()
        pausing?.cancel()
        await running?.value
    }
}

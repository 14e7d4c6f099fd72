import AWSCore
import EventLoop

/// A bridge's tie to the others on the same database: gives signs of life, tells them that there is work, and hears it.
actor ReplicaLink {
    private let address: PostgreSQLAddress
    private let work: ConnectionPool
    private let replica: String
    private let lifetime: Duration
    /// How long the end may wait for the others to be told.
    private let patience: Duration
    private let signal: WorkSignal
    private let loop: EventLoop
    private let report: StoreEvent.Report
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private var running: Task<Void, Never>?
    private var pausing: Task<Void, Never>?
    private var telling: Task<Void, Never>?
    private var membership = Membership.none
    /// Origins with news that others have not been told of.
    private var news: Set<String> = []
    private var isNewsOfAny = false
    private var heldByOthers: Set<String> = []

    /// What others are to know of this process.
    private enum Membership: Comparable {
        /// Nothing.
        case none
        /// That it lives, and holds an origin.
        case holder
        /// That it works on deliveries, and has its share of the origins.
        case worker
    }

    private static let channel = "defender_bridge_work"
    /// `NOTIFY` takes less than 8,000 bytes; what is longer is told as news of any origin.
    private static let longestNews = 7000

    init(
        _ address: PostgreSQLAddress, work: ConnectionPool, replica: String, lifetime: Duration, patience: Duration,
        signal: WorkSignal, on loop: EventLoop, report: @escaping StoreEvent.Report
    ) {
        self.address = address
        self.work = work
        self.replica = replica
        self.lifetime = lifetime
        self.patience = patience
        self.signal = signal
        self.loop = loop
        self.report = report
    }

    // MARK: Listening

    /// Begins to listen.
    func start() { running = Task(executorPreference: loop) { await self.run() } }

    private func run() async {
        var failures = 0
        while !Task.isCancelled {
            do {
                let connection = try await PostgreSQLConnection.open(
                    address, on: loop, as: .listen, report: report,
                    hear: { note in self.assumeIsolated { $0.hear(note) } },
                    lost: { self.assumeIsolated { $0.pausing?.cancel() } })
                failures = 0
                do { try await serve(connection) } catch { failures = 1 }
                await connection.close()
            } catch {
                failures += 1
            }
            // Up to a second, and not the same for all.
            await pause(.milliseconds(min(50 << min(failures, 5), 1000)) * Double.random(in: 0.5...1))
        }
    }

    private func serve(_ connection: PostgreSQLConnection) async throws {
        await connection.allow(lifetime)
        try await connection.runOnce("LISTEN \(Self.channel)")
        // Something may have been told while nobody listened.
        signal.notify()
        var last: Set<String> = []
        while !Task.isCancelled, connection.isUsable {
            await connection.allow(lifetime)
            if membership != .none { try await giveSign(by: connection) }
            if membership == .worker { try await lookAround(&last, by: connection) }
            await pause(lifetime / 3)
        }
    }

    private func pause(_ time: Duration) async {
        guard !Task.isCancelled else { return }
        let pausing = Task(executorPreference: loop) { [loop] () -> Void in try? await loop.sleep(for: time) }
        self.pausing = pausing
        await pausing.value
    }

    private func hear(_ text: String) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard parts.first != replica else { return }
        let origins = Set(parts.dropFirst())
        guard origins.isEmpty || !heldByOthers.isSuperset(of: origins) else { return }
        signal.notify(of: origins.isEmpty ? nil : origins)
    }

    // MARK: Telling

    /// Wakes this bridge's workers, and has those of other bridges wake, because there may be work.
    ///
    /// - Parameter origins: what there may be work of, in the form of the tables; nil for any.
    func tell(of origins: Set<String>?) {
        if let origins {
            news.formUnion(origins)
            // What another bridge holds is that one's work.
            if !heldByOthers.isSuperset(of: origins) { signal.notify(of: origins) }
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
            _ = try? await work.use(within: lifetime, repeats: true) { connection, _ in
                _ = try await connection.run(
                    SharingSQL.notify, [.text(Self.channel), .text(isWhole ? text : words[0])])
            }
        }
        telling = nil
    }

    // MARK: Membership

    /// Has others know that this process works on deliveries, and has its share of the origins.
    func joinWorkers() async throws(StoreError) { try await join(as: .worker) }

    /// Has others know that this process lives, and holds what it has taken.
    func joinHolders() async throws(StoreError) { try await join(as: .holder) }

    private func join(as kind: Membership) async throws(StoreError) {
        guard membership < kind else { return }
        let values = sign(as: kind)
        try await work.use(within: PostgreSQLStore.workPatience, repeats: true) { connection, _ in
            _ = try await connection.run(SharingSQL.forgetDead)
            _ = try await connection.run(SharingSQL.sign, values)
        }
        membership = max(membership, kind)
    }

    private func sign(as kind: Membership) -> [PostgreSQLValue] {
        [.text(replica), .flag(kind == .worker), .integer(lifetime.milliseconds)]
    }

    private func giveSign(by connection: PostgreSQLConnection) async throws {
        _ = try await connection.run(SharingSQL.sign, sign(as: membership))
    }

    /// Lets go of what is beyond this bridge's share, and wakes the workers when there is something new to be taken.
    private func lookAround(_ last: inout Set<String>, by connection: PostgreSQLConnection) async throws {
        let (known, replicas) = try await SharingSQL.ask(connection, now: .max)
        let shares = OriginShares(known, for: replica, of: replicas, excluding: [], now: .max)
        see(shares)
        if !shares.surplus.isEmpty {
            let freed = try await connection.run(
                SharingSQL.letGo, [.texts(shares.surplus), .text(replica)]
            ).changeCount
            if freed > 0 { tell(of: nil) }
        }
        let candidates = Set(shares.candidates(excluding: []))
        if !candidates.isSubset(of: last) { signal.notify() }
        last = candidates
    }

    /// Takes note of who holds what.
    func see(_ shares: OriginShares) { heldByOthers = shares.heldByOthers }

    // MARK: Ending

    /// Tells what is still to be told, lets others have what this process held, and closes the connection.
    func close() async {
        await stopListening()
        if membership != .none { await leave() }
        await telling?.value
    }

    /// Closes the connection; the others find out by themselves.
    func stopListening() async {
        running?.cancel()
        pausing?.cancel()
        await running?.value
    }

    private func leave() async {
        let replica = replica
        // When that is not possible, the others find out by themselves.
        let freed = try? await work.use(within: patience, repeats: true) { connection, _ in
            try await connection.transaction {
                _ = try await connection.run(SharingSQL.leave, [.text(replica)])
                _ = try await connection.run(SharingSQL.endAllLeases, [.text(replica)])
                return try await connection.run(SharingSQL.letAllGo, [.text(replica)]).changeCount
            }
        }
        if let freed, freed > 0 { tell(of: nil) }
    }
}

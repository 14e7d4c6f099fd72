import Encoding
import EventLoop
package import Store
import Synchronization

/// A store in a PostgreSQL database (version 13 or later), for any number of replicas.
///
/// Each account-Region has one owner at a time, which alone leases its deliveries; see ``PartitionAssignment``.
/// Everything runs on one event loop over a few connections; only connecting uses another thread.
package final class PostgreSQLStore: Store {
    let signal = WorkSignal()
    /// The id of this process in the tables. Unlike host name and process id, it is never reused.
    let replica: String
    let appends: ConnectionPool
    let work: ConnectionPool
    let coordinator: ReplicaCoordinator
    let clock: DatabaseClock
    let leases = LeaseRegistry()
    /// When processing was last recorded, by account-Region as named in the tables.
    let recordedActivity = Mutex<[String: ContinuousClock.Instant]>([:])
    let appendCommit: GroupCommit<[Delivery], [AppendResult]>
    let leaseCommit: GroupCommit<[LeaseUpdate], LeaseResult>
    /// The account-Region that was served last, as named in the tables.
    let lastServed = Mutex<String?>(nil)
    private let access: StoreAccess
    private let report: StoreEvent.Report
    private let usage = UsageTracker()
    private let loop: EventLoop
    private let closing = RunOnce()

    /// The time limit of calls that a sender waits for.
    let timeout: Duration
    /// The time limit of all other calls.
    static let workTimeout = Duration.seconds(30)

    /// Connects, and applies pending migrations.
    ///
    /// - Parameters:
    ///   - address: the database.
    ///   - access: the purpose. Only a serving process applies migrations.
    ///   - report: receives events about transactions and connections.
    /// - Throws: ``StoreError`` with the code `unavailable`, `invalidPath` (a file that the URI names is unreadable),
    ///   `unsupported` (the schema is newer than this version) or `outdated` (it is older and the store is not opened
    ///   for serving).
    package convenience init(
        address: PostgreSQLAddress, access: StoreAccess = .serving, report: @escaping StoreEvent.Report = { _ in }
    ) async throws(StoreError) {
        try await self.init(address: address, access: access, lifetime: .seconds(10), report: report)
    }

    /// - Parameters:
    ///   - lifetime: how long other replicas consider this process alive after its last heartbeat.
    ///   - timeout: the time limit of calls that a sender waits for. EventBridge waits 5 seconds for a response.
    ///   - clock: converts between this machine's clock and the database's.
    init(
        address: PostgreSQLAddress, access: StoreAccess = .serving, lifetime: Duration,
        timeout: Duration = .seconds(4), clock: DatabaseClock = DatabaseClock(),
        report: @escaping StoreEvent.Report = { _ in }
    ) async throws(StoreError) {
        try address.checkFiles()
        let loop: EventLoop
        do {
            loop = try EventLoop(name: "bridge-store")
        } catch {
            throw StoreError(.unavailable, "\(error)")
        }
        self.loop = loop
        self.access = access
        self.report = report
        self.timeout = timeout
        self.clock = clock
        do throws(StoreError) {
            try await Self.prepare(address, on: loop, access, clock, report)
        } catch {
            await loop.shutdown()
            throw error
        }
        let digits = UInt64.random(in: 0 ... .max)
        replica = String(digits, radix: 16)
        let limits = SessionLimits(lifetime: lifetime)
        let appends = ConnectionPool(address, limit: 1, on: loop, as: .append, limits: limits, report: report)
        let work = ConnectionPool(address, limit: 4, on: loop, as: .work, limits: limits, report: report)
        self.appends = appends
        self.work = work
        coordinator = ReplicaCoordinator(
            address, work: work, replica: replica, lifetime: lifetime, timeout: timeout, signal: signal,
            leases: leases, clock: clock, on: loop, report: report)
        appendCommit = GroupCommit(on: loop, split: QueueWrites.split, report: report) {
            await QueueWrites.append($0, by: appends, within: timeout)
        }
        leaseCommit = GroupCommit(on: loop, split: QueueWrites.split, report: report) {
            await QueueWrites.finish($0, by: work)
        }
        if access == .serving { await coordinator.start() }
    }

    private static func prepare(
        _ address: PostgreSQLAddress, on loop: EventLoop, _ access: StoreAccess, _ clock: DatabaseClock,
        _ report: @escaping StoreEvent.Report
    ) async throws(StoreError) {
        let result: Result<Void, StoreError> = await withTaskExecutorPreference(loop) {
            do {
                let connection = try await PostgreSQLConnection.open(address, on: loop)
                do {
                    await connection.setTimeout(workTimeout)
                    try await PoolerCheck.check(connection, address, on: loop)
                    let askedAt = clock.localTime
                    if let now = try await connection.run("SELECT \(PartitionSQL.now) AS now").rows.first?.timestamp(
                        "now")
                    {
                        clock.measure(now, askedAt: askedAt)
                    }
                    try await PostgreSQLSchema.bringUpToDate(
                        connection, mayChange: access == .serving, report: report)
                } catch {
                    await connection.close()
                    throw error
                }
                await connection.close()
                return .success(())
            } catch {
                return .failure(StoreError(postgreSQL: error))
            }
        }
        try result.get()
    }

    /// Completes pending writes, releases all partitions, and closes all connections.
    package func close() async {
        await closing.run { await self.shutDown() }
    }

    private func shutDown() async {
        signal.close()
        // Running calls end within their time limits.
        await usage.close()
        await appendCommit.close()
        await leaseCommit.close()
        await coordinator.close()
        await appends.close()
        await work.close()
        await loop.shutdown()
    }

    // MARK: Statements

    /// Makes a call on the store's event loop, which is kept running meanwhile.
    func whileOpen<Value: Sendable>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        guard usage.acquire() else { throw .closed }
        defer { usage.release() }
        return try await body()
    }

    /// Runs a body with a connection for work; see ``ConnectionPool/use(within:repeats:_:)``.
    func use<Value: Sendable>(
        within time: Duration = workTimeout, repeats: Bool,
        _ body: @Sendable (_ connection: PostgreSQLConnection) async throws -> Value
    ) async throws(StoreError) -> Value {
        try await whileOpen { () throws(StoreError) in
            try await work.use(within: time, repeats: repeats) { connection, _ in try await body(connection) }
        }
    }

    /// Wakes the workers of all replicas; see ``ReplicaCoordinator/notifyWorkers(of:)``.
    func notifyWorkers(of accountRegions: Set<String>?) async {
        guard usage.acquire() else { return }
        defer { usage.release() }
        await coordinator.notifyWorkers(of: accountRegions)
    }

    /// Reads with one statement.
    ///
    /// - Parameter isLong: whether it reads so much that it may take longer than a write.
    func read<Value: Sendable>(
        _ sql: String, _ values: [PostgreSQLValue] = [], within time: Duration = workTimeout, isLong: Bool = false,
        _ body: @Sendable (PostgreSQLRows) throws -> Value
    ) async throws(StoreError) -> Value {
        try await use(within: time, repeats: true) { connection in
            guard isLong else { return try body(try await connection.run(sql, values)) }
            return try body(try await connection.withLongLimits { try await connection.run(sql, values) })
        }
    }

    /// Reads with one statement that both engines have.
    func read<Value: Sendable>(
        _ sql: SQLStatement, _ values: [PostgreSQLValue] = [], within time: Duration = workTimeout,
        isLong: Bool = false, _ body: @Sendable (PostgreSQLRows) throws -> Value
    ) async throws(StoreError) -> Value {
        try await read(sql.postgreSQL, values, within: time, isLong: isLong, body)
    }

    /// Writes with one statement, which may run twice; returns the number of changed rows.
    @discardableResult
    func write(
        _ sql: SQLStatement, _ values: [PostgreSQLValue] = [], within time: Duration = workTimeout
    ) async throws(StoreError) -> Int {
        try checkAccess()
        return try await use(within: time, repeats: true) { connection in
            try await timed { try await connection.run(sql, values).changeCount }
        }
    }

    /// Writes with several statements in one transaction, which may run twice.
    func transact<Value: Sendable>(
        _ body: @Sendable (PostgreSQLConnection) async throws -> Value
    ) async throws(StoreError) -> Value {
        try checkAccess()
        return try await use(repeats: true) { connection in
            try await timed { try await connection.transaction { try await body(connection) } }
        }
    }

    /// Reports the commit of one write.
    func timed<Value>(_ commit: () async throws -> Value) async throws -> Value {
        let start = ContinuousClock.now
        let value = try await commit()
        report(.committed(writes: 1, duration: .now - start))
        return value
    }

    /// Whether the heartbeat of this process is valid.
    package var canProcess: Bool { coordinator.heartbeat.isCurrent }

    /// Throws if the store was opened read-only.
    func checkAccess() throws(StoreError) {
        guard access != .readOnly else {
            throw StoreError(.unavailable, "The store was opened read-only.")
        }
    }

    /// Ends or extends leases, together with those of other callers.
    func finish(_ updates: [LeaseUpdate]) async throws(StoreError) -> LeaseResult {
        try checkAccess()
        guard !updates.isEmpty else { return LeaseResult(held: []) }
        let result = try await whileOpen { () throws(StoreError) in try await leaseCommit.submit(updates) }
        leases.remove(zip(updates, result.held).filter { !$1 || $0.kind != .leased }.map(\.0.lease))
        return result
    }

    /// Deletes in transactions of limited size, so that other writes are not delayed.
    func deleteInSteps(_ sql: SQLStatement, _ values: [PostgreSQLValue]) async throws(StoreError) -> Int {
        var total = 0
        while true {
            let count = try await write(sql, values + [.integer(Limits.deletion)])
            total += count
            if count < Limits.deletion { return total }
        }
    }
}

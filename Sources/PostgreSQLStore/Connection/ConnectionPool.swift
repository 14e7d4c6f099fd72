import DequeModule
import Encoding
import EventLoop
import Store

/// A pool of database connections. Lost connections are reopened with increasing delays.
actor ConnectionPool {
    private struct Waiter {
        let deadline: ContinuousClock.Instant
        let continuation: CheckedContinuation<Result<PostgreSQLConnection, PostgreSQLError>, Never>
    }

    private let address: PostgreSQLAddress
    private let loop: EventLoop
    private let limit: Int
    private let pool: StoreEvent.Pool
    private let limits: SessionLimits
    private let report: StoreEvent.Report
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private var idle: [PostgreSQLConnection] = []
    /// The number of connections, open or being opened.
    private var count = 0
    private var opening = 0
    private var waiters: Deque<Waiter> = []
    private var isClosed = false
    private var emptied: CheckedContinuation<Void, Never>?
    /// Fails waiters whose deadline has passed, and retries opening.
    private var timer: LoopTimer?
    /// The current outage: since when, the number of attempts, the time of the next one, and the last error.
    private var outage: (since: ContinuousClock.Instant, tries: Int, next: ContinuousClock.Instant, PostgreSQLError)?

    /// The duration of an outage after which callers no longer wait for its end.
    private static let longOutage = Duration.seconds(4)
    private static let backoff = ExponentialBackoff(base: .milliseconds(100), cap: .seconds(2))

    init(
        _ address: PostgreSQLAddress, limit: Int, on loop: EventLoop, as pool: StoreEvent.Pool, limits: SessionLimits,
        report: @escaping StoreEvent.Report
    ) {
        self.address = address
        self.pool = pool
        self.limits = limits
        self.report = report
        self.limit = limit
        self.loop = loop
    }

    // MARK: Use

    /// Runs a body with a connection.
    ///
    /// Serialization failures and deadlocks are retried. If the connection is lost, the body is run again on another
    /// one if `repeats` allows it, or if the server rejected the work without doing it.
    ///
    /// - Parameters:
    ///   - time: the time limit, including the wait for a connection.
    ///   - repeats: whether the body may run again although it may have taken effect.
    ///   - body: receives the connection, and how often it was run before on connections that were lost.
    nonisolated func use<Value: Sendable>(
        within time: Duration, repeats: Bool,
        _ body: @Sendable (_ connection: PostgreSQLConnection, _ losses: Int) async throws -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withTaskExecutorPreference(loop) {
            do {
                let end = StoreTimeLimit.end(of: time)
                return .success(try await self.tryToUse(until: end, repeats: repeats, body))
            } catch {
                return .failure(StoreError(postgreSQL: error))
            }
        }
        return try result.get()
    }

    private nonisolated func tryToUse<Value: Sendable>(
        until end: ContinuousClock.Instant, repeats: Bool,
        _ body: @Sendable (PostgreSQLConnection, Int) async throws -> Value
    ) async throws -> Value {
        var (losses, collisions) = (0, 0)
        while true {
            let connection = try await acquire(until: end)
            await connection.setTimeout(end - .now)
            do {
                let value = try await body(connection, losses)
                await release(connection)
                return value
            } catch let failure as PostgreSQLError {
                await release(connection)
                if failure.isTransient, collisions < Self.collisionLimit {
                    collisions += 1
                } else if failure.isConnectionLost, repeats || failure.isRejection, end > .now {
                    losses += 1
                } else {
                    throw failure
                }
            } catch {
                await release(connection)
                throw error
            }
        }
    }

    private static let collisionLimit = 5

    // MARK: Lending

    private func acquire(until deadline: ContinuousClock.Instant) async throws -> PostgreSQLConnection {
        guard !isClosed else { throw StoreError.closed }
        while let connection = idle.popLast() {
            if connection.isUsable { return connection }
            count -= 1
        }
        if let outage, .now - outage.since > Self.longOutage { throw outage.3 }
        return try await withCheckedContinuation { continuation in
            waiters.append(Waiter(deadline: deadline, continuation: continuation))
            grow()
            watchTime()
        }.get()
    }

    private func release(_ connection: PostgreSQLConnection) async {
        guard connection.isUsable else {
            count -= 1
            grow()
            return await finishClosing()
        }
        if let waiter = waiters.popFirst() { return waiter.continuation.resume(returning: .success(connection)) }
        idle.append(connection)
        await finishClosing()
    }

    // MARK: Opening

    /// Opens connections for the waiters, up to the limit.
    private func grow() {
        if let outage, outage.next > .now { return }
        // During an outage, one attempt at a time is enough.
        let most = outage == nil ? limit : 1
        let toAcquire = outage == nil ? waiters.count : 1
        while count < limit, opening < most, opening < toAcquire, !isClosed {
            count += 1
            opening += 1
            Task(executorPreference: loop) { await self.open() }
        }
    }

    private func open() async {
        do {
            let connection = try await PostgreSQLConnection.open(
                address, on: loop, as: pool, limits: limits, report: report)
            opening -= 1
            outage = nil
            await release(connection)
            grow()
        } catch {
            opening -= 1
            count -= 1
            let tries = (outage?.tries ?? 0) + 1
            outage = (outage?.since ?? .now, tries, .now + Self.backoff.delay(afterFailures: tries), error)
            await finishClosing()
        }
        watchTime()
    }

    private func watchTime() {
        guard !isClosed, !waiters.isEmpty || outage != nil else { return }
        if timer == nil { timer = LoopTimer(on: loop) { self.timePasses() } }
        timer?.start(after: .milliseconds(50), repeating: .milliseconds(50))
    }

    private func timePasses() {
        let now = ContinuousClock.now
        let isHopeless = outage.map { now - $0.since > Self.longOutage } ?? false
        let overdue = waiters.filter { isHopeless || $0.deadline <= now }
        waiters.removeAll { isHopeless || $0.deadline <= now }
        let failure = outage?.3 ?? PostgreSQLError(lost: "all connections are busy")
        for waiter in overdue { waiter.continuation.resume(returning: .failure(failure)) }
        if waiters.isEmpty, outage == nil { timer?.stop() }
        grow()
    }

    // MARK: Closing

    /// Lends no more connections, waits for those in use, and closes all. Must be called once.
    func close() async {
        isClosed = true
        let waiting = waiters
        waiters = []
        for waiter in waiting { waiter.continuation.resume(returning: .failure(PostgreSQLError(lost: "closed"))) }
        await withCheckedContinuation { continuation in
            emptied = continuation
            Task(executorPreference: loop) { await self.finishClosing() }
        }
        timer?.close()
        timer = nil
    }

    private func finishClosing() async {
        guard isClosed else { return }
        while let connection = idle.popLast() {
            count -= 1
            await connection.close()
        }
        if count == 0 { emptied.take()?.resume() }
    }
}

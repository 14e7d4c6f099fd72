import CLibpq
import Dispatch
import Encoding
import EventLoop
import Store
import Synchronization

/// A connection to PostgreSQL on the store's event loop. Runs one statement at a time: its user must wait for the end
/// of a statement before the next.
actor PostgreSQLConnection {
    private let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private var handle: OpaquePointer?
    private var watcher: DescriptorWatcher?
    private var timer: LoopTimer?
    /// The names of the prepared statements.
    private var prepared: [String: String] = [:]
    private var waiter: CheckedContinuation<Result<PostgreSQLRows, PostgreSQLError>, Never>?
    /// The result of the running statement so far.
    private var outcome: Result<PostgreSQLRows, PostgreSQLError>?
    private var deadline = ContinuousClock.now
    private var limits: SessionLimits
    private let pool: StoreEvent.Pool
    private let report: StoreEvent.Report
    private let receive: @Sendable (String) -> Void
    private let onLoss: @Sendable () -> Void
    private let usable = Atomic(true)

    /// Whether it was neither lost nor closed.
    nonisolated var isUsable: Bool { usable.load(ordering: .acquiring) }

    /// The settings of each session. They make statements use indexes whatever the server's statistics say: a queue
    /// that was empty a minute ago can contain a million deliveries.
    private static let settings = """
        SET default_transaction_isolation = 'read committed'; SET enable_seqscan = off; SET enable_hashjoin = off;
        SET enable_mergejoin = off; SET jit = off; SET client_min_messages = error;
        SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
        """

    private init(
        _ handle: OpaquePointer, on loop: EventLoop, as pool: StoreEvent.Pool, limits: SessionLimits,
        report: @escaping StoreEvent.Report, receive: @escaping @Sendable (String) -> Void,
        onLoss: @escaping @Sendable () -> Void
    ) {
        self.handle = handle
        self.loop = loop
        self.pool = pool
        self.limits = limits
        self.report = report
        self.receive = receive
        self.onLoss = onLoss
    }

    // MARK: Opening

    /// A libpq connection on its way from the thread that opened it to the loop.
    ///
    /// `@unchecked Sendable`: libpq allows any thread to use a connection, one at a time, and only the receiver does.
    private struct Transfer: @unchecked Sendable {
        let handle: OpaquePointer?
    }

    /// Connects.
    ///
    /// - Parameters:
    ///   - pool: the purpose, for events.
    ///   - limits: the time limits of the session.
    ///   - report: receives events about the connection.
    ///   - receive: called on the loop with each notification.
    ///   - onLoss: called on the loop when the connection is lost, but not when it is closed.
    static func open(
        _ address: PostgreSQLAddress, on loop: EventLoop, as pool: StoreEvent.Pool = .work,
        limits: SessionLimits = .long, report: @escaping StoreEvent.Report = { _ in },
        receive: @escaping @Sendable (String) -> Void = { _ in },
        onLoss: @escaping @Sendable () -> Void = {}
    ) async throws(PostgreSQLError) -> PostgreSQLConnection {
        let transfer = await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: Transfer(handle: address.connect())) }
        }
        guard let handle = transfer.handle else {
            report(.connectionFailed(pool))
            throw PostgreSQLError(lost: "out of memory")
        }
        guard PQstatus(handle) == CONNECTION_OK else {
            let failure = PostgreSQLError(lost: Self.message(handle))
            PQfinish(handle)
            report(.connectionFailed(pool))
            throw failure
        }
        let connection = PostgreSQLConnection(
            handle, on: loop, as: pool, limits: limits, report: report, receive: receive, onLoss: onLoss)
        report(.connected(pool))
        do {
            try await connection.start()
        } catch {
            await connection.close()
            throw error
        }
        return connection
    }

    private func start() async throws(PostgreSQLError) {
        guard let handle else { throw Self.closed }
        PQsetNoticeReceiver(handle, { _, _ in }, nil)
        PQsetnonblocking(handle, 1)
        timer = LoopTimer(on: loop) { self.expire() }
        do {
            watcher = try DescriptorWatcher(PQsocket(handle), on: loop) { self.isReady($0) }
        } catch {
            throw PostgreSQLError(lost: "\(error)")
        }
        watcher?.watch(for: .readable)
        setTimeout(.seconds(4))
        let settings = Self.settings + limits.sql
        _ = try await exchange { PQsendQuery($0, settings) }.get()
    }

    private static let closed = PostgreSQLError(lost: "the connection is closed")

    private static func message(_ handle: OpaquePointer) -> String {
        guard let text = PQerrorMessage(handle).map({ String(cString: $0) }), !text.isEmpty else {
            return "the connection is lost"
        }
        return text
    }

    // MARK: Statements

    /// Sets the time limit of the following statements together. When it passes, the connection is closed: a server
    /// that hangs would not end the statement either.
    func setTimeout(_ time: Duration) { deadline = .now + time }

    /// Runs a statement, which is prepared the first time.
    func run(_ sql: String, _ values: [PostgreSQLValue] = []) async throws(PostgreSQLError) -> PostgreSQLRows {
        let name: String
        if let known = prepared[sql] {
            name = known
        } else {
            name = "s\(prepared.count)"
            let types = values.map { Oid($0.type) }
            _ = try await exchange { PQsendPrepare($0, name, sql, CInt(clamping: types.count), types) }.get()
            prepared[sql] = name
        }
        return try await exchange { values.send(toStatement: name, of: $0) }.get()
    }

    /// Runs a statement that both engines have.
    func run(_ sql: SQLStatement, _ values: [PostgreSQLValue] = []) async throws(PostgreSQLError) -> PostgreSQLRows {
        try await run(sql.postgreSQL, values)
    }

    /// Allows statements that read a whole table and lock nothing to take longer.
    func withLongLimits<Value>(_ body: () async throws -> Value) async throws -> Value {
        let usual = limits
        try await use(.long)
        do {
            let value = try await body()
            try await use(usual)
            return value
        } catch {
            if isUsable { try await use(usual) }
            throw error
        }
    }

    func use(_ limits: SessionLimits) async throws {
        self.limits = limits
        try await runOnce(limits.sql)
    }

    /// Runs a statement without parameters, unprepared.
    func runOnce(_ sql: String) async throws(PostgreSQLError) {
        _ = try await exchange { PQsendQuery($0, sql) }.get()
    }

    /// Runs a statement unprepared; returns the column `value` of its first row.
    func queryOnce(_ sql: String) async throws -> String? {
        try await exchange { PQsendQuery($0, sql) }.get().rows.first?.optionalText("value")
    }

    /// Runs statements in a transaction. An error of the body rolls it back.
    nonisolated func transaction<Value>(_ body: () async throws -> Value) async throws -> Value {
        _ = try await run("BEGIN")
        do {
            let value = try await body()
            _ = try await run("COMMIT")
            return value
        } catch {
            if isUsable { _ = try? await run("ROLLBACK") }
            throw error
        }
    }

    private func exchange(
        _ send: (OpaquePointer) -> CInt
    ) async -> Result<PostgreSQLRows, PostgreSQLError> {
        guard let handle else { return .failure(Self.closed) }
        precondition(waiter == nil, "a connection was used by two at once")
        let left = deadline - .now
        guard left > .zero, send(handle) == 1 else {
            let failure = PostgreSQLError(lost: left > .zero ? Self.message(handle) : Self.overdue)
            fail(failure)
            return .failure(failure)
        }
        let limit = min(left, limits.timeout)
        let end = ContinuousClock.now + limit
        timer?.start(after: limit)
        var result = await withCheckedContinuation { continuation in
            waiter = continuation
            flush()
        }
        timer?.stop()
        // The process was stopped meanwhile: the server may have canceled the statement, so its result is not trusted.
        if case .success = result, ContinuousClock.now > end + Self.tolerance {
            result = .failure(PostgreSQLError(lost: Self.overdue))
        }
        if case .failure(let failure) = result, failure.isConnectionLost { fail(failure) }
        return result
    }

    private static let overdue = "the server did not respond in time"
    /// How much later than the timer a result may arrive: timers are not exact.
    private static let tolerance = Duration.milliseconds(100)

    private func expire() { fail(PostgreSQLError(lost: Self.overdue)) }

    // MARK: Events

    private func isReady(_ events: Result<DescriptorWatcher.Events, EventLoopError>) {
        guard let handle else { return }
        switch events {
        case .failure(let error): fail(PostgreSQLError(lost: "\(error)"))
        case .success(let events):
            if events.contains(.readable) {
                let isRead = PQconsumeInput(handle) == 1
                collect()
                while let notification = PQnotifies(handle) {
                    receive(String(cString: notification.pointee.extra))
                    PQfreemem(notification)
                }
                if !isRead || PQstatus(handle) == CONNECTION_BAD {
                    return fail(PostgreSQLError(lost: Self.message(handle)))
                }
            }
            flush()
        }
    }

    /// Sends pending bytes, and waits for the socket to be writable if some remain.
    private func flush() {
        guard let handle, let watcher else { return }
        switch PQflush(handle) {
        case 0: watcher.watch(for: .readable)
        case 1: watcher.watch(for: [.readable, .writable])
        default: fail(PostgreSQLError(lost: Self.message(handle)))
        }
    }

    /// Reads the results that have arrived; resumes the waiter when they are complete.
    private func collect() {
        guard let handle, waiter != nil else { return }
        while PQisBusy(handle) == 0 {
            guard let pointer = PQgetResult(handle) else { return answer() }
            let rows = PostgreSQLRows(pointer)
            if case .failure = outcome { continue }
            outcome = rows.failure.map { .failure($0) } ?? .success(rows)
        }
    }

    private func answer() {
        let result = outcome ?? .failure(PostgreSQLError(lost: "the server returned no result"))
        outcome = nil
        waiter.take()?.resume(returning: result)
    }

    // MARK: Closing

    private func fail(_ failure: PostgreSQLError) {
        guard handle != nil else { return }
        close()
        // An error that the server sent before it closed is more informative.
        if case .failure(let said) = outcome.take(), said.isConnectionLost {
            waiter.take()?.resume(returning: .failure(said))
        } else {
            waiter.take()?.resume(returning: .failure(failure))
        }
        onLoss()
    }

    /// Closes the connection. No statement may be running.
    func close() {
        guard let handle else { return }
        usable.store(false, ordering: .releasing)
        report(.disconnected(pool))
        self.handle = nil
        watcher?.close()
        watcher = nil
        timer?.close()
        timer = nil
        PQfinish(handle)
    }
}

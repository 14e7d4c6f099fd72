import GRDB
import Store
import Synchronization

/// Runs all writes of a store. Those that wait during a commit share the next one.
///
/// A commit waits for the disk, which costs the same for one write as for a thousand.
final class GroupCommitter: Sendable {
    /// One caller's part of a transaction.
    private struct Write: Sendable {
        /// The approximate number of bytes that it writes, if large.
        let size: Int
        /// Writes, and returns the function that resumes the caller once the write is durable.
        let perform: @Sendable (Database) throws -> @Sendable () -> Void
        /// Reports to the caller that the transaction failed.
        let fail: @Sendable (StoreError) -> Void
    }

    private struct State {
        var waiting: [Write] = []
        /// Whether a batch is running or scheduled; it continues with what waits.
        var isRunning = false
        var isClosed = false
        var drained: [CheckedContinuation<Void, Never>] = []
    }

    /// The maximum number of writes in one transaction.
    static let batchLimit = 1000
    /// The maximum size of several writes in one transaction, in bytes: it grows the log and is repeated if it fails.
    static let batchSizeLimit = 8 << 20

    private let pool: DatabasePool
    private let files: StoreFiles
    private let state = Mutex(State())
    private let commits = Atomic<Int>(0)
    private let log: WriteAheadLog?
    private let report: StoreEvent.Report

    /// - Parameter log: is truncated between transactions when it is long; nil leaves that to another process.
    init(pool: DatabasePool, files: StoreFiles, log: WriteAheadLog?, report: @escaping StoreEvent.Report) {
        self.pool = pool
        self.files = files
        self.log = log
        self.report = report
    }

    /// The number of committed transactions.
    var commitCount: Int { commits.load(ordering: .relaxed) }

    /// The number of writes that wait for the next transaction.
    var waitingCount: Int { state.withLock(\.waiting.count) }

    /// Whether a transaction is running or scheduled.
    var isRunning: Bool { state.withLock(\.isRunning) }

    /// Whether further writes are rejected.
    var isClosed: Bool { state.withLock(\.isClosed) }

    /// Writes, together with other callers, and returns once the write is durable.
    ///
    /// An error of the body rolls back the whole transaction, including the parts of other callers. An error that
    /// concerns only this caller is returned as a failure, before the body has written anything.
    ///
    /// - Parameters:
    ///   - size: The number of bytes, if large.
    ///   - body: Writes.
    func write<Value: Sendable>(
        size: Int = 0, _ body: @escaping @Sendable (Database) throws -> Result<Value, StoreError>
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            enqueue(
                Write(
                    size: size,
                    perform: { db in
                        let result = try body(db)
                        return { continuation.resume(returning: result) }
                    },
                    fail: { continuation.resume(returning: .failure($0)) }))
        }
        return try result.get()
    }

    /// Rejects further writes, and returns when the waiting ones are done.
    func close() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                state.isClosed = true
                if state.isRunning { state.drained.append(continuation) }
                return !state.isRunning
            }
            if isIdle { continuation.resume() }
        }
    }

    private func enqueue(_ write: Write) {
        enum Step { case reject, wait, start }
        let step: Step = state.withLock { state in
            if state.isClosed { return .reject }
            state.waiting.append(write)
            if state.isRunning { return .wait }
            state.isRunning = true
            return .start
        }
        switch step {
        case .reject: write.fail(.closed)
        case .wait: break
        case .start: scheduleBatch()
        }
    }

    private func scheduleBatch() {
        pool.asyncWriteWithoutTransaction { db in
            self.commit(self.takeBatch(), to: db)
            guard let log = self.log, log.isDue else { return self.continueDraining() }
            Task {
                await log.empty()
                self.continueDraining()
            }
        }
    }

    private func takeBatch() -> [Write] {
        state.withLock { state in
            let count = Self.batchCount(state.waiting)
            guard state.waiting.count > count else {
                defer { state.waiting = [] }
                return state.waiting
            }
            defer { state.waiting.removeFirst(count) }
            return Array(state.waiting.prefix(count))
        }
    }

    /// The number of waiting writes that share the next transaction; at least 1.
    private static func batchCount(_ waiting: [Write]) -> Int {
        var size = 0
        let end = waiting.prefix(batchLimit).firstIndex { write in
            size += write.size
            return size > batchSizeLimit
        }
        return max(end ?? min(waiting.count, batchLimit), 1)
    }

    private func commit(_ batch: [Write], to db: Database) {
        let start = ContinuousClock.now
        do {
            var acknowledgements: [@Sendable () -> Void] = []
            acknowledgements.reserveCapacity(batch.count)
            try db.inTransaction(.immediate) {
                for write in batch { acknowledgements.append(try write.perform(db)) }
                return .commit
            }
            // Writes to a file that was removed meanwhile are not durable.
            try files.check()
            commits.add(1, ordering: .relaxed)
            report(.committed(writes: batch.count, duration: .now - start))
            for acknowledge in acknowledgements { acknowledge() }
        } catch {
            let failure = StoreError(error)
            if failure.code == .corrupt { files.markDamaged() }
            for write in batch { write.fail(failure) }
        }
    }

    private func continueDraining() {
        let (isIdle, drained) = state.withLock { state in
            guard state.waiting.isEmpty else { return (false, [CheckedContinuation<Void, Never>]()) }
            state.isRunning = false
            defer { state.drained = [] }
            return (true, state.drained)
        }
        if isIdle {
            for continuation in drained { continuation.resume() }
        } else {
            scheduleBatch()
        }
    }
}

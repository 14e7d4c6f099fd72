import DequeModule
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

    /// The maximum number of writes in one transaction.
    static let batchLimit = 1000
    /// The maximum size of several writes in one transaction, in bytes: it grows the log and is repeated if it fails.
    static let batchSizeLimit = 8 << 20

    private let pool: DatabasePool
    private let files: StoreFiles
    private let queue = Mutex(BatchQueue<Write>())
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
    var waitingCount: Int { queue.withLock(\.waiting.count) }

    /// Whether a transaction is running or scheduled.
    var isRunning: Bool { queue.withLock(\.isRunning) }

    /// Whether further writes are rejected.
    var isClosed: Bool { queue.withLock(\.isClosed) }

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
            let isRunning = queue.withLock { $0.close(continuation) }
            if !isRunning { continuation.resume() }
        }
    }

    private func enqueue(_ write: Write) {
        switch queue.withLock({ $0.append(write) }) {
        case .rejected: write.fail(.closed)
        case .queued: break
        case .start: scheduleBatch()
        }
    }

    private func scheduleBatch() {
        pool.asyncWriteWithoutTransaction { db in
            self.commit(self.queue.withLock { $0.takeBatch(Self.batchCount) }, to: db)
            guard let log = self.log, log.isDue else { return self.continueDraining() }
            Task {
                await log.empty()
                self.continueDraining()
            }
        }
    }

    /// The number of waiting writes that share the next transaction; at least 1.
    private static func batchCount(_ waiting: Deque<Write>) -> Int {
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
        guard let closers = queue.withLock({ $0.endBatch() }) else { return scheduleBatch() }
        for closer in closers { closer.resume() }
    }
}

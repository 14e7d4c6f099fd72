import Dispatch
import Encoding
import GRDB
package import Store
import Synchronization

/// A store in one SQLite file, for one serving process.
///
/// The file is in WAL mode with `synchronous=FULL`: each commit is on disk before it is acknowledged. It is accessible
/// to its owner only (mode 0600), as are SQLite's files next to it (`-wal`, `-shm`) and the lock file (`.lock`). It
/// must not be on a network file system.
package final class SQLiteStore: Store {
    let pool: DatabasePool
    let committer: GroupCommitter
    private let files: StoreFiles
    /// nil if this process does not serve.
    let log: WriteAheadLog?
    let signal = WorkSignal()
    /// The account-Region that was served last, as named in the tables.
    let lastServed = Mutex<String?>(nil)
    private let access: StoreAccess
    private let reads = UsageTracker()
    /// Detects writes of other processes; nil if this process does not serve.
    private let watch = Mutex<Task<Void, Never>?>(nil)
    private let lock: Mutex<LockFile?>
    private let closing = RunOnce()

    /// The number of transactions committed since the store was opened. Many writes can share one.
    package var commitCount: Int { committer.commitCount }

    /// Whether a write or a read is running.
    package var isBusy: Bool { committer.isRunning || reads.isInUse }

    /// Opens a store.
    ///
    /// - Parameters:
    ///   - path: The file; relative to the working directory unless it begins with a slash. A file that is not a store
    ///     is not changed.
    ///   - access: The purpose.
    ///   - replaceDamaged: Called with the new name of a damaged file that was renamed and replaced by an empty store;
    ///     nil to throw instead. Only a file that is opened for serving is replaced, after it was checked as a whole.
    ///   - report: Receives an event for each transaction.
    /// - Throws: ``StoreError`` with the code `invalidPath`, `inUse`, `unavailable`, `corrupt`, `unsupported` (the
    ///   schema is newer than this version) or `outdated` (it is older and the store is not opened for serving).
    package convenience init(
        path: String, access: StoreAccess = .serving, replaceDamaged: (@Sendable (_ file: String) -> Void)? = nil,
        report: @escaping StoreEvent.Report = { _ in }
    ) async throws(StoreError) {
        try await self.init(
            path: path, access: access, replaceDamaged: replaceDamaged, logLimit: WriteAheadLog.limit, report: report)
    }

    /// - Parameter logLimit: The length from which on the write-ahead log is truncated, in bytes.
    init(
        path: String, access: StoreAccess = .serving, replaceDamaged: (@Sendable (_ file: String) -> Void)? = nil,
        logLimit: Int, report: @escaping StoreEvent.Report = { _ in }
    ) async throws(StoreError) {
        let opened = await offload { () throws(StoreError) in
            let (pool, lock) = try SQLiteFile.open(
                path: path, access: access, replaceDamaged: replaceDamaged, report: report)
            return (pool, lock, try? pool.writeWithoutTransaction(Self.version))
        }
        let (pool, lock, version) = try opened.get()
        self.pool = pool
        self.lock = Mutex(lock)
        self.access = access
        // The path as it was opened: relative paths have been prefixed.
        files = StoreFiles(path: pool.path, marksDamage: access == .serving)
        // The serving process truncates the log.
        log = access == .serving ? WriteAheadLog(of: pool, limit: logLimit, reads: reads) : nil
        committer = GroupCommitter(pool: pool, files: files, log: log, report: report)
        if access == .serving { watch.withLock { $0 = Self.watch(pool, files, from: version, through: reads, signal) } }
    }

    deinit {
        watch.withLock { $0?.cancel() }
    }

    /// A number that changes when another connection commits. Only the writer can tell its own commits from others.
    private static func version(_ writer: Database) throws -> Int64? {
        try Int64.fetchOne(writer, sql: "PRAGMA data_version")
    }

    /// Checks once a second whether another process has written to the file or removed it, and wakes the workers if so:
    /// their next write reports that the file is gone.
    private static func watch(
        _ pool: DatabasePool, _ files: StoreFiles, from version: Int64?, through usage: UsageTracker,
        _ signal: WorkSignal
    ) -> Task<Void, Never> {
        Task {
            var last = version
            var wasThere = true
            while (try? await Task.sleep(for: .seconds(1))) != nil, usage.acquire() {
                let version = await withCheckedContinuation { continuation in
                    pool.asyncWriteWithoutTransaction { continuation.resume(returning: try? Self.version($0)) }
                }
                usage.release()
                if let version, version != last { signal.notify() }
                last = version ?? last
                let isThere = (try? files.check()) != nil
                if isThere != wasThere { signal.notify() }
                wasThere = isThere
            }
        }
    }

    /// Completes pending writes, closes the file, and releases the lock.
    package func close() async {
        await closing.run { await self.shutDown() }
    }

    private func shutDown() async {
        signal.close()
        watch.withLock { $0?.cancel() }
        await committer.close()
        // Long reads belong to the integrity check; no caller waits for their results.
        pool.interrupt()
        await reads.close()
        let (pool, access) = (pool, access)
        _ = await offload { () throws(StoreError) in
            // Moves what is in the `-wal` file into the file itself, so that the latter alone is a complete copy. If
            // that fails, the next opening does it. While another process serves, it would make that one wait. A read
            // reports its result before its transaction ends, which would prevent the checkpoint: wait.
            if access == .serving {
                _ = try? pool.barrierWriteWithoutTransaction { db in
                    // An interrupt lasts until the next statement begins; a checkpoint is not a statement.
                    try db.execute(sql: "SELECT 1")
                    try db.checkpoint(.truncate)
                }
            }
            // Fails only while a statement is in use, and then the connections close with their last use.
            try? pool.close()
        }
        lock.withLock { $0 = nil }
    }

    /// Reads from one consistent state of the store, concurrently with writes. Waits while the write-ahead log is
    /// truncated.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        guard await reads.acquireWhenResumed() else { throw .closed }
        defer { reads.release() }
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            pool.asyncRead { connection in
                continuation.resume(
                    returning: Result { try body(connection.get()) }.mapError { StoreError($0) })
            }
        }
        if case .failure(let error) = result, error.code == .corrupt { files.markDamaged() }
        return try result.get()
    }
}

/// Runs a blocking body on a thread that may block.
func offload<Value: Sendable>(
    _ body: @escaping @Sendable () throws(StoreError) -> Value
) async -> Result<Value, StoreError> {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().async {
            continuation.resume(returning: Result { () throws(StoreError) in try body() })
        }
    }
}

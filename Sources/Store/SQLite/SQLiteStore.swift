import Dispatch
import GRDB
import Synchronization

/// A store in one SQLite file, for one serving process.
///
/// The file is in WAL mode with `synchronous=FULL`: each commit is on the disk before it is acknowledged. It is created
/// for its owner alone (mode 0600), as are the files that SQLite keeps beside it (`-wal`, `-shm`) and the lock file
/// (`.lock`). It must not be on a network file system.
public final class SQLiteStore: Store {
    let pool: DatabasePool
    let committer: GroupCommitter
    private let files: StoreFiles
    /// Nil if this process does not serve.
    let log: WriteAheadLog?
    let signal = WorkSignal()
    /// The origin that was served last, in the form of the tables.
    let lastServed = Mutex<String?>(nil)
    private let access: StoreAccess
    private let reads = UsageTracker()
    /// Looks for what other processes write; nil if this one does not serve.
    private let watch = Mutex<Task<Void, Never>?>(nil)
    private let lock: Mutex<LockFile?>
    private let closing = Mutex<Task<Void, Never>?>(nil)

    /// How many transactions were committed since the store was opened. Many writes can share one.
    public var commitCount: Int { committer.commitCount }

    /// Whether a write or a read is under way.
    var isBusy: Bool { committer.isRunning || reads.isInUse }

    /// Opens a store.
    ///
    /// - Parameters:
    ///   - path: The file; relative to the working directory unless it begins with a slash. A file that is not a store
    ///     is left untouched.
    ///   - access: What for.
    ///   - replaceDamaged: Hears under which name a damaged file was set aside, in whose place an empty one is made; nil leaves
    ///     it as it is, and throws. Only a file that is opened for serving is set aside, and it is read as a whole before.
    ///   - report: Hears of each transaction.
    /// - Throws: ``StoreError`` with the code `invalidPath`, `inUse`, `unavailable`, `corrupt`, `unsupported` (the
    ///   tables are newer than this version) or `outdated` (they are older and the store is not opened for serving).
    public convenience init(
        path: String, access: StoreAccess = .serving, replaceDamaged: (@Sendable (_ file: String) -> Void)? = nil,
        report: @escaping StoreEvent.Report = { _ in }
    ) async throws(StoreError) {
        try await self.init(
            path: path, access: access, replaceDamaged: replaceDamaged, logLimit: WriteAheadLog.limit, report: report)
    }

    /// - Parameter logLimit: The length of the write-ahead log from which on it is emptied, in bytes.
    init(
        path: String, access: StoreAccess = .serving, replaceDamaged: (@Sendable (_ file: String) -> Void)? = nil,
        logLimit: Int, report: @escaping StoreEvent.Report = { _ in }
    ) async throws(StoreError) {
        let opened = await offload { () throws(StoreError) in
            let (pool, lock) = try SQLiteFile.open(path: path, access: access, replaceDamaged: replaceDamaged)
            return (pool, lock, try? pool.writeWithoutTransaction(Self.version))
        }
        let (pool, lock, version) = try opened.get()
        self.pool = pool
        self.lock = Mutex(lock)
        self.access = access
        // What the name is by then: the working directory can change.
        files = StoreFiles(path: pool.path, marksDamage: access == .serving)
        // Beside a process that serves, the log is that one's to empty.
        log = access == .serving ? WriteAheadLog(of: pool, limit: logLimit, reads: reads) : nil
        committer = GroupCommitter(pool: pool, files: files, log: log, report: report)
        if access == .serving { watch.withLock { $0 = Self.watch(pool, files, from: version, through: reads, signal) } }
    }

    deinit {
        watch.withLock { $0?.cancel() }
    }

    /// A number that changes when another connection commits; only the one that writes can tell its own commits from those
    /// of others.
    private static func version(_ writer: Database) throws -> Int64? {
        try Int64.fetchOne(writer, sql: "PRAGMA data_version")
    }

    /// Looks once a second whether another process has written to the file, or has taken it away, and has the workers look
    /// then, too: their next write tells that it has gone.
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

    /// Finishes the writes that wait, closes the file, and lets go of the lock.
    public func close() async {
        let closing = closing.withLock { task in
            let only = task ?? Task { await self.shutDown() }
            task = only
            return only
        }
        await closing.value
    }

    private func shutDown() async {
        signal.close()
        watch.withLock { $0?.cancel() }
        await committer.close()
        // Nothing waits for the result of a read that takes long, a part of the check for damage.
        pool.interrupt()
        await reads.close()
        let (pool, access) = (pool, access)
        _ = await offload { () throws(StoreError) in
            // Moves what is in the `-wal` file into the file itself, so that the latter alone is a whole copy. If that
            // fails, the next opening does it. Beside another process, it would make that one wait.
            // A read has told its result before its transaction ends, which would keep the log from being moved: wait.
            if access == .serving {
                _ = try? pool.barrierWriteWithoutTransaction { db in
                    // Interrupting lasts until the next statement begins, and the checkpoint is none.
                    try db.execute(sql: "SELECT 1")
                    try db.checkpoint(.truncate)
                }
            }
            // Fails only while a statement is in use, and then the connections close with their last use.
            try? pool.close()
        }
        lock.withLock { $0 = nil }
    }

    /// Reads from one consistent state of the store, beside the writes. Waits while the write-ahead log is emptied.
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

/// Does what blocks a thread on a thread that may be blocked.
private func offload<Value: Sendable>(
    _ body: @escaping @Sendable () throws(StoreError) -> Value
) async -> Result<Value, StoreError> {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().async {
            continuation.resume(returning: Result { () throws(StoreError) in try body() })
        }
    }
}

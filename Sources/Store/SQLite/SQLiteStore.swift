import Dispatch
import GRDB
import Synchronization

/// A store in one SQLite file, for one serving process.
///
/// The file is in WAL mode with `synchronous=FULL`: each commit is on the disk before it is acknowledged. It is created
/// for its owner alone (mode 0600), as are the files that SQLite keeps beside it (`-wal`, `-shm`) and the lock file
/// (`.lock`). It must not be on a network file system.
public final class SQLiteStore: Store {
    /// What a process wants with the file.
    public enum Access: Sendable, Hashable {
        /// To serve from it: creates it if need be, brings its tables up to date, and keeps other servers out.
        case serving
        /// To mend it, possibly while another process serves from it: that one's workers are not woken by what is done
        /// here, but see it when they look next.
        case beside
        /// To look at it, possibly while another process serves from it. Every write throws
        /// ``StoreError/Code/unavailable``.
        case readOnly
    }

    let pool: DatabasePool
    let committer: GroupCommitter
    let signal = WorkSignal()
    /// The origin that was served last, in the form of the tables.
    let lastServed = Mutex<String?>(nil)
    private let reads = ReadGate()
    private let lock: Mutex<LockFile?>
    private let closing = Mutex<Task<Void, Never>?>(nil)

    /// How many transactions were committed since the store was opened. Many writes can share one.
    public var commitCount: Int { committer.commitCount }

    /// Opens a store.
    ///
    /// - Parameters:
    ///   - path: The file; relative to the working directory unless it begins with a slash. A file that is not a store
    ///     is left untouched.
    ///   - access: What for.
    /// - Throws: ``StoreError`` with the code `invalidPath`, `inUse`, `unavailable`, `corrupt`, or `unsupported` (the
    ///   tables are newer than this version, or older and not opened for serving).
    public init(path: String, access: Access = .serving) async throws(StoreError) {
        let opened = await offload { () throws(StoreError) in try SQLiteFile.open(path: path, access: access) }
        let (pool, lock) = try opened.get()
        self.pool = pool
        self.lock = Mutex(lock)
        committer = GroupCommitter(pool: pool)
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
        await committer.close()
        await reads.close()
        let pool = pool
        _ = await offload { () throws(StoreError) in
            // Moves what is in the `-wal` file into the file itself, so that the latter alone is a whole copy. If that
            // fails, the next opening does it.
            _ = try? pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
            // Fails only while a statement is in use, and then the connections close with their last use.
            try? pool.close()
        }
        lock.withLock { $0 = nil }
    }

    /// Reads from one consistent state of the store, beside the writes.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        guard reads.enter() else { throw .closed }
        defer { reads.leave() }
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            pool.asyncRead { connection in
                continuation.resume(
                    returning: Result { try body(connection.get()) }.mapError { StoreError($0) })
            }
        }
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

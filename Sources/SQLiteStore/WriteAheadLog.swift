import Dispatch
import GRDB
import Glibc
import Store
import Synchronization

/// Limits the length of the write-ahead log.
///
/// SQLite restarts the log only when no reader needs it, and with overlapping readers there always is one that does. So
/// when the log is long, writes and new reads wait until the running reads have ended, the log is checkpointed, and its
/// file is truncated.
final class WriteAheadLog: Sendable {
    /// The length from which on the log is truncated, in bytes.
    static let limit = 64 << 20
    /// How long writes wait for reads to end.
    private static let timeout = Duration.seconds(2)
    /// How long they wait for a reading process, in milliseconds: SQLite cannot prevent it from reading again.
    private static let timeoutWithOthers = 250

    private let path: String
    private let limit: Int
    private let pool: DatabasePool
    private let reads: UsageTracker
    /// The length from which on the next attempt is made.
    private let nextLength: Atomic<Int>

    init(of pool: DatabasePool, limit: Int, reads: UsageTracker) {
        path = pool.path + "-wal"
        self.limit = limit
        self.pool = pool
        self.reads = reads
        nextLength = Atomic(limit)
    }

    /// Whether it must be truncated. Must not be called during a write.
    var isDue: Bool { length >= nextLength.load(ordering: .relaxed) }

    /// The length of the file in bytes; 0 if it does not exist.
    var length: Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Suspends the reads, and truncates the file. Nothing may be written meanwhile.
    func empty() async {
        await reads.suspend(atMost: Self.timeout)
        await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { db in
                // If that fails, the log remains usable, and the next attempt is made when it has grown by a quarter.
                try? Self.truncate(db)
                continuation.resume()
            }
        }
        reads.resume()
        let left = length
        nextLength.store(left < limit ? limit : left + limit / 4, ordering: .relaxed)
    }

    private static func truncate(_ db: Database) throws {
        let usual = try Int.fetchOne(db, sql: "PRAGMA busy_timeout") ?? 0
        try db.execute(sql: "PRAGMA busy_timeout = \(min(usual, timeoutWithOthers))")
        defer { try? db.execute(sql: "PRAGMA busy_timeout = \(usual)") }
        try db.checkpoint(.truncate)
    }
}

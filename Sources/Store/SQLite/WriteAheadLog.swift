import Dispatch
import GRDB
import Glibc
import Synchronization

/// Keeps the write-ahead log from growing without end.
///
/// SQLite begins the log from its start again only when no reader needs anything of it, and where readers overlap, there
/// always is one that does. So when the log's file is long, writes and new reads wait until the reads that are under way have
/// ended, the log is moved into the database, and its file is emptied.
final class WriteAheadLog: Sendable {
    /// The length of the file from which on it is emptied, in bytes.
    static let limit = 64 << 20
    /// How long writes wait for reads to end.
    private static let timeout = Duration.seconds(2)
    /// How long they wait for another process that reads, in milliseconds: SQLite has no way to keep it from reading again.
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

    /// Whether it must be emptied. Call it when nothing is being written.
    var isDue: Bool { length >= nextLength.load(ordering: .relaxed) }

    /// The length of the file in bytes; 0 if there is none.
    var length: Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Has the reads make way, and empties the file. Nothing may be written meanwhile.
    func empty() async {
        await reads.suspend(atMost: Self.timeout)
        await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { db in
                // If that fails, the log still serves, and there is another attempt when it has grown by a quarter.
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

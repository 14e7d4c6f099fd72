import GRDB
package import Store

/// The statements about the file as a whole.
enum SQLiteMaintenanceSQL {
    static let queued = """
        SELECT state, COUNT(*) AS count, MIN(received_at) AS oldest FROM delivery WHERE ready_at IS NOT NULL
        GROUP BY state
        """
    static let probe = "INSERT INTO probe (id, writes) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET writes = writes + 1"
    static let freePages = "SELECT freelist_count AS count FROM pragma_freelist_count"
}

extension SQLiteStore {
    /// Counts deliveries.
    package func queueStatus() async throws(StoreError) -> QueueStatus {
        try await read { db in
            var status = QueueStatus()
            for row in try db.rows(SQLiteMaintenanceSQL.queued) {
                let count = try row.count("count")
                if try row.text("state") == "leased" { status.leased = count } else { status.pending = count }
                let oldest = try row.timestamp("oldest")
                status.oldestReceivedAt = min(oldest, status.oldestReceivedAt ?? oldest)
            }
            status.completed = try Self.count(MaintenanceSQL.completed, in: db)
            status.dead = try Self.count(MaintenanceSQL.dead, in: db)
            return status
        }
    }

    /// Increments a counter in the file, durably.
    package func checkWritable() async throws(StoreError) {
        try await committer.write { db in
            try db.run(SQLiteMaintenanceSQL.probe)
            return .success(())
        }
    }

    /// Deletes in transactions of limited size, so that appends are not delayed, and frees space. If there is much to
    /// delete, half of the time is left to others.
    func deleteInSteps(
        _ delete: @escaping @Sendable (_ db: Database, _ limit: Int) throws -> Void
    ) async throws(StoreError) -> Int {
        var total = 0
        while true {
            let start = ContinuousClock.now
            let (count, hasSurplus) = try await committer.write { db in
                try delete(db, Limits.deletion)
                let count = db.changesCount
                return .success((count, try Self.vacuum(db)))
            }
            total += count
            if count < Limits.deletion, !hasSurplus { return total }
            try? await Task.sleep(for: .now - start)
        }
    }

    /// The number of free pages that the file keeps: the queue soon needs them again.
    static let sparePages = 1024
    /// The maximum number of free pages that one transaction returns to the file system.
    private static let vacuumLimit = 1024

    /// Returns free pages to the file system, and returns whether more remain.
    private static func vacuum(_ db: Database) throws -> Bool {
        let surplus = try count(SQLiteMaintenanceSQL.freePages, in: db) - sparePages
        guard surplus > 0 else { return false }
        try db.execute(sql: "PRAGMA incremental_vacuum(\(min(surplus, vacuumLimit)))")
        return surplus > vacuumLimit
    }

    private static func count(_ sql: String, in db: Database) throws -> Int {
        guard let row = try db.row(sql) else { return 0 }
        return try row.count("count")
    }
}

/// The statements about the store as a whole.
enum PostgreSQLUpkeep {
    static let status = """
        SELECT (SELECT count(*) FROM delivery WHERE ready_at IS NOT NULL AND state = 'pending'),
            (SELECT count(*) FROM delivery WHERE ready_at IS NOT NULL AND state = 'leased'),
            (\(UpkeepSQL.completed)), (\(UpkeepSQL.dead)),
            (SELECT min(received_at) FROM delivery WHERE ready_at IS NOT NULL),
            (\(UpkeepSQL.active)), (\(UpkeepSQL.archived))
        """

    static let probe = """
        INSERT INTO probe (id, writes) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET writes = probe.writes + 1
        """
}

extension PostgreSQLStore {
    /// Counts what the store holds; reads the index entry of each delivery and finding.
    public func status() async throws(StoreError) -> StoreStatus {
        try await read(PostgreSQLUpkeep.status, within: patience) { rows in
            var status = StoreStatus()
            guard let row = rows.rows.first else { throw StoreError.unreadableRow }
            status.pending = try row.count(0)
            status.leased = try row.count(1)
            status.completed = try row.count(2)
            status.dead = try row.count(3)
            status.oldestReceivedAt = try row.optionalInteger(4)
            status.activeFindings = try row.count(5)
            status.archivedFindings = try row.count(6)
            return status
        }
    }

    /// Adds one to a counter in the database, durably.
    public func checkWritable() async throws(StoreError) {
        try await write(PostgreSQLUpkeep.probe, within: patience)
    }
}

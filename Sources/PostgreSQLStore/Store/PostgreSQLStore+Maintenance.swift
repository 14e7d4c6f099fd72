import Encoding
package import Store

/// The statements about the store as a whole.
enum PostgreSQLMaintenance {
    static let status = """
        SELECT (SELECT count(*) FROM delivery WHERE ready_at IS NOT NULL AND state = 'pending') AS pending,
            (SELECT count(*) FROM delivery WHERE ready_at IS NOT NULL AND state = 'leased') AS leased,
            (\(MaintenanceSQL.completed)) AS completed, (\(MaintenanceSQL.dead)) AS dead,
            (SELECT min(received_at) FROM delivery WHERE ready_at IS NOT NULL) AS oldest
        """
}

extension PostgreSQLStore {
    /// Counts deliveries; reads the index entry of each.
    package func queueStatus() async throws(StoreError) -> QueueStatus {
        try await read(PostgreSQLMaintenance.status, within: timeout, isLong: true) { rows in
            var status = QueueStatus()
            guard let row = rows.rows.first else { throw StoreError.unreadableRow }
            status.pending = try row.count("pending")
            status.leased = try row.count("leased")
            status.completed = try row.count("completed")
            status.dead = try row.count("dead")
            status.oldestReceivedAt = try row.optionalTimestamp("oldest").map(clock.local)
            return status
        }
    }

    /// Counts findings; reads no row of a finding.
    package func ledgerCounts() async throws(StoreError) -> LedgerCounts {
        try await read(OpenFindingsSQL.total, within: timeout) { rows in
            guard let row = rows.rows.first else { throw StoreError.unreadableRow }
            return try LedgerCounts(row)
        }
    }

    /// Appends a delivery by the connection and statement that serve senders, and rolls it back to a savepoint. The
    /// remaining transaction is committed, which waits for the disk, and for a standby if commits do.
    package func checkWritable() async throws(StoreError) {
        try checkAccess()
        // Large enough to be stored outside the row, like most payloads.
        let values: [PostgreSQLValue] = [
            .texts(["probe:\(replica)"]), .texts([""]), .texts([""]), .integers([0]),
            .byteStrings([[UInt8](repeating: 0, count: 4096)]), .texts([""]),
        ]
        try await whileOpen { () throws(StoreError) in
            try await appends.use(within: timeout, repeats: true) { connection, _ in
                try await Self.probe(values, by: connection)
            }
        }
    }

    private static func probe(_ values: [PostgreSQLValue], by connection: PostgreSQLConnection) async throws {
        try await connection.transaction {
            _ = try await connection.run("SAVEPOINT probe")
            _ = try await connection.run(QueueSQL.append, values)
            _ = try await connection.run("ROLLBACK TO SAVEPOINT probe")
        }
    }

    /// Reports live replicas and stalled partitions.
    package func sharingStatus() async throws(StoreError) -> SharingStatus {
        try await use(within: timeout, repeats: true) { try await Self.sharingStatus(by: $0) }
    }

    private static func sharingStatus(by connection: PostgreSQLConnection) async throws -> SharingStatus {
        var status = SharingStatus()
        status.replicas = try await connection.run(SharingStatusSQL.replicas).rows.map {
            SharingStatus.Replica(name: try $0.text("name"), clockOffset: .milliseconds(try $0.integer("clock_offset")))
        }
        status.stalls = try await connection.run(SharingStatusSQL.stalls).rows.map { row in
            let lane = try row.lane("origin")
            return SharingStatus.Stall(
                accountRegion: lane.accountRegion, source: lane.source, replica: try row.text("name"),
                idleTime: .milliseconds(try row.integer("idle_time")))
        }
        return status
    }
}

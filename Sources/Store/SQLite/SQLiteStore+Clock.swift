import GRDB

/// The statements about the clock.
enum ClockSQL {
    static let columns = "newest, is_confirmed, held_until"

    static let read = "SELECT \(columns) FROM clock_mark WHERE id = 1"

    static let write = """
        INSERT INTO clock_mark (id, \(columns)) VALUES (1, ?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET
            newest = excluded.newest, is_confirmed = excluded.is_confirmed, held_until = excluded.held_until
        """
}

extension SQLiteStore {
    /// Returns the recorded state of the clock.
    public func clockMark() async throws(StoreError) -> ClockMark? {
        try await read { db in
            try Row.fetchOne(db.cachedStatement(sql: ClockSQL.read)).map { try ClockMark($0) }
        }
    }

    /// Records the state of the clock.
    public func record(_ mark: ClockMark) async throws(StoreError) {
        try await committer.write { db in
            try db.cachedStatement(sql: ClockSQL.write).execute(
                arguments: [mark.newest, mark.isConfirmed, mark.heldUntil])
            return .success(())
        }
    }
}

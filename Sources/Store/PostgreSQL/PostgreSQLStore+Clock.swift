extension PostgreSQLStore {
    /// Tells what is known of the clock.
    public func clockMark() async throws(StoreError) -> ClockMark? {
        try await read(ClockSQL.read) { try $0.rows.first.map { try ClockMark($0) } }
    }

    /// Keeps what is known of the clock.
    public func record(_ mark: ClockMark) async throws(StoreError) {
        try await write(
            ClockSQL.write.numbered, [.integer(mark.newest), .flag(mark.isConfirmed), .integer(mark.heldUntil)])
    }
}

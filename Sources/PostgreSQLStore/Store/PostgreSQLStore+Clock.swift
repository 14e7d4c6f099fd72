package import Store

extension PostgreSQLStore {
    /// Returns the recorded state of the clock.
    package func clockMark() async throws(StoreError) -> ClockMark? {
        try await read(ClockSQL.read) { try $0.rows.first.map { try ClockMark($0) } }
    }

    /// Records the state of the clock.
    package func record(_ mark: ClockMark) async throws(StoreError) {
        try await write(
            ClockSQL.write,
            [.time(mark.newest), .flag(mark.isConfirmed), .time(mark.heldUntil), .time(mark.outageEndedAt)])
    }
}

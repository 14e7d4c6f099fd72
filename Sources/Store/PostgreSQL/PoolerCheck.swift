import EventLoop

/// Recognizes a pooler between the bridge and the database that hands out transactions instead of sessions (pgbouncer's
/// `pool_mode=transaction`). Prepared statements, settings, locks and `LISTEN` belong to sessions.
enum PoolerCheck {
    /// What an operator must change.
    static let rejection = """
        The pooler in front of the database hands out single transactions or statements. Set its pool_mode to session, or \
        write the database's own address into store.url.
        """

    /// How often it is tried: a pooler with many idle sessions may hand out different ones by chance.
    private static let attempts = 3

    /// Rejects a database behind such a pooler.
    ///
    /// Two connections that are open at the same time never have the same session of the database, and one connection
    /// keeps its session, unless a pooler takes it away after each transaction.
    static func check(
        _ first: PostgreSQLConnection, _ address: PostgreSQLAddress, on loop: EventLoop
    ) async throws {
        let second = try await PostgreSQLConnection.open(address, on: loop)
        do {
            await second.setTimeout(.seconds(10))
            for _ in 0..<attempts {
                let session = try await session(of: first)
                // Servers that only speak PostgreSQL's protocol may not number their sessions.
                guard session > 0 else { break }
                try await second.runOnce("BEGIN")
                let other = try await self.session(of: second)
                try await second.runOnce("COMMIT")
                guard session != other, try await self.session(of: first) == session else {
                    throw StoreError(.unsupported, rejection)
                }
            }
        } catch {
            await second.close()
            throw error
        }
        await second.close()
    }

    private static func session(of connection: PostgreSQLConnection) async throws -> Int64 {
        // Not as a prepared statement, which the pooler would lose.
        try await connection.queryOnce("SELECT pg_backend_pid()").flatMap { Int64($0) } ?? 0
    }
}

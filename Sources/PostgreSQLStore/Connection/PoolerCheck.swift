import EventLoop
import Store

/// Detects a connection pooler in front of the database that is not in session mode (pgbouncer's
/// `pool_mode=transaction`). Prepared statements, settings, locks and `LISTEN` require a session.
enum PoolerCheck {
    /// What an operator must change.
    static let rejection = """
        The connection pooler in front of the database is not in session mode. Set its pool_mode to session, or set \
        store.url to the address of the database itself.
        """

    /// The number of attempts: a pooler with many idle sessions may hand out different ones by chance.
    private static let attempts = 3

    /// Rejects a database behind such a pooler.
    ///
    /// Two simultaneous connections never have the same database session, and a connection keeps its session, unless a
    /// pooler takes it away after each transaction.
    static func check(
        _ first: PostgreSQLConnection, _ address: PostgreSQLAddress, on loop: EventLoop
    ) async throws {
        let second = try await PostgreSQLConnection.open(address, on: loop)
        do {
            await second.setTimeout(.seconds(10))
            for _ in 0..<attempts {
                let session = try await session(of: first)
                // Some servers that speak PostgreSQL's protocol have no session ids.
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
        // Not as a prepared statement, which a pooler would lose.
        try await connection.queryOnce("SELECT pg_backend_pid() AS value").flatMap { Int64($0) } ?? 0
    }
}

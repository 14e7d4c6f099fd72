import EventLoop
public import Store

extension PostgreSQLStore {
    /// Applies the pending migration steps in one transaction and rolls it back. Shows whether a server with the same
    /// role can apply them, without changing anything.
    ///
    /// - Throws: ``StoreError`` if a step fails, for example because the role lacks the privilege to create tables.
    public static func dryRunMigration(_ address: PostgreSQLAddress) async throws(StoreError) {
        let loop: EventLoop
        do {
            loop = try EventLoop(name: "bridge-store")
        } catch {
            throw StoreError(.unavailable, "\(error)")
        }
        let result: Result<Void, StoreError> = await withTaskExecutorPreference(loop) {
            do {
                let connection = try await PostgreSQLConnection.open(address, on: loop)
                let result: Result<Void, any Error>
                do { result = .success(try await dryRunMigration(connection)) } catch { result = .failure(error) }
                await connection.close()
                return .success(try result.get())
            } catch {
                return .failure(StoreError(postgreSQL: error))
            }
        }
        await loop.shutdown()
        try result.get()
    }

    private static func dryRunMigration(_ connection: PostgreSQLConnection) async throws {
        await connection.setTimeout(workTimeout)
        do {
            try await connection.transaction {
                for step in try await PostgreSQLSchema.missing(connection) { try await connection.runOnce(step.sql) }
                throw RollbackError()
            }
        } catch is RollbackError {
            return
        }
    }

    /// Rolls back a transaction.
    private struct RollbackError: Error {}
}

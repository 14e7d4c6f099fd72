import Encoding
import EventLoop
package import Store

extension PostgreSQLStore {
    /// Applies the pending migration steps in one transaction and rolls it back. Shows whether a server with the same
    /// role can apply them, without changing anything.
    ///
    /// - Throws: ``StoreError`` if a step fails, for example because the role lacks the privilege to create tables.
    package static func dryRunMigration(_ address: PostgreSQLAddress) async throws(StoreError) {
        let loop: EventLoop
        do {
            loop = try EventLoop(name: "bridge-store")
        } catch {
            throw StoreError(.unavailable, "\(error)")
        }
        try await withCleanup { () async throws(StoreError) in
            try await dryRunMigration(address, on: loop)
        } cleanup: { () async throws(StoreError) in
            await loop.shutdown()
        }
    }

    private static func dryRunMigration(
        _ address: PostgreSQLAddress, on loop: EventLoop
    ) async throws(StoreError) {
        do {
            try await withTaskExecutorPreference(loop) {
                let connection = try await PostgreSQLConnection.open(address, on: loop)
                try await withCleanup {
                    try await dryRunMigration(connection)
                } cleanup: {
                    await connection.close()
                }
            }
        } catch {
            throw StoreError(postgreSQL: error)
        }
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

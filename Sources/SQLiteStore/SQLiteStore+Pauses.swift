import Encoding
import GRDB
package import Store

extension SQLiteStore {
    /// Pauses processing.
    package func pause(_ pause: Pause) async throws(StoreError) {
        try Limits.check(pause)
        let reason = pause.reason.map(Limits.trimmed(reason:))
        try await committer.write { db in
            try db.run(
                PauseSQL.upsert,
                [
                    pause.scope.stored, pause.pausedBy, pause.pausedAt.milliseconds, reason,
                ])
            return .success(())
        }
        signal.notify()
    }

    /// Ends a pause.
    package func resume(_ scope: Pause.Scope) async throws(StoreError) -> Pause? {
        let ended = try await committer.write { db in
            // All rows are read, although there is at most one: a statement that is not run to its end does not delete
            // permanently.
            let rows = try db.rows(PauseSQL.delete, [scope.stored])
            return .success(try rows.first.map { try Pause($0) })
        }
        signal.notify()
        return ended
    }

    /// Lists the pauses.
    package func pauses() async throws(StoreError) -> [Pause] {
        try await read(Self.readPauses)
    }

    static func readPauses(_ db: Database) throws -> [Pause] {
        try db.rows(PauseSQL.list).map { try Pause($0) }
    }
}

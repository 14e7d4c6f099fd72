package import Store

extension PostgreSQLStore {
    /// Pauses processing.
    package func pause(_ pause: Pause) async throws(StoreError) {
        try Limits.check(pause)
        try await write(
            PauseSQL.upsert,
            [
                .text(pause.scope.stored), .text(pause.pausedBy), .time(pause.pausedAt),
                .text(pause.reason.map(Limits.trimmed(reason:))),
            ])
        await notifyWorkers(of: nil)
    }

    /// Ends a pause.
    package func resume(_ scope: Pause.Scope) async throws(StoreError) -> Pause? {
        try checkAccess()
        // Not repeated when the connection is lost: the repetition would find no pause.
        let ended = try await use(repeats: false) { connection in
            try await connection.run(PauseSQL.delete, [.text(scope.stored)]).rows.first
                .map { try Pause($0) }
        }
        await notifyWorkers(of: nil)
        return ended
    }

    /// Lists the pauses.
    package func pauses() async throws(StoreError) -> [Pause] {
        try await read(PauseSQL.list) { try $0.rows.map { try Pause($0) } }
    }
}

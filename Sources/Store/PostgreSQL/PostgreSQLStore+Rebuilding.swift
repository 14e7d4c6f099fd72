public import AWSCore

extension PostgreSQLStore {
    private static let clear = """
        DELETE FROM ledger WHERE id = ANY (ARRAY(SELECT id FROM ledger WHERE origin = $1 LIMIT $2))
        """

    /// Lists the origins whose ledger is complete.
    public func ledgerOrigins() async throws(StoreError) -> [Origin] {
        try await read(RebuildingSQL.origins) { try $0.rows.map { try $0.origin(0) } }
    }

    /// Forgets what the ledger has of an origin, a thousand findings in a transaction. Keeps other bridges from working on
    /// the origin until this store is closed.
    public func clearLedger(of origin: Origin) async throws(StoreError) {
        try await hold(origin)
        try await transact { connection in
            _ = try await connection.run(RebuildingSQL.unfinish.numbered, [.text(origin.stored)])
            _ = try await connection.run(RebuildingSQL.clearMarks.numbered, [.text(origin.stored)])
            try await Self.clearCompletions(of: origin, connection)
        }
        _ = try await deleteInSteps(Self.clear, [.text(origin.stored)])
    }

    /// Puts findings and judgements that Security Hub has into a ledger that is being rebuilt.
    public func restore(_ entries: [LedgerEntry], _ judgements: [Judgement]) async throws(StoreError) {
        try Limits.check(Progress(entries: entries, judgements: judgements))
        try await transact { connection in
            try await Self.write(entries, by: PostgreSQLLedger.restore, connection)
            try await Self.write(judgements, by: PostgreSQLJudgements.restore, connection)
        }
    }

    /// Says that the ledger of an origin is complete.
    public func finishLedger(of origin: Origin, marks: [AuditMark], now: Int64) async throws(StoreError) {
        try Limits.check(Progress(marks: marks))
        try await transact { connection in
            try await Self.write(marks, by: PostgreSQLJudgements.restoreMarks, connection)
            _ = try await connection.run(RebuildingSQL.finish.numbered, [.text(origin.stored), .integer(now)])
        }
    }
}

public import AWSCore
import GRDB

/// The statements about the completeness of the ledger.
enum RebuildingSQL {
    static let origins = "SELECT origin FROM ledger_origin ORDER BY origin"
    static let finish = "INSERT INTO ledger_origin (origin, completed_at) VALUES (?, ?) ON CONFLICT (origin) DO NOTHING"
    static let unfinish = "DELETE FROM ledger_origin WHERE origin = ?"
    static let clearMarks = "DELETE FROM audit_mark WHERE origin = ?"
    static let clear = """
        DELETE FROM ledger WHERE rowid IN (SELECT rowid FROM ledger WHERE origin = ? LIMIT ?)
        """
}

extension SQLiteStore {
    /// Lists the origins whose ledger is complete.
    public func ledgerOrigins() async throws(StoreError) -> [Origin] {
        try await read { db in
            try Row.fetchAll(db.cachedStatement(sql: RebuildingSQL.origins)).map { try $0.origin(0) }
        }
    }

    /// Forgets what the ledger has of an origin, a thousand findings in a transaction.
    public func clearLedger(of origin: Origin) async throws(StoreError) {
        try await committer.write { db in
            try db.cachedStatement(sql: RebuildingSQL.unfinish).execute(arguments: [origin.stored])
            try db.cachedStatement(sql: RebuildingSQL.clearMarks).execute(arguments: [origin.stored])
            try Self.clearCompletions(of: origin, in: db)
            return .success(())
        }
        _ = try await deleteInSteps { db, limit in
            try db.cachedStatement(sql: RebuildingSQL.clear).execute(arguments: [origin.stored, limit])
        }
    }

    /// Puts findings and judgements that Security Hub has into a ledger that is being rebuilt.
    public func restore(_ entries: [LedgerEntry], _ judgements: [Judgement]) async throws(StoreError) {
        try Limits.check(Progress(entries: entries, judgements: judgements))
        try await committer.write { db in
            for entry in entries { try Self.write(entry, by: LedgerSQL.restore, in: db) }
            for judgement in judgements { try Self.write(judgement, by: JudgementSQL.restore, in: db) }
            return .success(())
        }
    }

    /// Says that the ledger of an origin is complete.
    public func finishLedger(of origin: Origin, marks: [AuditMark], now: Int64) async throws(StoreError) {
        try Limits.check(Progress(marks: marks))
        try await committer.write { db in
            for mark in marks { try Self.write(mark, by: AuditMarkSQL.restore, in: db) }
            try db.cachedStatement(sql: RebuildingSQL.finish).execute(arguments: [origin.stored, now])
            return .success(())
        }
    }
}

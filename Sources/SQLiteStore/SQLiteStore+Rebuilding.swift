public import AWSCore
import GRDB
public import Store

extension SQLiteStore {
    /// Lists the account-Regions whose ledger is complete.
    public func ledgerAccountRegions() async throws(StoreError) -> [AccountRegion] {
        try await read { db in
            try Row.fetchAll(db.cachedStatement(sql: RebuildingSQL.accountRegions)).map { try $0.accountRegion(0) }
        }
    }

    /// Clears the ledger of an account-Region, a thousand findings in a transaction.
    public func clearLedger(of accountRegion: AccountRegion) async throws(StoreError) {
        try await committer.write { db in
            try db.cachedStatement(sql: RebuildingSQL.unfinish).execute(arguments: [accountRegion.stored])
            try db.cachedStatement(sql: RebuildingSQL.clearMarks).execute(arguments: [accountRegion.stored])
            try Self.clearCompletions(of: accountRegion, in: db)
            return .success(())
        }
        _ = try await deleteInSteps { db, limit in
            try db.cachedStatement(sql: RebuildingSQL.clear).execute(arguments: [accountRegion.stored, limit])
        }
    }

    /// Adds findings and dispositions from Security Hub to a ledger that is being rebuilt.
    public func restore(_ entries: [LedgerEntry], _ dispositions: [Disposition]) async throws(StoreError) {
        try Limits.check(LedgerUpdate(entries: entries, dispositions: dispositions))
        try await committer.write { db in
            for entry in entries { try Self.write(entry, by: LedgerSQL.restore, in: db) }
            for disposition in dispositions { try Self.write(disposition, by: DispositionSQL.restore, in: db) }
            return .success(())
        }
    }

    /// Marks the ledger of an account-Region as complete.
    public func finishLedger(of accountRegion: AccountRegion, appliedAudits: [AppliedAudit], now: Int64)
        async throws(StoreError)
    {
        try Limits.check(LedgerUpdate(appliedAudits: appliedAudits))
        try await committer.write { db in
            for audit in appliedAudits { try Self.write(audit, by: AppliedAuditSQL.restore, in: db) }
            try db.cachedStatement(sql: RebuildingSQL.finish).execute(arguments: [accountRegion.stored, now])
            return .success(())
        }
    }
}

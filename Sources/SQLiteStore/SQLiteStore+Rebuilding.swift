package import AWSCore
package import Encoding
import GRDB
package import Store

extension SQLiteStore {
    /// Lists the account-Regions whose ledger is complete.
    package func ledgerAccountRegions() async throws(StoreError) -> [AccountRegion] {
        try await read { db in
            try db.rows(RebuildingSQL.accountRegions).map { try $0.accountRegion("origin") }
        }
    }

    /// Clears the ledger of an account-Region, a thousand findings in a transaction.
    package func clearLedger(of accountRegion: AccountRegion) async throws(StoreError) {
        try await committer.write { db in
            try db.run(RebuildingSQL.unfinish, [accountRegion.stored])
            try db.run(AppliedAuditSQL.clear, [accountRegion.stored])
            try db.run(LedgerSQL.setListing, [accountRegion.stored, nil])
            try Self.clearCompletions(of: accountRegion, in: db)
            return .success(())
        }
        _ = try await deleteInSteps { db, limit in
            try db.run(RebuildingSQL.clear, [accountRegion.stored, limit])
        }
    }

    /// Adds findings and dispositions from Security Hub to a ledger that is being rebuilt.
    package func restore(_ entries: [LedgerEntry], _ dispositions: [Disposition]) async throws(StoreError) {
        try Limits.check(LedgerUpdate(entries: entries, dispositions: dispositions))
        let records = entries.map { LedgerRecord($0) }
        try await committer.write { db in
            try LedgerWriter.run(in: db) { try $0.restore(records) }
            for disposition in dispositions { try Self.write(disposition, by: DispositionSQL.restore, in: db) }
            return .success(())
        }
    }

    /// Marks the ledger of an account-Region as complete.
    package func finishLedger(of accountRegion: AccountRegion, appliedAudits: [AppliedAudit], now: Timestamp)
        async throws(StoreError)
    {
        try Limits.check(LedgerUpdate(appliedAudits: appliedAudits))
        try await committer.write { db in
            for audit in appliedAudits { try Self.write(audit, by: AppliedAuditSQL.restore, in: db) }
            try db.run(RebuildingSQL.finish, [accountRegion.stored, now.milliseconds])
            return .success(())
        }
    }
}

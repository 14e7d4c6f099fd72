package import AWSCore
package import Encoding
package import Store

extension PostgreSQLStore {
    /// Lists the account-Regions whose ledger is complete.
    package func ledgerAccountRegions() async throws(StoreError) -> [AccountRegion] {
        try await read(RebuildingSQL.accountRegions) { try $0.rows.map { try $0.accountRegion("origin") } }
    }

    /// Clears the ledger of an account-Region, a thousand findings in a transaction. Prevents other replicas from
    /// processing the account-Region until this store is closed.
    package func clearLedger(of accountRegion: AccountRegion) async throws(StoreError) {
        try await acquirePartitions(of: accountRegion)
        try await transact { connection in
            _ = try await connection.run(RebuildingSQL.unfinish, [.text(accountRegion.stored)])
            _ = try await connection.run(AppliedAuditSQL.clear, [.text(accountRegion.stored)])
            try await Self.clearCompletions(of: accountRegion, connection)
            _ = try await connection.run(LedgerSQL.setListing, [.text(accountRegion.stored), .text(nil)])
        }
        _ = try await deleteInSteps(RebuildingSQL.clear, [.text(accountRegion.stored)])
    }

    /// Adds findings and dispositions from Security Hub to a ledger that is being rebuilt.
    package func restore(_ entries: [LedgerEntry], _ dispositions: [Disposition]) async throws(StoreError) {
        try Limits.check(LedgerUpdate(entries: entries, dispositions: dispositions))
        let records = entries.map { LedgerRecord($0) }
        try await transact { connection in
            try await LedgerWrites.write(
                records, by: LedgerSQL.restore, content: LedgerSQL.restoreContent, connection)
            try await Self.write(dispositions, by: DispositionSQL.restore, connection)
        }
    }

    /// Marks the ledger of an account-Region as complete.
    package func finishLedger(of accountRegion: AccountRegion, appliedAudits: [AppliedAudit], now: Timestamp)
        async throws(StoreError)
    {
        try Limits.check(LedgerUpdate(appliedAudits: appliedAudits))
        try await transact { connection in
            try await Self.write(appliedAudits, by: AppliedAuditSQL.restore, connection)
            _ = try await connection.run(RebuildingSQL.finish, [.text(accountRegion.stored), .time(now)])
        }
    }
}

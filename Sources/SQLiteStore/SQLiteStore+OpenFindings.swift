import GRDB
package import Store

extension SQLiteStore {
    /// Returns the numbers of findings by account-Region, kind, source and severity.
    package func openFindings() async throws(StoreError) -> [OpenFindings] {
        try await read { db in
            try db.rows(OpenFindingsSQL.bySource).compactMap { try OpenFindings($0) }
        }
    }

    /// Returns the numbers of findings.
    package func ledgerCounts() async throws(StoreError) -> LedgerCounts {
        try await read { db in
            guard let row = try db.row(OpenFindingsSQL.total) else { throw StoreError.unreadableRow }
            return try LedgerCounts(row)
        }
    }
}

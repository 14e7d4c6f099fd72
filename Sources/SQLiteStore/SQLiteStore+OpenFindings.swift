import GRDB
package import Store

extension SQLiteStore {
    /// Returns the numbers of findings by account-Region and severity.
    package func openFindings() async throws(StoreError) -> [OpenFindings] {
        try await read { db in
            try db.rows(OpenFindingsSQL.bySeverity).compactMap { try OpenFindings($0) }
        }
    }

    /// Returns the numbers of findings.
    package func ledgerCounts() async throws(StoreError) -> LedgerCounts {
        try await read { db in
            func count(_ state: LedgerEntry.RecordState, isSent: Bool) throws -> Int {
                try db.row(OpenFindingsSQL.total, [state.rawValue, isSent])?.count("count") ?? 0
            }
            return LedgerCounts(
                active: try count(.active, isSent: true), archived: try count(.archived, isSent: true),
                unsent: try count(.active, isSent: false) + count(.archived, isSent: false))
        }
    }
}

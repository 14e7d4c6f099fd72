import GRDB
package import Store

extension SQLiteStore {
    /// Counts findings by account-Region and severity.
    package func openFindings() async throws(StoreError) -> [OpenFindings] {
        try await read { db in
            let rows = try db.rows(OpenFindingsSQL.count)
            return try OpenFindings.all(of: rows.map { try OpenFindings.Row($0) })
        }
    }

    /// Lists some active findings without a severity.
    package func unlabeledLedgerEntries(limit: Int) async throws(StoreError) -> [LedgerEntry] {
        try Limits.check(limit: limit)
        return try await read { db in
            try db.rows(OpenFindingsSQL.unlabeled, [limit])
                .map { try LedgerEntry($0) }
        }
    }

    /// Sets missing severities.
    package func label(_ severities: [String: LedgerEntry.Severity]) async throws(StoreError) {
        try await committer.write { db in
            // SQLite's C interface ends a text at NUL: such an id could name another row.
            for (id, severity) in severities where !id.utf8.contains(0) {
                try db.run(OpenFindingsSQL.label, [id, severity.rawValue])
            }
            return .success(())
        }
    }
}

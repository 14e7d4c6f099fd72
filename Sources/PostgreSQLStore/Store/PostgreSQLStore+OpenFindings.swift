package import Store

extension PostgreSQLStore {
    /// Counts findings by account-Region and severity.
    package func openFindings() async throws(StoreError) -> [OpenFindings] {
        try await read(OpenFindingsSQL.count, isLong: true) { rows in
            try OpenFindings.all(of: rows.rows.map { try OpenFindings.Row($0) })
        }
    }

    /// Lists some active findings without a severity.
    package func unlabeledLedgerEntries(limit: Int) async throws(StoreError) -> [LedgerEntry] {
        try Limits.check(limit: limit)
        return try await read(OpenFindingsSQL.unlabeled, [.integer(limit)]) {
            try $0.rows.map { try LedgerEntry($0) }
        }
    }

    /// Sets missing severities.
    package func label(_ severities: [String: LedgerEntry.Severity]) async throws(StoreError) {
        // PostgreSQL rejects texts with NUL.
        let known = severities.filter { !$0.key.utf8.contains(0) }
        try await write(OpenFindingsSQL.label, [.texts(known.map(\.key)), .texts(known.map(\.value.rawValue))])
    }
}

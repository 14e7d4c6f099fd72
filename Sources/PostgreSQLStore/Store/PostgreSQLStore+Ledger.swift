package import AWSCore
package import Encoding
package import Store

extension PostgreSQLStore {
    /// Returns the findings with some ids, in one snapshot.
    package func ledgerRows(ids: [String]) async throws(StoreError) -> [String: LedgerRow] {
        let rows = try await rows(LedgerQueries.byID, [.byteStrings(ids.map { LedgerRecord.hash($0) })])
        return Dictionary(rows.map { ($0.entry.id, $0) }) { first, _ in first }
    }

    /// Returns the findings in some rows.
    package func ledgerRows(numbers: [Int64]) async throws(StoreError) -> [LedgerRow] {
        guard !numbers.isEmpty else { return [] }
        try Limits.check(limit: numbers.count)
        return try await rows(LedgerQueries.byNumber, [.integers(numbers)])
    }

    /// Returns the findings with some digests.
    package func unchangedFindings(
        digests: [[UInt8]], of accountRegion: AccountRegion
    ) async throws(StoreError) -> [UnchangedFinding?] {
        guard !digests.isEmpty else { return [] }
        try Limits.check(limit: digests.count)
        let values: [PostgreSQLValue] = [.text(accountRegion.stored), .byteStrings(digests)]
        return try await read(LedgerQueries.unchanged, values) { rows in
            var findings = [UnchangedFinding?](repeating: nil, count: digests.count)
            for row in rows.rows {
                findings[try row.count("place")] = UnchangedFinding(
                    number: try row.integer("number"), severity: try row.optionalValue("severity"))
            }
            return findings
        }
    }

    /// Lists the findings about a subject.
    package func ledgerRows(about subject: String, after last: LedgerRow?, limit: Int) async throws(StoreError)
        -> [LedgerRow]
    {
        try Limits.check(limit: limit)
        return try await rows(
            LedgerQueries.about,
            [.bytes(LedgerRecord.hash(subject)), .integer(last?.number ?? .min), .integer(limit)])
    }

    /// Lists the places of the findings of a group that are not over and were last reported before a time.
    package func openPositions(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, group: String, before time: Timestamp,
        after last: LedgerPosition?, limit: Int
    ) async throws(StoreError) -> [LedgerPosition] {
        // PostgreSQL rejects texts with NUL.
        guard Limits.isLedgerText(group) else { return [] }
        try Limits.check(limit: limit, in: Limits.positions)
        let start = last ?? .start
        let values: [PostgreSQLValue] = [
            .text(accountRegion.stored), .text(kind.rawValue), .text(group), .time(time), .integer(start.storedTime),
            .integer(start.number), .integer(limit),
        ]
        return try await read(LedgerQueries.open, values) { try $0.rows.map { try LedgerPosition($0) } }
    }

    /// Lists the findings of a mapped source that are not over and were last reported before a time.
    package func openLedgerRows(
        of accountRegion: AccountRegion, source: String, reportedBefore time: Timestamp, after last: LedgerRow?,
        limit: Int
    ) async throws(StoreError) -> [LedgerRow] {
        guard DeliveryLane.isSourceName(source) else { return [] }
        try Limits.check(limit: limit)
        return try await rows(
            LedgerQueries.openOfSource,
            [
                .text(accountRegion.stored), .text(source), .text(DeliveryLane.end(ofNamesOf: source)), .time(time),
                .integer(last?.number ?? .min), .integer(limit),
            ])
    }

    /// Lists the active findings that were last sent before a time.
    package func staleLedgerRows(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, before time: Timestamp, after last: LedgerRow?,
        limit: Int
    ) async throws(StoreError) -> [LedgerRow] {
        try Limits.check(limit: limit)
        let start = last.map { LedgerPosition(updated: $0) } ?? .start
        return try await rows(
            LedgerQueries.stale,
            [
                .text(accountRegion.stored), .text(kind.rawValue), .time(time), .integer(start.storedTime),
                .integer(start.number), .integer(limit),
            ])
    }

    /// Lists the findings whose latest state was not confirmed.
    package func unsentLedgerRows(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, after last: LedgerRow?, limit: Int
    ) async throws(StoreError) -> [LedgerRow] {
        try Limits.check(limit: limit)
        return try await rows(
            LedgerQueries.unsent,
            [.text(accountRegion.stored), .text(kind.rawValue), .integer(last?.number ?? .min), .integer(limit)])
    }

    /// Counts findings by account-Region, kind, source and severity.
    package func openFindings() async throws(StoreError) -> [OpenFindings] {
        try await read(OpenFindingsSQL.bySource) { try $0.rows.compactMap { try OpenFindings($0) } }
    }

    /// Deletes archived findings that are over and were last updated before a time, a thousand in a transaction.
    package func purgeLedger(archivedBefore time: Timestamp) async throws(StoreError) -> Int {
        try await deleteInSteps(LedgerSQL.purge, [.time(time)])
    }

    /// Lists the groups of findings that are not over.
    package func ledgerGroups(of accountRegion: AccountRegion, kind: LedgerEntry.Kind) async throws(StoreError)
        -> [String]
    {
        try await read(LedgerQueries.groups, [.text(accountRegion.stored), .text(kind.rawValue)]) { rows in
            try rows.rows.map { try $0.text("name") }
        }
    }

    /// Returns the audit whose list of findings is being imported.
    package func listedAudit(of accountRegion: AccountRegion) async throws(StoreError) -> String? {
        try await read(LedgerQueries.listing, [.text(accountRegion.stored)]) { rows in
            try rows.rows.first?.optionalText("listing")
        }
    }

    private func rows(_ sql: SQLStatement, _ values: [PostgreSQLValue]) async throws(StoreError) -> [LedgerRow] {
        try await read(sql, values) { try $0.rows.map { try LedgerRow($0) } }
    }
}

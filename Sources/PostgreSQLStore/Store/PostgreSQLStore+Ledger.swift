package import AWSCore
package import Encoding
package import Store

extension PostgreSQLStore {
    /// Returns the ledger entries with some ids, in one snapshot.
    package func ledgerEntries(ids: [String]) async throws(StoreError) -> [String: LedgerEntry] {
        // PostgreSQL rejects texts with NUL.
        let known = ids.filter { !$0.utf8.contains(0) }
        return try await read(LedgerSQL.byID, [.texts(known)]) { rows in
            Dictionary(try rows.rows.map { try LedgerEntry($0) }.map { ($0.id, $0) }) { first, _ in first }
        }
    }

    /// Lists the findings about a subject.
    package func ledgerEntries(
        about subject: String, after last: LedgerEntry?, limit: Int
    ) async throws(StoreError) -> [LedgerEntry] {
        try await entries(
            LedgerSQL.about, [.text(subject), .text(last?.id ?? "")], withText: subject, limit: limit)
    }

    /// Lists the findings of a group that are not over and were last reported before a time.
    package func unseenLedgerEntries(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, group: String, before time: Timestamp,
        after last: LedgerEntry?,
        limit: Int
    ) async throws(StoreError) -> [LedgerEntry] {
        let start = PageStart(after: last?.eventTime, last?.id)
        return try await entries(
            LedgerSQL.unseen,
            [
                .text(accountRegion.stored), .text(kind.rawValue), .text(group), .time(time),
                .integer(start.storedTime), .text(start.id),
            ], withText: group, limit: limit)
    }

    /// Lists the active findings that were last sent before a time.
    package func staleLedgerEntries(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, before time: Timestamp, after last: LedgerEntry?,
        limit: Int
    ) async throws(StoreError) -> [LedgerEntry] {
        let start = PageStart(after: last?.updatedAt, last?.id)
        return try await entries(
            LedgerSQL.stale,
            [
                .text(accountRegion.stored), .text(kind.rawValue), .time(time), .integer(start.storedTime),
                .text(start.id),
            ], limit: limit)
    }

    /// Lists the findings whose latest state was not confirmed.
    package func unsentLedgerEntries(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, after last: LedgerEntry?, limit: Int
    ) async throws(StoreError) -> [LedgerEntry] {
        try await entries(
            LedgerSQL.unsent, [.text(accountRegion.stored), .text(kind.rawValue), .text(last?.id ?? "")],
            limit: limit)
    }

    /// Deletes archived findings that are over and were last updated before a time, a thousand in a transaction.
    package func purgeLedger(archivedBefore time: Timestamp) async throws(StoreError) -> Int {
        try await deleteInSteps(LedgerSQL.purge, [.time(time)])
    }

    /// - Parameter text: a text that the entries contain, which the caller may have from anywhere.
    private func entries(
        _ sql: SQLStatement, _ values: [PostgreSQLValue], withText text: String? = nil, limit: Int
    ) async throws(StoreError) -> [LedgerEntry] {
        if let text, !Limits.isLedgerText(text) { return [] }
        try Limits.check(limit: limit)
        return try await read(sql, values + [.integer(limit)]) { try $0.rows.map { try LedgerEntry($0) } }
    }

    // MARK: Writing

    /// How many rows one statement writes at most.
    private static let rowLimit = 1000

    /// Writes everything of an update but its checkpoint.
    static func write(_ progress: LedgerUpdate, by connection: PostgreSQLConnection) async throws {
        try await write(progress.entries, by: LedgerSQL.upsert, connection)
        if !progress.sent.isEmpty {
            let sent = Array(progress.sent)
            _ = try await connection.run(
                LedgerSQL.sent, [.texts(sent.map(\.key)), .times(sent.map(\.value))])
        }
        if !progress.rejected.isEmpty {
            _ = try await connection.run(LedgerSQL.delete, [.texts(progress.rejected)])
        }
        try await write(progress.dispositions, by: DispositionSQL.upsert, connection)
        try await write(progress.appliedAudits, by: AppliedAuditSQL.upsert, connection)
        try await write(progress.audits, by: connection)
        try await write(progress.completions, by: connection)
    }

    static func write(
        _ entries: [LedgerEntry], by sql: SQLStatement, _ connection: PostgreSQLConnection
    ) async throws {
        for rows in chunks(of: entries, by: \.id) {
            _ = try await connection.run(
                sql,
                [
                    .texts(rows.map(\.id)), .texts(rows.map(\.accountRegion.stored)), .texts(rows.map(\.kind.rawValue)),
                    .texts(rows.map(\.group)), .texts(rows.map(\.subject)), .times(rows.map(\.createdAt)),
                    .times(rows.map(\.updatedAt)), .times(rows.map(\.eventTime)),
                    .times(rows.map(\.firstObservedAt)), .times(rows.map(\.lastObservedAt)),
                    .texts(rows.map(\.condition.rawValue)), .texts(rows.map(\.recordState.rawValue)),
                    .byteStrings(rows.map(\.finding)), .integers(rows.map { $0.isSent ? 1 : 0 }),
                    .texts(rows.map(\.severity?.rawValue)),
                ])
        }
    }

    /// Splits rows into chunks for one statement each. Of rows with the same key, only the last is kept.
    static func chunks<Row>(of rows: [Row], by key: (Row) -> some Hashable) -> [[Row]] {
        let last = Dictionary(rows.enumerated().map { (AnyHashable(key($1)), $0) }) { _, last in last }
        let kept = rows.enumerated().filter { last[AnyHashable(key($1))] == $0 }.map(\.element)
        return stride(from: 0, to: kept.count, by: rowLimit).map { Array(kept[$0...].prefix(rowLimit)) }
    }
}

package import AWSCore
package import Encoding
import FoundationEssentials
import GRDB
package import Store

extension SQLiteStore {
    /// Returns the ledger entries with some ids, in one snapshot.
    package func ledgerEntries(ids: [String]) async throws(StoreError) -> [String: LedgerEntry] {
        try await read { db in
            // One lookup after another: without a network in between, that costs no more than a list of ids would,
            // and there is no limit to their number.
            let query = try SQLiteQuery(LedgerSQL.byID.sqlite, in: db)
            var entries: [String: LedgerEntry] = [:]
            // SQLite's C interface ends a text at NUL: such an id could name another row.
            for id in ids where !id.utf8.contains(0) {
                guard let row = try query.row([id]) else { continue }
                entries[id] = try LedgerEntry(row)
            }
            return entries
        }
    }

    /// Lists the findings about a subject.
    package func ledgerEntries(
        about subject: String, after last: LedgerEntry?, limit: Int
    ) async throws(StoreError) -> [LedgerEntry] {
        try await entries(LedgerSQL.about, [subject, last?.id ?? "", limit], withText: subject, limit: limit)
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
            [accountRegion.stored, kind.rawValue, group, time.milliseconds, start.storedTime, start.id, limit],
            withText: group, limit: limit)
    }

    /// Lists the active findings that were last sent before a time.
    package func staleLedgerEntries(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, before time: Timestamp, after last: LedgerEntry?,
        limit: Int
    ) async throws(StoreError) -> [LedgerEntry] {
        let start = PageStart(after: last?.updatedAt, last?.id)
        return try await entries(
            LedgerSQL.stale,
            [accountRegion.stored, kind.rawValue, time.milliseconds, start.storedTime, start.id, limit],
            limit: limit)
    }

    /// Lists the findings whose latest state was not confirmed.
    package func unsentLedgerEntries(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, after last: LedgerEntry?, limit: Int
    ) async throws(StoreError) -> [LedgerEntry] {
        try await entries(
            LedgerSQL.unsent, [accountRegion.stored, kind.rawValue, last?.id ?? "", limit], limit: limit)
    }

    /// Deletes archived findings that are over and were last updated before a time, a thousand in a transaction.
    package func purgeLedger(archivedBefore time: Timestamp) async throws(StoreError) -> Int {
        try await deleteInSteps { db, limit in
            try db.run(LedgerSQL.purge, [time.milliseconds, limit])
        }
    }

    /// - Parameter text: a text that the entries contain, which the caller may have from anywhere.
    private func entries(
        _ sql: SQLStatement, _ arguments: StatementArguments, withText text: String? = nil, limit: Int
    ) async throws(StoreError) -> [LedgerEntry] {
        if let text, !Limits.isLedgerText(text) { return [] }
        try Limits.check(limit: limit)
        return try await read { db in
            try db.rows(sql, arguments).map { try LedgerEntry($0) }
        }
    }

    static func upsert(_ entries: [LedgerEntry], in db: Database) throws {
        for entry in entries { try write(entry, by: LedgerSQL.upsert, in: db) }
    }

    static func write(_ entry: LedgerEntry, by sql: SQLStatement, in db: Database) throws {
        try db.run(
            sql,
            [
                entry.id, entry.accountRegion.stored, entry.kind.rawValue, entry.group, entry.subject,
                entry.createdAt.milliseconds, entry.updatedAt.milliseconds, entry.eventTime.milliseconds,
                entry.firstObservedAt.milliseconds, entry.lastObservedAt.milliseconds, entry.condition.rawValue,
                entry.recordState.rawValue, Data(entry.finding), entry.isSent, entry.severity?.rawValue,
            ])
    }
}

public import AWSCore
import FoundationEssentials
import GRDB

/// The statements of the ledger.
enum LedgerSQL {
    static let columns = """
        id, origin, kind, group_key, subject, created_at, updated_at, event_time, first_observed_at, last_observed_at,
        condition, record_state, finding, is_sent, severity
        """

    static let insert = """
        INSERT INTO ledger (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id)
        """

    static let restore = insert + " DO NOTHING"

    static let upsert =
        insert + """
             DO UPDATE SET
                origin = excluded.origin, kind = excluded.kind, group_key = excluded.group_key,
                subject = excluded.subject, created_at = excluded.created_at, updated_at = excluded.updated_at,
                event_time = excluded.event_time, first_observed_at = excluded.first_observed_at,
                last_observed_at = excluded.last_observed_at, condition = excluded.condition,
                record_state = excluded.record_state, finding = excluded.finding, is_sent = excluded.is_sent,
                severity = excluded.severity
            """

    static let sent = "UPDATE ledger SET is_sent = 1 WHERE id = ? AND updated_at = ?"

    static let delete = "DELETE FROM ledger WHERE id = ?"

    static let byID = "SELECT \(columns) FROM ledger WHERE id = ?"

    static let about = """
        SELECT \(columns) FROM ledger WHERE subject = ? AND id > ? ORDER BY id LIMIT ?
        """

    static let unseen = """
        SELECT \(columns) FROM ledger
        WHERE condition <> 'over' AND origin = ? AND kind = ? AND group_key = ? AND event_time < ?
            AND (event_time, id) > (?, ?)
        ORDER BY event_time, id LIMIT ?
        """

    static let stale = """
        SELECT \(columns) FROM ledger
        WHERE record_state = 'active' AND origin = ? AND kind = ? AND updated_at < ? AND (updated_at, id) > (?, ?)
        ORDER BY updated_at, id LIMIT ?
        """

    static let unsent = """
        SELECT \(columns) FROM ledger WHERE is_sent = 0 AND origin = ? AND kind = ? AND id > ? ORDER BY id LIMIT ?
        """

    static let purge = """
        DELETE FROM ledger WHERE rowid IN (
            SELECT rowid FROM ledger WHERE record_state = 'archived' AND updated_at < ? AND condition = 'over'
            ORDER BY updated_at LIMIT ?)
        """
}

extension SQLiteStore {
    /// Returns the ledger entries with some ids, in one snapshot.
    public func ledgerEntries(ids: [String]) async throws(StoreError) -> [String: LedgerEntry] {
        try await read { db in
            // One lookup after another: without a network in between, that costs no more than a list of ids would,
            // and there is no limit to their number.
            let statement = try db.cachedStatement(sql: LedgerSQL.byID)
            var entries: [String: LedgerEntry] = [:]
            // SQLite's C interface ends a text at NUL: such an id could name another row.
            for id in ids where !id.utf8.contains(0) {
                guard let row = try Row.fetchOne(statement, arguments: [id]) else { continue }
                entries[id] = try LedgerEntry(row)
            }
            return entries
        }
    }

    /// Lists the findings about a subject.
    public func ledgerEntries(
        about subject: String, after last: LedgerEntry?, limit: Int
    ) async throws(StoreError) -> [LedgerEntry] {
        guard Limits.isText(subject, atMost: Limits.ledgerTextLength) else { return [] }
        return try await entries(LedgerSQL.about, [subject, last?.id ?? "", limit], limit: limit)
    }

    /// Lists the findings of a group that are not over and were last reported before a time.
    public func unseenLedgerEntries(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, group: String, before time: Int64,
        after last: LedgerEntry?,
        limit: Int
    ) async throws(StoreError) -> [LedgerEntry] {
        guard Limits.isText(group, atMost: Limits.ledgerTextLength) else { return [] }
        return try await entries(
            LedgerSQL.unseen,
            [accountRegion.stored, kind.rawValue, group, time, last?.eventTime ?? .min, last?.id ?? "", limit],
            limit: limit)
    }

    /// Lists the active findings that were last sent before a time.
    public func staleLedgerEntries(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, before time: Int64, after last: LedgerEntry?,
        limit: Int
    ) async throws(StoreError) -> [LedgerEntry] {
        try await entries(
            LedgerSQL.stale,
            [accountRegion.stored, kind.rawValue, time, last?.updatedAt ?? .min, last?.id ?? "", limit],
            limit: limit)
    }

    /// Lists the findings whose latest state was not confirmed.
    public func unsentLedgerEntries(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, after last: LedgerEntry?, limit: Int
    ) async throws(StoreError) -> [LedgerEntry] {
        try await entries(
            LedgerSQL.unsent, [accountRegion.stored, kind.rawValue, last?.id ?? "", limit], limit: limit)
    }

    /// Deletes archived findings that are over and were last updated before a time, a thousand in a transaction.
    public func purgeLedger(archivedBefore time: Int64) async throws(StoreError) -> Int {
        try await deleteInSteps { db, limit in
            try db.cachedStatement(sql: LedgerSQL.purge).execute(arguments: [time, limit])
        }
    }

    private func entries(
        _ sql: String, _ arguments: StatementArguments, limit: Int
    ) async throws(StoreError) -> [LedgerEntry] {
        try Limits.check(limit: limit)
        return try await read { db in
            try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments).map { try LedgerEntry($0) }
        }
    }

    static func upsert(_ entries: [LedgerEntry], in db: Database) throws {
        for entry in entries { try write(entry, by: LedgerSQL.upsert, in: db) }
    }

    static func write(_ entry: LedgerEntry, by sql: String, in db: Database) throws {
        try db.cachedStatement(sql: sql).execute(arguments: [
            entry.id, entry.accountRegion.stored, entry.kind.rawValue, entry.group, entry.subject, entry.createdAt,
            entry.updatedAt, entry.eventTime, entry.firstObservedAt, entry.lastObservedAt, entry.condition.rawValue,
            entry.recordState.rawValue, Data(entry.finding), entry.isSent, entry.severity?.rawValue,
        ])
    }
}

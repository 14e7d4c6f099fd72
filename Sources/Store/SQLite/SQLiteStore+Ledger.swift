public import AWSCore
import FoundationEssentials
import GRDB

/// The statements of the ledger.
enum LedgerSQL {
    private static let columns = """
        id, origin, kind, group_key, created_at, updated_at, event_time, first_observed_at, last_observed_at,
        record_state, finding
        """

    static let upsert = """
        INSERT INTO ledger (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET
            origin = excluded.origin, kind = excluded.kind, group_key = excluded.group_key,
            created_at = excluded.created_at, updated_at = excluded.updated_at, event_time = excluded.event_time,
            first_observed_at = excluded.first_observed_at, last_observed_at = excluded.last_observed_at,
            record_state = excluded.record_state, finding = excluded.finding
        """

    static let byID = "SELECT \(columns) FROM ledger WHERE id = ?"

    static let active = """
        SELECT \(columns) FROM ledger
        WHERE record_state = 'active' AND origin = ? AND kind = ? AND (group_key, id) > (?, ?)
        ORDER BY group_key, id LIMIT ?
        """

    static let activeInGroup = """
        SELECT \(columns) FROM ledger
        WHERE record_state = 'active' AND origin = ? AND kind = ? AND group_key = ? AND id > ?
        ORDER BY id LIMIT ?
        """

    static let purge = """
        DELETE FROM ledger WHERE rowid IN (
            SELECT rowid FROM ledger WHERE record_state = 'archived' AND updated_at < ? ORDER BY updated_at LIMIT ?)
        """
}

extension SQLiteStore {
    /// Looks findings up by their ids, all in one state of the ledger.
    public func ledgerEntries(ids: [String]) async throws(StoreError) -> [String: LedgerEntry] {
        try await read { db in
            // One look-up after the other: without a network between, that costs no more than a list of ids would,
            // and there is no limit to their number.
            let statement = try db.cachedStatement(sql: LedgerSQL.byID)
            var entries: [String: LedgerEntry] = [:]
            // SQLite's C interface ends a text at NUL: such an id could name another row.
            for id in ids where !id.utf8.contains(0) {
                guard let row = try Row.fetchOne(statement, arguments: [id]) else { continue }
                entries[id] = try Self.readEntry(row)
            }
            return entries
        }
    }

    /// Lists the findings of an origin that are current.
    public func activeLedgerEntries(
        of origin: Origin, kind: LedgerEntry.Kind, group: String?, after last: LedgerEntry?, limit: Int
    ) async throws(StoreError) -> [LedgerEntry] {
        try Limits.check(limit: limit)
        if let group, !Limits.isText(group, atMost: Limits.ledgerTextLength) { return [] }
        return try await read { db in
            let rows: [Row]
            if let group {
                rows = try Row.fetchAll(
                    db.cachedStatement(sql: LedgerSQL.activeInGroup),
                    arguments: [origin.stored, kind.rawValue, group, last?.id ?? "", limit])
            } else {
                rows = try Row.fetchAll(
                    db.cachedStatement(sql: LedgerSQL.active),
                    arguments: [origin.stored, kind.rawValue, last?.group ?? "", last?.id ?? "", limit])
            }
            return try rows.map(Self.readEntry)
        }
    }

    /// Forgets findings that are archived and were updated last before a time, a thousand in a transaction.
    public func purgeLedger(archivedBefore time: Int64) async throws(StoreError) -> Int {
        try await deleteInSteps { db, limit in
            try db.cachedStatement(sql: LedgerSQL.purge).execute(arguments: [time, limit])
        }
    }

    static func upsert(_ entries: [LedgerEntry], in db: Database) throws {
        for entry in entries {
            try db.cachedStatement(sql: LedgerSQL.upsert).execute(arguments: [
                entry.id, entry.origin.stored, entry.kind.rawValue, entry.group, entry.createdAt, entry.updatedAt,
                entry.eventTime, entry.firstObservedAt, entry.lastObservedAt, entry.recordState.rawValue,
                Data(entry.finding),
            ])
        }
    }

    private static func readEntry(_ row: Row) throws -> LedgerEntry {
        LedgerEntry(
            id: try row.required(0), origin: try row.origin(1), kind: try row.value(2), group: try row.required(3),
            createdAt: try row.required(4), updatedAt: try row.required(5), eventTime: try row.required(6),
            firstObservedAt: try row.required(7), lastObservedAt: try row.required(8), recordState: try row.value(9),
            finding: try row.bytes(10))
    }
}

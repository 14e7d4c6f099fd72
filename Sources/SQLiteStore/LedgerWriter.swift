import Encoding
import FoundationEssentials
import GRDB
import Store

/// Writes findings in one transaction.
struct LedgerWriter {
    private struct Group: Hashable {
        let accountRegion: String
        let kind: String
        let name: String
    }

    private let db: Database
    /// The numbers of groups and of their account-Regions. They hold for this transaction: it may be rolled back.
    private var numbers: [Group: (group: Int64, accountRegion: Int64)] = [:]

    init(_ db: Database) { self.db = db }

    /// Adds or replaces findings.
    mutating func upsert(_ records: [LedgerRecord]) throws {
        for record in records { try write(record, LedgerSQL.upsert, LedgerSQL.upsertContent) }
    }

    /// Adds findings, and keeps existing ones.
    mutating func restore(_ records: [LedgerRecord]) throws {
        for record in records { try write(record, LedgerSQL.restore, LedgerSQL.restoreContent) }
    }

    private mutating func write(_ record: LedgerRecord, _ sql: SQLStatement, _ content: SQLStatement) throws {
        let entry = record.entry
        let (group, accountRegion) = try numbers(of: entry)
        let id = Data(record.idHash)
        try db.run(
            sql,
            [
                id, accountRegion, group, entry.kind.rawValue, Data(record.subjectHash), entry.createdAt.milliseconds,
                entry.updatedAt.milliseconds, entry.eventTime.milliseconds, entry.firstObservedAt.milliseconds,
                entry.lastObservedAt.milliseconds, entry.condition.rawValue, entry.recordState.rawValue,
                entry.severity?.rawValue, entry.isSent, entry.digest.map { Data($0) },
            ])
        try db.run(content, [id, Data(record.content)])
    }

    private mutating func numbers(of entry: LedgerEntry) throws -> (group: Int64, accountRegion: Int64) {
        let group = Group(
            accountRegion: entry.accountRegion.stored, kind: entry.kind.rawValue, name: entry.group)
        if let known = numbers[group] { return known }
        let names: StatementArguments = [group.accountRegion, group.kind, group.name]
        var row = try db.row(LedgerSQL.groupNumbers, names)
        if row == nil {
            try db.run(LedgerSQL.addAccountRegion, [group.accountRegion])
            try db.run(LedgerSQL.addGroup, names)
            row = try db.row(LedgerSQL.groupNumbers, names)
        }
        guard let row else { throw StoreError.unreadableRow }
        let found = (group: try row.integer("number"), accountRegion: try row.integer("account_region"))
        numbers[group] = found
        return found
    }
}

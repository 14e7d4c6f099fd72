import Encoding
import GRDB
import Store

/// Writes findings in one transaction, and keeps `finding_count`.
///
/// A trigger that counts would have SQLite copy each page that an insertion changes to a journal of the statement: that
/// takes as long as the insertion. So only deletions, which are rare, are counted by one.
struct LedgerWriter {
    private struct Group: Hashable {
        let accountRegion: String
        let kind: String
        let name: String
    }

    /// What findings are counted by.
    fileprivate struct State: Hashable {
        let accountRegion: Int64
        let kind: String
        let source: String
        let severity: String
        let recordState: String
        var isSent: Bool

        /// The values of the columns of `finding_count`, but for the count.
        var values: SQLiteArguments { [accountRegion, kind, source, severity, recordState, isSent] }
    }

    /// What a finding is counted by, and whether it is there.
    static let find = """
        SELECT number, account_region, kind, source_name, severity, record_state, is_sent, updated_at FROM finding
        WHERE id_hash = ?1
        """
    private static let count = """
        INSERT INTO finding_count (account_region, kind, source_name, severity, record_state, is_sent, count)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (account_region, kind, source_name, severity, record_state, is_sent)
            DO UPDATE SET count = count + excluded.count
        """

    private let db: Database
    private let findings: PreparedStatement
    /// The numbers of groups and of their account-Regions. They hold for this transaction: it may be rolled back.
    private var numbers: [Group: (group: Int64, accountRegion: Int64)] = [:]
    /// By how much the numbers of findings change.
    private var differences: [State: Int] = [:]

    private init(_ db: Database) throws {
        self.db = db
        findings = try PreparedStatement(Self.find, in: db)
    }

    /// Runs writes, and then counts them.
    static func run(in db: Database, _ write: (inout LedgerWriter) throws -> Void) throws {
        var writer = try LedgerWriter(db)
        try write(&writer)
        for (state, difference) in writer.differences where difference != 0 {
            try db.run(count, state.values + [difference])
        }
    }

    /// Adds the findings of an earlier version. A later migration step counts them.
    static func move(_ records: [LedgerRecord], in db: Database) throws {
        var writer = try LedgerWriter(db)
        try writer.upsert(records)
    }

    /// Adds or replaces findings.
    mutating func upsert(_ records: [LedgerRecord]) throws {
        for record in records {
            let known = try findings.row([record.idHash])
            if let known { differences[try State(known), default: 0] -= 1 }
            try write(record, LedgerSQL.upsert)
            let number = try known?.integer("number") ?? db.lastInsertedRowID
            try db.run(LedgerSQL.upsertContent, [number, record.content])
        }
    }

    /// Adds findings, and keeps existing ones.
    mutating func restore(_ records: [LedgerRecord]) throws {
        for record in records where try findings.row([record.idHash]) == nil {
            try write(record, LedgerSQL.restore)
            try db.run(LedgerSQL.restoreContent, [db.lastInsertedRowID, record.content])
        }
    }

    /// Records that Security Hub confirmed the states that findings had at a time.
    mutating func confirm(_ sent: [(idHash: [UInt8], updatedAt: Int64)]) throws {
        for (idHash, updatedAt) in sent {
            guard let known = try findings.row([idHash]), try known.integer("updated_at") == updatedAt else { continue }
            var state = try State(known)
            guard !state.isSent else { continue }
            try db.run(LedgerSQL.sent, [try known.integer("number")])
            differences[state, default: 0] -= 1
            state.isSent = true
            differences[state, default: 0] += 1
        }
    }

    /// Records reports that change nothing else.
    func report(_ entries: [LedgerEntry]) throws {
        for entry in entries {
            guard let report = entry.report else { continue }
            try db.run(
                LedgerSQL.report,
                [
                    LedgerRecord.hash(entry.id), entry.eventTime.milliseconds, entry.lastObservedAt.milliseconds,
                    report.lastReportedAt.milliseconds, report.sequence,
                ])
        }
    }

    private mutating func write(_ record: LedgerRecord, _ sql: SQLStatement) throws {
        let entry = record.entry
        let (group, accountRegion) = try numbers(of: entry)
        try db.run(
            sql,
            [
                record.idHash, accountRegion, group, entry.kind.rawValue, record.subjectHash,
                entry.createdAt.milliseconds, entry.updatedAt.milliseconds, entry.eventTime.milliseconds,
                entry.firstObservedAt.milliseconds, entry.lastObservedAt.milliseconds, entry.condition.rawValue,
                entry.recordState.rawValue, entry.severity?.rawValue, entry.isSent, entry.digest,
                entry.report?.source, entry.report?.lastReportedAt.milliseconds, entry.report?.sequence,
            ])
        differences[State(entry, of: accountRegion), default: 0] += 1
    }

    private mutating func numbers(of entry: LedgerEntry) throws -> (group: Int64, accountRegion: Int64) {
        let group = Group(
            accountRegion: entry.accountRegion.stored, kind: entry.kind.rawValue, name: entry.group)
        if let known = numbers[group] { return known }
        let names: SQLiteArguments = [group.accountRegion, group.kind, group.name]
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

extension LedgerWriter.State {
    fileprivate init(_ row: SQLiteRow) throws {
        self.init(
            accountRegion: try row.integer("account_region"), kind: try row.text("kind"),
            source: try row.optionalText("source_name") ?? "", severity: try row.optionalText("severity") ?? "",
            recordState: try row.text("record_state"), isSent: try row.flag("is_sent"))
    }

    fileprivate init(_ entry: LedgerEntry, of accountRegion: Int64) {
        self.init(
            accountRegion: accountRegion, kind: entry.kind.rawValue, source: entry.report?.source ?? "",
            severity: entry.severity?.rawValue ?? "", recordState: entry.recordState.rawValue, isSent: entry.isSent)
    }
}

import AWSCore
import Encoding
import Store

/// The writes of an update, except its checkpoint. What takes time is computed before their transaction begins.
struct LedgerWrites: Sendable {
    private let update: LedgerUpdate
    private let records: [LedgerRecord]
    private let reports: [LedgerEntry]
    private let sent: [PostgreSQLValue]
    private let rejected: PostgreSQLValue
    private let subjects: PostgreSQLValue

    init(_ update: LedgerUpdate) {
        self.update = update
        records = update.entries.map { LedgerRecord($0) }
        reports = update.reports.filter { $0.report != nil }
        let sent = Array(update.sent)
        self.sent = [.byteStrings(sent.map { LedgerRecord.hash($0.key) }), .times(sent.map(\.value))]
        rejected = .byteStrings(update.rejected.map { LedgerRecord.hash($0) })
        subjects = .byteStrings(update.dispositions.map { LedgerRecord.hash($0.subject) })
    }

    /// Writes all of it.
    func run(by connection: PostgreSQLConnection) async throws {
        try await Self.write(records, by: LedgerSQL.upsert, content: LedgerSQL.upsertContent, connection)
        for rows in PostgreSQLStore.chunks(of: reports, by: \.id) {
            _ = try await connection.run(
                LedgerSQL.report,
                [
                    .byteStrings(rows.map { LedgerRecord.hash($0.id) }), .times(rows.map(\.eventTime)),
                    .times(rows.map(\.lastObservedAt)), .times(rows.map(\.report?.lastReportedAt)),
                    .integers(rows.map(\.report?.sequence)),
                ])
        }
        if !update.sent.isEmpty { _ = try await connection.run(LedgerSQL.sent, sent) }
        if !update.rejected.isEmpty { _ = try await connection.run(LedgerSQL.delete, [rejected]) }
        if !update.dispositions.isEmpty {
            try await PostgreSQLStore.write(update.dispositions, by: DispositionSQL.upsert, connection)
            _ = try await connection.run(LedgerSQL.forgetDigests, [subjects])
        }
        try await PostgreSQLStore.write(update.appliedAudits, by: AppliedAuditSQL.upsert, connection)
        try await PostgreSQLStore.write(update.audits, by: connection)
        try await PostgreSQLStore.write(update.completions, by: connection)
        if let listing = update.listing {
            _ = try await connection.run(
                LedgerSQL.setListing, [.text(listing.accountRegion.stored), .text(listing.taskID)])
        }
    }

    /// Writes findings and their texts.
    ///
    /// - Parameters:
    ///   - sql: ``LedgerSQL/upsert`` or ``LedgerSQL/restore``.
    ///   - content: the corresponding statement for the texts.
    static func write(
        _ records: [LedgerRecord], by sql: SQLStatement, content: SQLStatement, _ connection: PostgreSQLConnection
    ) async throws {
        for rows in PostgreSQLStore.chunks(of: records, by: \.idHash) {
            let entries = rows.map(\.entry)
            let origins = PostgreSQLValue.texts(entries.map(\.accountRegion.stored))
            let group = [origins, .texts(entries.map(\.kind.rawValue)), .texts(entries.map(\.group))]
            _ = try await connection.run(LedgerSQL.addAccountRegion, [origins])
            _ = try await connection.run(LedgerSQL.addGroup, group)
            let hashes = PostgreSQLValue.byteStrings(rows.map(\.idHash))
            _ = try await connection.run(
                sql,
                [hashes] + group + [
                    .byteStrings(rows.map(\.subjectHash)), .times(entries.map(\.createdAt)),
                    .times(entries.map(\.updatedAt)), .times(entries.map(\.eventTime)),
                    .times(entries.map(\.firstObservedAt)), .times(entries.map(\.lastObservedAt)),
                    .texts(entries.map(\.condition.rawValue)), .texts(entries.map(\.recordState.rawValue)),
                    .texts(entries.map(\.severity?.rawValue)), .integers(entries.map { $0.isSent ? 1 : 0 }),
                    .byteStrings(entries.map(\.digest)), .texts(entries.map(\.report?.source)),
                    .times(entries.map(\.report?.lastReportedAt)), .integers(entries.map(\.report?.sequence)),
                ])
            _ = try await connection.run(content, [hashes, .byteStrings(rows.map(\.content))])
        }
    }
}

extension PostgreSQLStore {
    /// How many rows one statement writes at most.
    private static let rowLimit = 1000

    /// Splits rows into chunks for one statement each. Of rows with the same key, only the last is kept.
    static func chunks<Row>(of rows: [Row], by key: (Row) -> some Hashable) -> [[Row]] {
        let last = Dictionary(rows.enumerated().map { (AnyHashable(key($1)), $0) }) { _, last in last }
        let kept = rows.enumerated().filter { last[AnyHashable(key($1))] == $0 }.map(\.element)
        return stride(from: 0, to: kept.count, by: rowLimit).map { Array(kept[$0...].prefix(rowLimit)) }
    }
}

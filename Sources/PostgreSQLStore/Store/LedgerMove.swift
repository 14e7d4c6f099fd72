import Encoding
import Store

/// The move of findings from the table of earlier versions.
///
/// Each batch is moved in a transaction of its own, so that a move that was interrupted continues where it ended.
struct LedgerMove {
    private static let total = """
        SELECT greatest(reltuples, 0)::bigint AS total FROM pg_class WHERE oid = 'ledger_moved'::regclass
        """
    private static let page = "SELECT \(FormerLedger.columns) FROM ledger_moved WHERE id > $1 ORDER BY id LIMIT $2"
    private static let delete = "DELETE FROM ledger_moved WHERE id > $1 AND id <= $2"

    /// The time limit of a batch.
    private static let timeout = Duration.seconds(60)

    private let connection: PostgreSQLConnection
    private let report: StoreEvent.Report

    init(by connection: PostgreSQLConnection, report: @escaping StoreEvent.Report) {
        self.connection = connection
        self.report = report
    }

    /// Moves all rows.
    func run() async throws {
        try await connection.use(.long)
        await connection.setTimeout(Self.timeout)
        let estimate = try await connection.run(Self.total).rows.first?.count("total") ?? 0
        var (moved, reported, place) = (0, 0, "")
        while let batch = try await connection.transaction({ try await moveBatch(after: place) }) {
            place = batch.last
            moved += batch.count
            await connection.setTimeout(Self.timeout)
            guard moved - reported >= FormerLedger.reportedRows else { continue }
            reported = moved
            report(.migrated(findings: moved, total: max(estimate, moved)))
        }
        if moved > reported { report(.migrated(findings: moved, total: moved)) }
    }

    /// Moves the rows after an id. Rows that no version wrote are dropped: their findings are written again when they
    /// are reported again.
    ///
    /// - Returns: the number of rows, and the last id; nil if there are none.
    private func moveBatch(after place: String) async throws -> (count: Int, last: String)? {
        let rows = try await connection.run(
            Self.page, [.text(place), .integer(FormerLedger.batchSize)]
        ).rows
        guard let last = try rows.last?.text("id") else { return nil }
        let records = rows.compactMap { try? LedgerRecord(LedgerEntry(former: $0)) }
        try await LedgerWrites.write(
            records, by: LedgerSQL.upsert, content: LedgerSQL.upsertContent, connection)
        _ = try await connection.run(Self.delete, [.text(place), .text(last)])
        return (rows.count, last)
    }
}

import Encoding
import GRDB
import Store

/// Moves findings from the table of an earlier version.
///
/// Each transaction moves a batch: memory stays bounded, and an interrupted migration continues.
enum LedgerMigration {
    private static let next = """
        SELECT rowid AS place, \(FormerLedger.columns) FROM ledger ORDER BY rowid LIMIT \(FormerLedger.batchSize)
        """
    private static let last = "SELECT MAX(rowid) AS place FROM ledger"
    private static let delete = "DELETE FROM ledger WHERE rowid <= ?1"

    static func run(_ pool: DatabasePool, report: StoreEvent.Report) throws {
        guard let end = try pool.read({ try $0.row(last)?.optionalInteger("place") }) else { return }
        var (moved, reported) = (0, 0)
        while let batch = try pool.write(moveBatch) {
            moved += batch.count
            guard moved - reported >= FormerLedger.reportedRows || batch.place == end else { continue }
            reported = moved
            // Row numbers have no gaps but those of deleted findings.
            let rest = Int(clamping: end.saturatingSubtracting(batch.place))
            report(.migrated(findings: moved, total: moved.saturatingAdding(rest)))
        }
    }

    /// Moves the first findings.
    ///
    /// - Returns: their number and the last row; nil if there are none.
    static func moveBatch(_ db: Database) throws -> (count: Int, place: Int64)? {
        let rows = try db.rows(next)
        guard let place = try rows.last?.integer("place") else { return nil }
        // The next audit or alarm reports the finding of a damaged row again.
        try LedgerWriter.move(rows.compactMap { try? LedgerEntry(former: $0) }.map { LedgerRecord($0) }, in: db)
        try db.run(delete, [place])
        return (rows.count, place)
    }
}

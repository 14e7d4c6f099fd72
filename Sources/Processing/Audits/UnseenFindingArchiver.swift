import Encoding
import Planning
import Store

/// Archives findings and summaries that are no longer observed: a newer audit does not list them, or no audit confirms them.
struct UnseenFindingArchiver: Sendable {
    let ledger: any FindingLedger
    let writer: FindingWriter
    let lease: Lease

    /// The number of entries that are archived together.
    private static let batch = 500

    /// Archives the entries of a group that are not over and were last reported before a time.
    ///
    /// - Parameters:
    ///   - limit: the time.
    ///   - time: when the findings ended.
    ///   - seen: the rows of findings that were observed since, unchanged.
    /// - Returns: the number of entries, and the findings that Security Hub rejected.
    func archive(
        _ kind: LedgerEntry.Kind, of group: String, before limit: Timestamp, at time: Timestamp,
        except seen: RowSet = RowSet()
    ) async throws -> (count: Int, rejections: FindingRejections) {
        var (count, rejections) = (0, FindingRejections())
        let positions = ledger.openPositions(of: writer.accountRegion, kind: kind, group: group, before: limit)
        for try await page in positions {
            let unseen = page.map(\.number).filter { !seen.contains($0) }
            for start in stride(from: 0, to: unseen.count, by: Self.batch) {
                let rows = try await ledger.ledgerRows(numbers: Array(unseen[start...].prefix(Self.batch)))
                rejections.add(try await archive(rows.map(\.entry), at: time))
                count += rows.count
            }
        }
        return (count, rejections)
    }

    /// Archives entries of the ledger.
    ///
    /// - Returns: the findings that Security Hub rejected.
    func archive(_ entries: [LedgerEntry], at time: Timestamp) async throws -> FindingRejections {
        try await writer.write({ Planner.end($0, at: time, now: $1) }, of: entries, under: lease)
    }
}

import Encoding
import Planning
import Store

/// Archives findings and summaries that are no longer observed: a newer audit does not list them, or no audit confirms them.
struct UnseenFindingArchiver: Sendable {
    let ledger: any FindingLedger
    let writer: FindingWriter
    let lease: Lease

    /// Archives the active entries of a group that were last observed before a time.
    ///
    /// - Parameters:
    ///   - limit: the time.
    ///   - time: when the findings ended.
    /// - Returns: the number of entries, and the findings that Security Hub rejected.
    func archive(
        _ kind: LedgerEntry.Kind, of group: String, before limit: Timestamp, at time: Timestamp
    ) async throws -> (count: Int, rejections: FindingRejections) {
        var (count, rejections) = (0, FindingRejections())
        let entries = ledger.unseenEntries(of: writer.accountRegion, kind: kind, group: group, before: limit)
        for try await page in entries {
            rejections.add(try await archive(page, at: time))
            count += page.count
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

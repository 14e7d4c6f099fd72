import Encoding
import Planning
import Store

/// Imports active findings again before Security Hub deletes them.
struct FindingRefresher: Sendable {
    let ledger: any FindingLedger
    let writer: FindingWriter
    let mapping: MappingOptions

    /// Sends findings again that are not confirmed as sent, for example after an interruption.
    ///
    /// - Returns: the findings that Security Hub rejected.
    func resend(_ kinds: [LedgerEntry.Kind], _ lease: Lease) async throws -> FindingRejections {
        try await send(kinds, lease) { ledger.unsentRows(of: writer.accountRegion, kind: $0) }
    }

    /// Sends findings again that Security Hub would soon delete.
    ///
    /// - Returns: the findings that Security Hub rejected.
    func refresh(_ kinds: [LedgerEntry.Kind], _ lease: Lease) async throws -> FindingRejections {
        var rejections = try await resend(kinds, lease)
        let limit = writer.now - Planner.refreshAge
        rejections.add(
            try await send(kinds, lease) {
                ledger.staleRows(of: writer.accountRegion, kind: $0, before: limit)
            })
        return rejections
    }

    /// Only findings of the writer's lane are sent: other lanes may be changing theirs.
    private func plan(_ known: LedgerEntry, now: Timestamp) -> Change? {
        guard let source = writer.lane.source else { return Planner.refresh(known, mapping: mapping, now: now) }
        return MappedPlanner.refresh(known, of: source, mapping: mapping, now: now)
    }

    private func send(
        _ kinds: [LedgerEntry.Kind], _ lease: Lease, _ entries: (LedgerEntry.Kind) -> Pages<LedgerRow>
    ) async throws -> FindingRejections {
        var rejections = FindingRejections()
        for kind in kinds {
            rejections.add(try await writer.write(plan, of: entries(kind), under: lease))
        }
        return rejections
    }
}

import AWSCore
import Encoding
import Logging
import Planning
import Store
import Telemetry

/// Archives findings and check summaries of an account and Region that no audit confirms any longer: their check was
/// turned off, or their scheduled audit was renamed or deleted.
struct StaleFindingArchiver: Sendable {
    let store: any Store
    let writer: FindingWriter
    let mapping: MappingOptions
    let logger: Logger

    /// Findings or summaries of a check, of which some may be stale.
    private struct Group {
        let kind: LedgerEntry.Kind
        let check: String
        /// What was last observed before this time is stale.
        let limit: Timestamp
    }

    private static let kinds: [LedgerEntry.Kind] = [.audit, .summary]

    /// Whether there are stale findings or summaries.
    static func isDue(_ accountRegion: AccountRegion, in ledger: any FindingLedger, staleAfter: Duration?)
        async throws(StoreError) -> Bool
    {
        guard let staleness = try await Staleness(of: accountRegion, in: ledger, staleAfter: staleAfter) else {
            return false
        }
        for group in try await groups(staleness, of: accountRegion, in: ledger) {
            let stale = try await ledger.openPositions(
                of: accountRegion, kind: group.kind, group: group.check, before: group.limit, after: nil, limit: 1)
            if !stale.isEmpty { return true }
        }
        return false
    }

    /// Archives the stale findings and summaries.
    ///
    /// - Returns: the findings that Security Hub rejected.
    func archive(_ lease: Lease) async throws -> FindingRejections {
        // After an interruption, ended entries that may not have been sent are on no page any longer.
        var rejections = try await FindingRefresher(ledger: store, writer: writer, mapping: mapping)
            .resend(Self.kinds, lease)
        let accountRegion = writer.accountRegion
        guard let staleness = try await Staleness(of: accountRegion, in: store, staleAfter: mapping.staleAfter) else {
            return rejections
        }
        let unseen = UnseenFindingArchiver(ledger: store, writer: writer, lease: lease)
        let groups = try await Self.groups(staleness, of: accountRegion, in: store)
        // An interrupted audit may have seen some of them.
        if !groups.isEmpty {
            let listing = ListingChange(accountRegion: accountRegion, taskID: nil)
            try await store.record(LedgerUpdate(listing: listing), under: lease)
        }
        for group in groups {
            let archived = try await unseen.archive(
                group.kind, of: group.check, before: group.limit, at: staleness.endedAt)
            rejections.add(archived.rejections)
            guard archived.count > 0 else { continue }
            logger.log(
                .staleFindingsArchived,
                .about(
                    accountRegion,
                    [
                        .delivery: .string(lease.deliveryID), .check: .string(group.check),
                        .kind: .string(group.kind.rawValue), .count: .integer(archived.count),
                    ]))
        }
        return rejections
    }

    private static func groups(
        _ staleness: Staleness, of accountRegion: AccountRegion, in ledger: any FindingLedger
    ) async throws(StoreError) -> [Group] {
        var groups: [Group] = []
        for kind in kinds {
            for check in try await ledger.ledgerGroups(of: accountRegion, kind: kind) {
                guard let limit = staleness.limit(kind, check: check) else { continue }
                groups.append(Group(kind: kind, check: check, limit: limit))
            }
        }
        return groups
    }
}

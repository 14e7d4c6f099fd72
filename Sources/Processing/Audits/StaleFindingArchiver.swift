import AWSCore
import DeviceDefender
import Logging
import Planning
import Store
import Telemetry

/// Archives findings and check summaries of an account and Region that no audit confirms any longer: their check was
/// turned off, or their scheduled audit was renamed or deleted.
struct StaleFindingArchiver: Sendable {
    let accountRegion: AccountRegion
    let context: FindingWriter
    let sender: FindingSender
    let staleAfter: Duration?

    private static let kinds: [LedgerEntry.Kind] = [.audit, .summary]

    /// Whether there are stale findings or summaries.
    static func isDue(_ accountRegion: AccountRegion, in store: any FindingLedger, staleAfter: Duration?)
        async throws(StoreError) -> Bool
    {
        guard let staleness = try await Staleness(of: accountRegion, in: store, staleAfter: staleAfter) else {
            return false
        }
        for kind in kinds {
            for check in try await store.ledgerGroups(of: accountRegion, kind: kind) {
                guard let limit = staleness.limit(kind, check: check) else { continue }
                let stale = try await store.unseenLedgerEntries(
                    of: accountRegion, kind: kind, group: check, before: limit, after: nil, limit: 1)
                if !stale.isEmpty { return true }
            }
        }
        return false
    }

    /// Archives the stale findings and summaries.
    ///
    /// - Returns: the findings that Security Hub rejected.
    func archive(_ lease: Lease) async throws -> FindingRejections {
        // After an interruption, ended entries that may not have been sent are on no page any longer.
        let unsent = FindingRefresher(accountRegion: accountRegion, context: context, sender: sender)
        var rejections = try await unsent.resend(Self.kinds, lease)
        let store = context.store
        guard let staleness = try await Staleness(of: accountRegion, in: store, staleAfter: staleAfter) else {
            return rejections
        }
        let unseen = UnseenFindingArchiver(accountRegion: accountRegion, context: context, sender: sender, lease: lease)
        for kind in Self.kinds {
            for check in try await store.ledgerGroups(of: accountRegion, kind: kind) {
                guard let limit = staleness.limit(kind, check: check) else { continue }
                let archived = try await unseen.archive(kind, of: check, before: limit, at: staleness.endedAt)
                rejections.add(archived.rejections)
                guard archived.count > 0 else { continue }
                context.logger.log(
                    .staleFindingsArchived,
                    .about(
                        accountRegion,
                        [
                            .delivery: .string(lease.deliveryID), .check: .string(check), .kind: .string(kind.rawValue),
                            .count: .integer(archived.count),
                        ]))
            }
        }
        return rejections
    }
}

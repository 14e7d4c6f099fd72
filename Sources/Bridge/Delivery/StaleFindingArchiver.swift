import AWSCore
import DeviceDefender
import Logging
import Store

/// Archives findings and check summaries of an account and Region that no audit confirms any longer: their check was
/// turned off, or their scheduled audit was renamed or deleted.
struct StaleFindingArchiver: Sendable {
    let accountRegion: AccountRegion
    let context: FindingWriter
    let sender: FindingSender
    let staleAfter: Duration?

    private static let kinds: [LedgerEntry.Kind] = [.audit, .summary]

    /// Whether there are stale findings or summaries.
    static func isDue(_ accountRegion: AccountRegion, in store: any Store, staleAfter: Duration?)
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
        for kind in Self.kinds {
            for check in try await store.ledgerGroups(of: accountRegion, kind: kind) {
                guard let limit = staleness.limit(kind, check: check) else { continue }
                rejections.add(try await archive(kind, check, before: limit, at: staleness.endedAt, lease))
            }
        }
        return rejections
    }

    private func archive(
        _ kind: LedgerEntry.Kind, _ check: String, before limit: Int64, at time: Timestamp, _ lease: Lease
    ) async throws -> FindingRejections {
        var rejections = FindingRejections()
        var last: LedgerEntry?
        var count = 0
        repeat {
            let page = try await context.store.unseenLedgerEntries(
                of: accountRegion, kind: kind, group: check, before: limit, after: last, limit: 500)
            let now = context.now
            rejections.add(
                try await context.write(
                    { Planner.end($0, at: time, now: now) }, of: page, by: sender, under: lease))
            count += page.count
            last = page.last
        } while last != nil
        guard count > 0 else { return rejections }
        context.logger.log(
            .staleFindingsArchived,
            .about(
                accountRegion,
                [
                    .delivery: .string(lease.deliveryID), .check: "\(check)", .kind: .string(kind.rawValue),
                    .count: .integer(count),
                ]))
        return rejections
    }
}

import AWSCore
import DeviceDefender
import Logging
import Store

/// Archives findings and check summaries of an account and Region that no audit confirms any more: their check was turned off,
/// or their scheduled audit was renamed or deleted.
struct StaleWalk: Sendable {
    let origin: Origin
    let context: LaneContext
    let sender: FindingSender
    let staleAfter: Duration?

    private static let kinds: [LedgerEntry.Kind] = [.audit, .summary]

    /// Whether there is anything to archive.
    static func isDue(_ origin: Origin, in store: any Store, staleAfter: Duration?) async throws(StoreError) -> Bool {
        guard let staleness = try await Staleness(of: origin, in: store, staleAfter: staleAfter) else { return false }
        for kind in kinds {
            for check in try await store.ledgerGroups(of: origin, kind: kind) {
                guard let limit = staleness.limit(kind, check: check) else { continue }
                let stale = try await store.unseenLedgerEntries(
                    of: origin, kind: kind, group: check, before: limit, after: nil, limit: 1)
                if !stale.isEmpty { return true }
            }
        }
        return false
    }

    /// Archives what is stale now.
    ///
    /// - Returns: why findings were refused.
    func archive(_ lease: Lease) async throws -> Refusals {
        // What an interrupted walk has in the ledger and did not send for certain, no page lists any more.
        let unsent = RefreshWalk(origin: origin, context: context, sender: sender)
        var refusals = try await unsent.resend(Self.kinds, lease)
        let store = context.store
        guard let staleness = try await Staleness(of: origin, in: store, staleAfter: staleAfter) else {
            return refusals
        }
        for kind in Self.kinds {
            for check in try await store.ledgerGroups(of: origin, kind: kind) {
                guard let limit = staleness.limit(kind, check: check) else { continue }
                refusals.add(try await archive(kind, check, before: limit, at: staleness.endedAt, lease))
            }
        }
        return refusals
    }

    private func archive(
        _ kind: LedgerEntry.Kind, _ check: String, before limit: Int64, at time: Timestamp, _ lease: Lease
    ) async throws -> Refusals {
        var refusals = Refusals()
        var last: LedgerEntry?
        var count = 0
        repeat {
            let page = try await context.store.unseenLedgerEntries(
                of: origin, kind: kind, group: check, before: limit, after: last, limit: 500)
            let now = context.now
            refusals.add(
                try await context.make(
                    { Planner.end($0, at: time, now: now) }, of: page, by: sender, under: lease))
            count += page.count
            last = page.last
        } while last != nil
        guard count > 0 else { return refusals }
        context.logger.notice(
            "Archived findings that no audit confirms any more.",
            metadata: .about(
                origin,
                [
                    LogKey.delivery: .string(lease.deliveryID), "check": "\(check)", "kind": "\(kind.rawValue)",
                    "count": "\(count)",
                ]))
        return refusals
    }
}

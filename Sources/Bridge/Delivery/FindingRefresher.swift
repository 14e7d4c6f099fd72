import AWSCore
import DeviceDefender
import Store

/// Imports current findings again before Security Hub forgets them.
struct FindingRefresher: Sendable {
    let accountRegion: AccountRegion
    let context: FindingWriter
    let sender: FindingSender

    /// Sends those findings again that an interrupted work may not have sent.
    ///
    /// - Returns: why findings were refused.
    func resend(_ kinds: [LedgerEntry.Kind], _ lease: Lease) async throws -> FindingRejections {
        var rejections = FindingRejections()
        for kind in kinds {
            var last: LedgerEntry?
            repeat {
                let page = try await context.store.unsentLedgerEntries(
                    of: accountRegion, kind: kind, after: last, limit: 500)
                let now = context.now
                rejections.add(
                    try await context.write({ Planner.refresh($0, now: now) }, of: page, by: sender, under: lease))
                last = page.last
            } while last != nil
        }
        return rejections
    }

    /// Sends those findings again that Security Hub would soon forget.
    ///
    /// - Returns: why findings were refused.
    func refresh(_ kinds: [LedgerEntry.Kind], _ lease: Lease) async throws -> FindingRejections {
        var rejections = try await resend(kinds, lease)
        let now = context.now
        for kind in kinds {
            var last: LedgerEntry?
            repeat {
                let page = try await context.store.staleLedgerEntries(
                    of: accountRegion, kind: kind, before: now.milliseconds - Planner.refreshAge, after: last,
                    limit: 500)
                rejections.add(
                    try await context.write({ Planner.refresh($0, now: now) }, of: page, by: sender, under: lease))
                last = page.last
            } while last != nil
        }
        return rejections
    }
}

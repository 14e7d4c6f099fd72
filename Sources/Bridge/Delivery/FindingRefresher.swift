import AWSCore
import DeviceDefender
import Store

/// Imports active findings again before Security Hub deletes them.
struct FindingRefresher: Sendable {
    let accountRegion: AccountRegion
    let context: FindingWriter
    let sender: FindingSender

    /// Sends findings again that are not confirmed as sent, for example after an interruption.
    ///
    /// - Returns: the findings that Security Hub rejected.
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

    /// Sends findings again that Security Hub would soon delete.
    ///
    /// - Returns: the findings that Security Hub rejected.
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

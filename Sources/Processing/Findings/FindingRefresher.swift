import AWSCore
import DeviceDefender
import Encoding
import Planning
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
            for try await page in context.store.unsentEntries(of: accountRegion, kind: kind) {
                let now = context.now
                rejections.add(
                    try await context.write({ Planner.refresh($0, now: now) }, of: page, by: sender, under: lease))
            }
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
            let limit = now.milliseconds - Planner.refreshAge
            for try await page in context.store.staleEntries(of: accountRegion, kind: kind, before: limit) {
                rejections.add(
                    try await context.write({ Planner.refresh($0, now: now) }, of: page, by: sender, under: lease))
            }
        }
        return rejections
    }
}

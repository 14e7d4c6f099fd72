import Encoding
import Planning
import Store

/// Applies suppressions to the findings that they concern.
struct SuppressionApplier: Sendable {
    let store: any Store
    let writer: FindingWriter
    let mapping: MappingOptions
    let lease: Lease

    /// Stores a suppression or its deletion if it is newer than the stored one, and updates the findings of its
    /// resource.
    ///
    /// - Parameter keepsExpiry: whether the end of the stored suppression is kept.
    func apply(_ disposition: SuppressionDisposition, keepsExpiry: Bool) async throws -> FindingRejections {
        let stored = try await stored(disposition.subject)
        let known = stored.flatMap { SuppressionDisposition($0) }
        var disposition = disposition
        if keepsExpiry, let known, known.isSuppressed { disposition.expiresAt = known.expiresAt }
        guard disposition.isNewer(than: known) else {
            return try await updateFindings(about: disposition.subject, by: stored)
        }
        try await record(disposition)
        return try await updateFindings(about: disposition.subject, by: disposition.disposition)
    }

    /// Updates the findings of an expired suppression.
    ///
    /// - Parameter time: its expiry when the task was queued. If it has changed since, nothing is done.
    func expire(_ subject: String, at time: Timestamp) async throws -> FindingRejections {
        let stored = try await stored(subject)
        guard var known = stored.flatMap({ SuppressionDisposition($0) }), known.isSuppressed, known.expiresAt == time
        else { return FindingRejections() }
        guard !known.suppresses(at: writer.now) else {
            throw SendError(description: "the suppression has not expired yet by this machine's clock")
        }
        let rejections = try await updateFindings(about: subject, by: stored)
        known.isSettled = true
        try await record(known)
        return rejections
    }

    /// Records a suppression. What an interrupted audit has seen was decided without it.
    private func record(_ disposition: SuppressionDisposition) async throws(StoreError) {
        let update = LedgerUpdate(
            dispositions: [disposition.disposition],
            listing: ListingChange(accountRegion: writer.accountRegion, taskID: nil))
        try await store.record(update, under: lease)
    }

    private func stored(_ subject: String) async throws -> Disposition? {
        try await store.dispositions(about: [subject])[subject]
    }

    private func updateFindings(about subject: String, by disposition: Disposition?) async throws -> FindingRejections {
        try await writer.write(
            { Planner.plan([], known: $0, disposition: disposition, mapping: mapping, now: $1) },
            of: store.rows(about: subject), under: lease)
    }
}

package import Encoding

/// Intermediate results of processing a delivery. Recorded in one transaction.
package struct LedgerUpdate: Sendable, Hashable {
    /// Findings. They replace the entries with the same ids.
    package var entries: [LedgerEntry]
    /// Mapped findings whose reports change nothing else: of an entry only ``LedgerEntry/eventTime``,
    /// ``LedgerEntry/lastObservedAt`` and ``LedgerEntry/report`` are written. Entries without a finding in the ledger are
    /// skipped.
    package var reports: [LedgerEntry]
    /// Findings whose recorded state Security Hub confirmed, by id with their ``LedgerEntry/updatedAt``. Findings that
    /// were changed since are skipped.
    package var sent: [String: Timestamp]
    /// The ids of findings to delete from the ledger: Security Hub rejected them.
    package var rejected: [String]
    /// Dispositions. They replace those of the same subjects.
    package var dispositions: [Disposition]
    /// Applied audits. They replace those of the same checks.
    package var appliedAudits: [AppliedAudit]
    /// Finished audits. Each replaces an older one of the same schedule.
    package var audits: [FinishedAudit]
    /// Check completions, merged with those of the same checks.
    package var completions: [CheckCompletion]
    /// The audit whose list of findings is being imported from now on; nil for no change.
    package var listing: ListingChange?
    /// Where to continue after an interruption; returned with the delivery (``LeasedDelivery/checkpoint``): 1 to
    /// ``maximumCheckpointLength`` bytes of UTF-8 without NUL. nil keeps the previous one.
    package var checkpoint: String?

    /// The maximum length of a checkpoint, in bytes.
    package static let maximumCheckpointLength = 1 << 20

    /// Creates a value. The texts are validated when it is recorded.
    package init(
        entries: [LedgerEntry] = [], reports: [LedgerEntry] = [], sent: [String: Timestamp] = [:],
        rejected: [String] = [], dispositions: [Disposition] = [],
        appliedAudits: [AppliedAudit] = [], audits: [FinishedAudit] = [], completions: [CheckCompletion] = [],
        listing: ListingChange? = nil, checkpoint: String? = nil
    ) {
        self.entries = entries
        self.reports = reports
        self.sent = sent
        self.rejected = rejected
        self.dispositions = dispositions
        self.appliedAudits = appliedAudits
        self.audits = audits
        self.completions = completions
        self.listing = listing
        self.checkpoint = checkpoint
    }

    /// Whether there is nothing to record.
    package var isEmpty: Bool {
        entries.isEmpty && reports.isEmpty && sent.isEmpty && rejected.isEmpty && dispositions.isEmpty
            && appliedAudits.isEmpty
            && audits.isEmpty && completions.isEmpty && listing == nil && checkpoint == nil
    }
}

/// What the work on a delivery has come to so far: kept in one transaction, or not at all.
public struct LedgerUpdate: Sendable, Hashable {
    /// Findings, in place of what the ledger has under their ids.
    public var entries: [LedgerEntry]
    /// Findings that Security Hub has now as the ledger says (``LedgerEntry/isSent``), by id with their
    /// ``LedgerEntry/updatedAt``. One that was changed since is passed over.
    public var sent: [String: Int64]
    /// The ids of findings to be taken out of the ledger: Security Hub never had them.
    public var rejected: [String]
    /// Judgements, in place of those of the same subjects.
    public var dispositions: [Disposition]
    /// Audits that were applied, in place of the appliedAudits of the same checks.
    public var appliedAudits: [AppliedAudit]
    /// Audits that have ended, each in place of an older one of the same schedule.
    public var audits: [FinishedAudit]
    /// When checks were completed, each beside what is known of the same check.
    public var completions: [CheckCompletion]
    /// Where the work goes on if it is interrupted, handed out again with the delivery
    /// (``LeasedDelivery/bookmark``): 1 to ``maximumBookmarkLength`` bytes of UTF-8 without NUL; nil leaves it as it is.
    public var checkpoint: String?

    /// The longest bookmark, in bytes.
    public static let maximumCheckpointLength = 16_384

    /// Puts the parts together; whether the texts are well formed is checked when the progress is recorded.
    public init(
        entries: [LedgerEntry] = [], sent: [String: Int64] = [:], rejected: [String] = [],
        dispositions: [Disposition] = [],
        appliedAudits: [AppliedAudit] = [], audits: [FinishedAudit] = [], completions: [CheckCompletion] = [],
        checkpoint: String? = nil
    ) {
        self.entries = entries
        self.sent = sent
        self.rejected = rejected
        self.dispositions = dispositions
        self.appliedAudits = appliedAudits
        self.audits = audits
        self.completions = completions
        self.checkpoint = checkpoint
    }

    /// Whether there is nothing to keep.
    public var isEmpty: Bool {
        entries.isEmpty && sent.isEmpty && rejected.isEmpty && dispositions.isEmpty && appliedAudits.isEmpty
            && audits.isEmpty && completions.isEmpty && checkpoint == nil
    }
}

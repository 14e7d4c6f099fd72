/// What the work on a delivery has come to so far: kept in one transaction, or not at all.
public struct Progress: Sendable, Hashable {
    /// Findings, in place of what the ledger has under their ids.
    public var entries: [LedgerEntry]
    /// Findings that Security Hub has now as the ledger says (``LedgerEntry/isSent``), by id with their
    /// ``LedgerEntry/updatedAt``. One that was changed since is passed over.
    public var sent: [String: Int64]
    /// The ids of findings to be taken out of the ledger: Security Hub never had them.
    public var refused: [String]
    /// Judgements, in place of those of the same subjects.
    public var judgements: [Judgement]
    /// Audits that were applied, in place of the marks of the same checks.
    public var marks: [AuditMark]
    /// Audits that have ended, each in place of an older one of the same schedule.
    public var audits: [FinishedAudit]
    /// When checks were completed, each beside what is known of the same check.
    public var completions: [CheckCompletion]
    /// Where the work goes on if it is interrupted, handed out again with the delivery
    /// (``LeasedDelivery/bookmark``): 1 to ``maximumBookmarkLength`` bytes of UTF-8 without NUL; nil leaves it as it is.
    public var bookmark: String?

    /// The longest bookmark, in bytes.
    public static let maximumBookmarkLength = 16_384

    /// Puts the parts together; whether the texts are well formed is checked when the progress is recorded.
    public init(
        entries: [LedgerEntry] = [], sent: [String: Int64] = [:], refused: [String] = [], judgements: [Judgement] = [],
        marks: [AuditMark] = [], audits: [FinishedAudit] = [], completions: [CheckCompletion] = [],
        bookmark: String? = nil
    ) {
        self.entries = entries
        self.sent = sent
        self.refused = refused
        self.judgements = judgements
        self.marks = marks
        self.audits = audits
        self.completions = completions
        self.bookmark = bookmark
    }

    /// Whether there is nothing to keep.
    public var isEmpty: Bool {
        entries.isEmpty && sent.isEmpty && refused.isEmpty && judgements.isEmpty && marks.isEmpty
            && audits.isEmpty && completions.isEmpty && bookmark == nil
    }
}

import AWSCore
import DeviceDefender
import Store

/// Which findings and summaries no audit confirms any more. A pure value.
///
/// Time is counted by AWS's clock alone, and only as far as AWS's lists of audits were read without a gap: while nothing is
/// read, because catch-up is off, paused, denied or suspended, or after this machine's clock was set, no time passes here.
struct Staleness: Sendable, Hashable {
    /// What was seen last at this time or before, is stale, in milliseconds since 1970.
    private let cutoff: Int64
    private let completions: [String: CheckCompletion]
    private let marks: [String: AppliedAudit]

    /// Nil if nothing can be stale: it is off, or no span is known that is long enough.
    ///
    /// - Parameters:
    ///   - staleAfter: how long a finding stays current that no audit confirms; nil for ever.
    ///   - coverage: the time of which all audits are known.
    ///   - completions: when AWS says that audits completed checks.
    ///   - marks: the newest applied audits.
    init?(
        staleAfter: Duration?, coverage: AuditCoverage?, completions: [String: CheckCompletion],
        marks: [String: AppliedAudit]
    ) {
        guard let staleAfter, let coverage else { return nil }
        cutoff = coverage.until.saturatingSubtracting(staleAfter.milliseconds)
        // Of what was before the span, nothing is known: an audit may have completed the check.
        guard cutoff >= coverage.since else { return nil }
        self.completions = completions
        self.marks = marks
    }

    /// Findings and summaries of a check are stale that were seen before this time, in milliseconds since 1970; nil if none is.
    func limit(_ kind: LedgerEntry.Kind, check: String) -> Int64? {
        switch kind {
        case .audit:
            // Findings belong to the check: whichever audit completes it confirms those that it sees, and ends the others. One
            // that cannot be read keeps an audit from being applied, but not from having completed the check.
            let completedAt = [completions[check]?.completedAt, marks[check]?.startTime].compactMap(\.self).max()
            guard completedAt.map({ $0 <= cutoff }) ?? true else { return nil }
        case .summary:
            // A summary belongs to its scheduled audit: that other audits complete the check does not confirm it.
            break
        case .violation: return nil
        }
        return cutoff.saturatingAdding(1)
    }

    /// When findings end that are stale: before any audit that is not known yet.
    var endedAt: Timestamp { Timestamp(milliseconds: cutoff) }
}

extension Staleness {
    /// Asks a store; nil if nothing can be stale.
    init?(of accountRegion: AccountRegion, in store: any Store, staleAfter: Duration?) async throws(StoreError) {
        guard let staleAfter, let coverage = try await store.auditCoverage(of: accountRegion) else { return nil }
        self.init(
            staleAfter: staleAfter, coverage: coverage,
            completions: try await store.checkCompletions(of: accountRegion),
            marks: try await store.appliedAudits(of: accountRegion))
    }
}

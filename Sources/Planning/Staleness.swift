package import AWSCore
import DeviceDefender
package import Encoding
package import Store

/// Decides which findings and summaries are stale: no audit has confirmed them for a configured time. A pure value.
///
/// Only time by AWS's clock counts, and only while AWS's lists of audits were read without a gap. No time passes while
/// catch-up is off, paused, denied or suspended, and a wrong clock of this machine has no effect.
package struct Staleness: Sendable, Hashable {
    /// What was last observed at this time or before is stale.
    private let cutoff: Timestamp
    private let completions: [String: CheckCompletion]
    private let marks: [String: AppliedAudit]

    /// Nil if nothing can be stale: the option is off, or the known span is too short.
    ///
    /// - Parameters:
    ///   - staleAfter: how long a finding stays active that no audit confirms; nil for no limit.
    ///   - coverage: the span in which all audits are known.
    ///   - completions: when audits completed each check, as listed by AWS.
    ///   - marks: the applied audits, by check.
    package init?(
        staleAfter: Duration?, coverage: AuditCoverage?, completions: [String: CheckCompletion],
        marks: [String: AppliedAudit]
    ) {
        guard let staleAfter, let coverage else { return nil }
        cutoff = coverage.until - staleAfter
        // Before the span, unknown audits may have completed the check.
        guard cutoff >= coverage.since else { return nil }
        self.completions = completions
        self.marks = marks
    }

    /// Findings or summaries of a check that were last observed before this time are stale; nil if none is.
    package func limit(_ kind: LedgerEntry.Kind, check: String) -> Timestamp? {
        switch kind {
        case .audit:
            // Findings belong to the check: any audit that completes it confirms those that it lists and ends the
            // others. An audit with findings that cannot be parsed is not applied, but has completed the check.
            let completedAt = [completions[check]?.completedAt, marks[check]?.startTime].compactMap(\.self).max()
            guard completedAt.map({ $0 <= cutoff }) ?? true else { return nil }
        case .summary:
            // A summary belongs to its scheduled audit. Other audits that complete the check do not confirm it.
            break
        case .violation, .mapped: return nil
        }
        return cutoff + .milliseconds(1)
    }

    /// The end time of stale findings: earlier than any audit that is not known yet.
    package var endedAt: Timestamp { cutoff }
}

extension Staleness {
    /// Reads the values from a store; nil if nothing can be stale.
    package init?(of accountRegion: AccountRegion, in store: any FindingLedger, staleAfter: Duration?)
        async throws(StoreError)
    {
        guard let staleAfter, let coverage = try await store.auditCoverage(of: accountRegion) else { return nil }
        self.init(
            staleAfter: staleAfter, coverage: coverage,
            completions: try await store.checkCompletions(of: accountRegion),
            marks: try await store.appliedAudits(of: accountRegion))
    }
}

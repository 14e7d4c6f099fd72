package import SecurityFindings
package import Store

/// The configured filters: which findings stay out of Security Hub (`mapping.minimumSeverity`, `mapping.include`,
/// `mapping.exclude`).
///
/// A finding that a filter hides has a ledger entry as any other, so that the newest report counts in any order. It is
/// archived, and imported only if Security Hub may have it as active. Without the filter, the next report or comparison
/// of states imports it.
package struct FindingFilter: Sendable, Hashable {
    /// Hides nothing.
    package static let none = FindingFilter()

    /// The lowest severity that is imported; nil for all.
    package let minimumSeverity: SecurityFinding.Severity.Label?
    /// Only findings that match are imported; all if there are no patterns.
    package let include: NamePatterns
    /// Findings that match are not imported, even if they match ``include``.
    package let exclude: NamePatterns

    /// Creates a filter.
    package init(
        minimumSeverity: SecurityFinding.Severity.Label? = nil, include: NamePatterns = .none,
        exclude: NamePatterns = .none
    ) {
        self.minimumSeverity = minimumSeverity
        self.include = include
        self.exclude = exclude
    }

    /// Whether a finding of the ledger stays out of Security Hub.
    package func hides(_ known: LedgerEntry) -> Bool {
        guard self != .none else { return false }
        // Earlier versions did not record the severity.
        let severity =
            known.severity.flatMap { SecurityFinding.Severity.Label(rawValue: $0.rawValue) }
            ?? known.asSent?.severity.label
        return hides(names: Self.names(known.kind, known.group, known.report?.source), severity)
    }

    /// Whether a reported finding stays out of Security Hub.
    package func hides(_ observation: Observation) -> Bool {
        self != .none && hides(names: [observation.group], observation.finding.severity.label)
    }

    /// Whether a finding stays out of Security Hub.
    func hides(_ finding: SecurityFinding, _ facts: Facts) -> Bool {
        self != .none && hides(names: Self.names(facts.kind, facts.group, facts.report?.source), finding.severity.label)
    }

    private func hides(names: [String], _ severity: SecurityFinding.Severity.Label?) -> Bool {
        if let minimumSeverity, let severity, severity < minimumSeverity { return true }
        if names.contains(where: exclude.match) { return true }
        return !include.isEmpty && !names.contains(where: include.match)
    }

    /// What the patterns are matched against: the check, or the security profile and the behavior, or the mapped source
    /// and the group in it.
    private static func names(_ kind: LedgerEntry.Kind, _ group: String, _ source: String?) -> [String] {
        guard kind == .mapped, let source else { return [group] }
        let inSource = group.dropFirst(source.count + 1)
        return inSource.isEmpty ? [source] : [source, String(inSource)]
    }

    /// Texts that are equal for equal filters; none if nothing is hidden.
    var entries: [String] {
        guard self != .none else { return [] }
        return [minimumSeverity?.rawValue ?? ""] + ["\(include.entries.count)"] + include.entries + exclude.entries
    }
}

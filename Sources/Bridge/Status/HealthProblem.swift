import JSON

/// Something that an operator should know of, with what to do about it. The words are those of the alert rules
/// (`deploy/prometheus/alerts.yaml`) where there is one of the same meaning.
struct HealthProblem: Sendable, Hashable {
    /// How soon somebody should look.
    enum Severity: String, Sendable, Hashable, CaseIterable {
        /// Now: findings are late, or are being lost.
        case critical
        /// Within the day.
        case warning
    }

    let severity: Severity
    /// What is the matter: a sentence.
    let summary: String
    /// What to do.
    let remediation: String
    /// The account, the account and Region, or the topic that it is about; nil for the bridge as a whole.
    var about: String?
    /// Whether findings of at least one account do not reach Security Hub because of it.
    var stopsFindings = false

    /// As status.json has it.
    var json: JSON {
        [
            "severity": .string(severity.rawValue), "summary": .string(summary), "remediation": .string(remediation),
            "about": about.map(JSON.string) ?? .null,
        ]
    }
}

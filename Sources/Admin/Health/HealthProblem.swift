import JSON

/// A problem that needs an operator, with its remediation. Where an alert rule has the same meaning
/// (`deploy/prometheus/alerts.yaml`), the wording is the same.
struct HealthProblem: Sendable, Hashable {
    /// How soon an operator should act.
    enum Severity: String, Sendable, Hashable, CaseIterable {
        /// Immediately: findings are late or are being lost.
        case critical
        /// Within the day.
        case warning
    }

    let severity: Severity
    /// What is wrong: one sentence.
    let summary: String
    /// What to do about it.
    let remediation: String
    /// The account, the account and Region, or the topic that the problem concerns; nil for the whole bridge.
    var about: String?
    /// Whether the problem keeps findings of at least one account from reaching Security Hub.
    var stopsFindings = false

    /// An element of `health.problems` in status.json.
    var json: JSON {
        [
            "severity": .string(severity.rawValue), "summary": .string(summary), "remediation": .string(remediation),
            "about": about.map(JSON.string) ?? .null,
        ]
    }
}

import Encoding
import JSON
import Store

/// A problem that needs an operator, with its remediation: one for each cause, whatever the number of affected accounts. Where an
/// alert rule has the same meaning (`deploy/prometheus/alerts.yaml`), the wording is the same.
struct HealthProblem: Sendable, Hashable {
    /// How soon an operator should act.
    enum Severity: String, Sendable, Hashable, CaseIterable {
        /// Immediately: findings are late or are being lost.
        case critical
        /// Within the day.
        case warning
    }

    let severity: Severity
    let cause: Cause
    /// What is wrong: one sentence.
    let summary: String
    /// What to do about it.
    let remediation: String
    /// Commands that help, to be copied to a shell.
    var commands: [String] = []
    /// When it began, as far as it is known.
    var since: Timestamp?
    /// The affected accounts, topics and sources, sorted; at most ``affectedLimit``. Empty for the whole bridge.
    var affected: [AffectedPlace] = []
    /// The number of affected places beyond that.
    var affectedOmitted = 0
    /// Whether the problem keeps findings of at least one account from reaching Security Hub.
    var stopsFindings = false

    /// Most affected places that are listed.
    static let affectedLimit = 200

    /// Sets the affected places, and the time since when the first of them is affected.
    func affecting(_ places: [AffectedPlace]) -> HealthProblem {
        var problem = self
        problem.affected = Array(places.sorted().prefix(Self.affectedLimit))
        problem.affectedOmitted = places.count - problem.affected.count
        problem.since = places.compactMap(\.since).min()
        return problem
    }

    /// An element of `health.problems` in status.json.
    var json: JSON {
        [
            "severity": .string(severity.rawValue), "stopsFindings": .bool(stopsFindings),
            "cause": .string(cause.rawValue), "summary": .string(summary), "remediation": .string(remediation),
            "commands": .array(commands.map(JSON.string)), "runbook": cause.runbook.map(JSON.string) ?? .null,
            "since": .time(since), "affected": .array(affected.map(\.json)),
            "affectedOmitted": .integer(affectedOmitted),
        ]
    }
}

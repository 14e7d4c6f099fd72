package import AWSCore
package import DeviceDefender
package import Encoding
package import SecurityFindings
package import Store

/// How audits of one check affect each other's summaries. Pure functions.
///
/// A summary belongs to a check of a scheduled audit, or of on-demand audits. Several scheduled audits may include one
/// check: each has its own summary, which a noncompliant result of another one leaves unchanged.
package enum SummaryRules {
    /// Which older summaries of a check an audit ends, in addition to updating its own.
    package enum Ended: Sendable, Hashable {
        /// All: no resource fails the check.
        case all
        /// That of on-demand audits: the newer audit replaces it, and no other on-demand audit may follow.
        case onDemand
        /// None: the check was not completed.
        case none

        /// Derives the ended summaries from the result of a check.
        package init(_ status: CheckResult.Status) {
            switch status {
            case .completedCompliant: self = .all
            case .completedNonCompliant: self = .onDemand
            case .failed, .canceled, .inProgress, .waitingForDataCollection, .other: self = .none
            }
        }
    }

    /// Whether a newer audit has ended a summary although resources failed in its own audit.
    ///
    /// - Parameters:
    ///   - schedule: the name of the scheduled audit; nil for on-demand audits.
    ///   - time: the start of its audit.
    ///   - completion: the known completions of the check.
    package static func isEnded(schedule: String?, time: Timestamp, by completion: CheckCompletion?) -> Bool {
        guard let completion else { return false }
        if let passedAt = completion.passedAt, passedAt > time { return true }
        return schedule == nil && completion.completedAt > time
    }

    /// The observations of an audit about its checks.
    ///
    /// - Parameter completions: the known completions of the checks, including the audit itself.
    package static func observations(
        of task: AuditTask, _ completions: [String: CheckCompletion], _ finding: (CheckResult) -> SecurityFinding
    ) -> [Observation] {
        task.checks.filter(\.status.isEnded).map { result in
            var observation = Observation(summaryOf: result, task: task, finding: finding(result))
            let isEnded = isEnded(
                schedule: task.scheduledAuditName, time: task.startTime, by: completions[result.check.name])
            if isEnded { observation.condition = .over }
            return observation
        }
    }

    /// The completions of checks by an audit.
    package static func completions(of task: AuditTask, accountRegion: AccountRegion) -> [CheckCompletion] {
        task.checks.filter(\.status.isComplete).map { result in
            let start = task.startTime
            return CheckCompletion(
                accountRegion: accountRegion, check: result.check.name, completedAt: start,
                passedAt: result.status == .completedCompliant ? start : nil)
        }
    }
}

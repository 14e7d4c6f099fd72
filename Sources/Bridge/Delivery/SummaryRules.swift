import AWSCore
import DeviceDefender
import SecurityFindings
import Store

/// How audits of one check count for each other's summaries. Pure functions.
///
/// A summary belongs to a check of a scheduled audit, or of audits on demand. Several scheduled audits may look at one check:
/// each has a summary of its own, which another one's result of the same kind leaves alone.
enum SummaryRules {
    /// Which summaries of a check an audit ends, beside updating its own: those that are older than the audit.
    enum Ended: Sendable, Hashable {
        /// All: no resource fails the check.
        case all
        /// That of audits on demand: a newer audit says more, and none on demand may ever come again.
        case onDemand
        /// None: the check was not completed.
        case none

        init(_ status: CheckResult.Status) {
            switch status {
            case .completedCompliant: self = .all
            case .completedNonCompliant: self = .onDemand
            case .failed, .canceled, .inProgress, .waitingForDataCollection, .other: self = .none
            }
        }
    }

    /// Whether a newer audit has ended a summary, so that it is over though its own audit says that resources fail.
    ///
    /// - Parameters:
    ///   - schedule: the scheduled audit; nil for audits on demand.
    ///   - time: when its audit began.
    ///   - completion: what newer audits did.
    static func isEnded(schedule: String?, time: Timestamp, by completion: CheckCompletion?) -> Bool {
        guard let completion else { return false }
        if let passedAt = completion.passedAt, passedAt > time.milliseconds { return true }
        return schedule == nil && completion.completedAt > time.milliseconds
    }

    /// What an audit says of its checks.
    ///
    /// - Parameter completions: what is known of the checks, the audit itself included.
    static func observations(
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

    /// When an audit completed its checks.
    static func completions(of task: AuditTask, accountRegion: AccountRegion) -> [CheckCompletion] {
        task.checks.filter(\.status.isComplete).map { result in
            let start = task.startTime.milliseconds
            return CheckCompletion(
                accountRegion: accountRegion, check: result.check.name, completedAt: start,
                passedAt: result.status == .completedCompliant ? start : nil)
        }
    }
}

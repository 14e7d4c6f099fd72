import AWSCore
import Encoding
import JSON
import Processing
import SNS
import Store

/// Problems with AWS: denials, subscriptions and catch-up. Each combines all affected account-Regions.
enum AWSProblems {
    static func problems(_ stored: StoreSnapshot.QueueSnapshot, _ input: HealthInput) -> [HealthProblem] {
        subscriptions(stored, input) + catchUp(stored, input)
    }

    /// The denials for one reason are one problem, whatever account, ARN or request the reason names.
    static func denials(_ input: HealthInput) -> [HealthProblem] {
        struct Key: Hashable {
            let cause: CircuitBreaker.Cause
            let reason: UTF8Text
        }
        let groups = Dictionary(grouping: input.denied) {
            Key(cause: $0.denial.cause, reason: UTF8Text(NormalizedReason.text($0.denial.reason)))
        }
        let sorted = groups.sorted {
            (-$0.value.count, $0.key.cause.rawValue, $0.key.reason.description)
                < (-$1.value.count, $1.key.cause.rawValue, $1.key.reason.description)
        }
        return sorted.map { key, entries in
            let words = AffectedPlace.words(entries.map(\.lane))
            let only = entries.count == 1 ? entries.first : nil
            return HealthProblem(
                severity: .critical, cause: HealthProblem.Cause(key.cause),
                summary: "\(key.cause.summary) \(words): \(only?.denial.reason ?? key.reason.description)",
                remediation:
                    "Deliveries stay in the queue, for 90 days at most; other accounts are not affected. Run "
                    + "defender-bridge check: it verifies the credentials, the role, its permissions, and that Security Hub is "
                    + "enabled. After the fix, the bridge recovers automatically within a minute.",
                commands: ["defender-bridge check"], stopsFindings: true
            ).affecting(
                entries.map { AffectedPlace($0.lane, since: input.now - max(input.elapsed - $0.denial.since, .zero)) })
        }
    }

    private static func subscriptions(_ stored: StoreSnapshot.QueueSnapshot, _ input: HealthInput) -> [HealthProblem] {
        let troubled = stored.subscriptions.filter { subscription in
            guard input.acceptsTopic(subscription.topic) else { return false }
            return switch subscription.state {
            case .confirmed: false
            case .pending: input.now - subscription.changedAt > longestConfirmation
            case .ended: true
            }
        }
        return [
            problem(.subscriptionPending, troubled.filter { $0.state == .pending }),
            problem(.subscriptionEnded, troubled.filter { $0.state == .ended }),
        ].compactMap(\.self)
    }

    private static func problem(_ cause: HealthProblem.Cause, _ subscriptions: [Subscription]) -> HealthProblem? {
        guard let first = subscriptions.first else { return nil }
        let state = first.state.rawValue
        let places = subscriptions.map { subscription in
            AffectedPlace(
                DeliveryLane(subscription.topic.accountRegion), detail: "\(subscription.topic)",
                since: subscription.changedAt)
        }
        let summary =
            subscriptions.count == 1
            ? "The subscription to \(first.topic) is \(state): SNS delivers no messages from it."
            : "The subscriptions to \(subscriptions.count) topics are \(state): SNS delivers no messages from them."
        let remediation =
            cause == .subscriptionPending
            ? "sns.confirm is off, and the log has the command that confirms it; or the confirmation failed, and the log has "
                + "the reason."
            : "The bridge was unsubscribed. Subscribe it again, or remove the topic from sns.topics."
        return HealthProblem(
            severity: .warning, cause: cause, summary: summary, remediation: remediation,
            commands: ["defender-bridge check"]
        ).affecting(places)
    }

    private static let longestConfirmation = Duration.seconds(15 * 60)

    private static func catchUp(_ stored: StoreSnapshot.QueueSnapshot, _ input: HealthInput) -> [HealthProblem] {
        // After a long downtime, catch-up needs some time.
        guard let interval = input.catchUpInterval,
            input.now - input.startedAt > startingTime
        else { return [] }
        let held = input.heldLanes
        let overdue = stored.watermarks.filter { accountRegion, watermark in
            input.now - watermark > interval * 3 && !held.contains(DeliveryLane(accountRegion))
        }
        guard let oldest = overdue.values.min() else { return [] }
        return [
            HealthProblem(
                severity: .warning, cause: .catchUpOverdue,
                summary:
                    "Catch-up of \(AffectedPlace.words(overdue.keys.map { DeliveryLane($0) })) is overdue: Device Defender was "
                    + "last queried for missed events \(AgeText.text(input.now - oldest)) ago.",
                remediation:
                    "The log has the reason, usually a missing permission (iot:ListAuditTasks, iot:ListViolationEvents, "
                    + "iot:ListActiveViolations); defender-bridge check names it.", commands: ["defender-bridge check"]
            ).affecting(overdue.map { AffectedPlace(DeliveryLane($0.key), since: $0.value) })
        ]
    }

    private static let startingTime = Duration.seconds(10 * 60)
}

extension CircuitBreaker.Cause {
    /// Beginning of the problem's summary; the account-Region follows.
    fileprivate var summary: String {
        switch self {
        case .accessDenied: "AWS denies access in"
        case .notEnabled: "Security Hub is not enabled in"
        case .noCredentials: "No usable AWS credentials for"
        case .unreachable: "AWS is not reachable for"
        }
    }
}

import AWSCore
import Encoding
import Intake
import Processing
import Store

extension IntakeProblems {
    /// The recorded deliveries as problems: one for each sender that uses wrong paths, and one for all topics.
    static func problems(_ input: HealthInput) -> [HealthProblem] {
        misdirected(input) + [unrelated(input)].compactMap(\.self)
    }

    private static func misdirected(_ input: HealthInput) -> [HealthProblem] {
        let groups = Dictionary(grouping: input.intakeProblems.misdirected, by: \.key.sender)
        return groups.sorted { $0.key.name < $1.key.name }.compactMap { sender, deliveries in
            let sorted = deliveries.map { ($0.key.path, $0.value) }.sorted(by: isBefore)
            guard let first = sorted.first else { return nil }
            let paths =
                sorted.count == 1 ? "the wrong path \(first.0)" : "\(sorted.count) wrong paths, such as \(first.0)"
            return HealthProblem(
                severity: .warning, cause: .misdirectedDeliveries,
                summary: "\(sender.name) delivers to \(paths) \(seen(sorted.map(\.1), input)).",
                remediation: sender.remediation)
        }
    }

    private static func unrelated(_ input: HealthInput) -> HealthProblem? {
        let sorted = input.intakeProblems.unrelated.map { ($0.key.description, $0.value) }.sorted(by: isBefore)
        guard let first = sorted.first else { return nil }
        let topics = sorted.count == 1 ? "Topic \(first.0) carries" : "\(sorted.count) topics carry"
        let places = input.intakeProblems.unrelated.map { topic, count in
            AffectedPlace(DeliveryLane(topic.accountRegion), detail: "\(topic) (\(count.times))")
        }
        return HealthProblem(
            severity: .warning, cause: .unrelatedMessages,
            summary: "\(topics) messages that do not come from Device Defender \(seen(sorted.map(\.1), input)).",
            remediation:
                "They become dead letters. Publish other messages, such as CloudWatch alarms, to a topic of their own, and "
                + "drop these dead letters.", commands: ["defender-bridge dead-letters list"]
        ).affecting(places)
    }

    private static func seen(_ counts: [Count], _ input: HealthInput) -> String {
        let sum = Count(
            count: counts.reduce(0) { $0 + $1.count }, lastAt: counts.map(\.lastAt).max() ?? input.now)
        return "(\(sum.times), last \(AgeText.text(input.now - sum.lastAt)) ago)"
    }

    /// The most frequent first.
    private static func isBefore(_ left: (String, Count), _ right: (String, Count)) -> Bool {
        (-left.1.count, left.0) < (-right.1.count, right.0)
    }
}

extension IntakeProblems.Count {
    fileprivate var times: String { count == 1 ? "once" : "\(count) times" }
}

import AWSCore
import Encoding
import Intake
import Processing

extension IntakeProblems {
    /// The recorded deliveries as problems, most frequent first.
    static func problems(_ input: HealthInput) -> [HealthProblem] {
        let misdirected = input.intakeProblems.misdirected.sorted { Self.isBefore($0, $1, \.path) }.map {
            delivery, count in
            HealthProblem(
                severity: .warning,
                summary: "\(delivery.sender.name) delivers to the wrong path \(delivery.path) "
                    + "(\(count.times), last \(AgeText.text(input.now - count.lastAt)) ago).",
                remediation: delivery.sender.remediation)
        }
        let unrelated = input.intakeProblems.unrelated.sorted { Self.isBefore($0, $1, \.description) }.map {
            topic, count in
            HealthProblem(
                severity: .warning,
                summary: "Topic \(topic) carries messages that do not come from Device Defender (\(count.times), last "
                    + "\(AgeText.text(input.now - count.lastAt)) ago).",
                remediation:
                    "They become dead letters. Publish other messages, such as CloudWatch alarms, to a topic of their own, and "
                    + "drop these dead letters.", about: topic.description)
        }
        return misdirected + unrelated
    }

    private static func isBefore<Key>(
        _ left: (key: Key, value: Count), _ right: (key: Key, value: Count), _ text: (Key) -> String
    ) -> Bool {
        (-left.value.count, text(left.key)) < (-right.value.count, text(right.key))
    }
}

extension IntakeProblems.Count {
    fileprivate var times: String { count == 1 ? "once" : "\(count) times" }
}

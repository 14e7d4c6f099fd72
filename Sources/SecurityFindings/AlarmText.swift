import DeviceDefender

/// An alarm in words.
struct AlarmText {
    private let alarm: Alarm
    private let device: String

    init(_ alarm: Alarm) {
        self.alarm = alarm
        device = FindingText.required(alarm.thingName, to: 128)
    }

    /// The same for all changes of an alarm.
    var title: String {
        "Device \(device) in violation of behavior \(alarm.behavior.name) of security profile "
            + alarm.securityProfileName
    }

    var description: String {
        var sentences = [event]
        if let value = alarm.metricValue { sentences.append("Measured \(metric): \(RuleText.text(value)).") }
        if let criteria = alarm.behavior.criteria {
            sentences.append("Normal \(metric): \(RuleText.normal(criteria)).")
        }
        if let dimension = alarm.behavior.metricDimension {
            sentences.append("The metric counts what is \(dimension.isExcluded ? "not " : "")in \(dimension.name).")
        }
        if let level = alarm.confidenceLevel { sentences.append("Confidence: \(level.rawValue).") }
        return sentences.joined(separator: " ")
    }

    private var metric: String { alarm.behavior.metric ?? "value" }

    private var event: String {
        let rule = "behavior \(alarm.behavior.name) of security profile \(alarm.securityProfileName)"
        switch alarm.eventType {
        case .inAlarm: return "Device \(device) violates \(rule)."
        case .cleared: return "Device \(device) no longer violates \(rule)."
        case .invalidated:
            return "Whether device \(device) violates \(rule) can no longer be told: the device sends no data, or the "
                + "profile was changed."
        }
    }
}

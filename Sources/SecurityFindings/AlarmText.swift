import DeviceDefender

/// Title and description of an alarm.
struct AlarmText {
    private let alarm: Alarm
    private let device: String

    init(_ alarm: Alarm) {
        self.alarm = alarm
        device = FindingText.required(alarm.thingName, to: 128)
    }

    /// The title, the same for all state changes of an alarm.
    var title: String {
        "Device \(device) in violation of behavior \(alarm.behavior.name) of security profile "
            + alarm.securityProfileName
    }

    var description: String {
        var sentences = [event]
        if let value = alarm.metricValue { sentences.append("Measured \(metric): \(RuleText.text(value)).") }
        if let criteria = alarm.behavior.criteria { sentences.append("Expected: \(RuleText.expected(criteria)).") }
        if let dimension = alarm.behavior.metricDimension {
            sentences.append("Counted \(dimension.isExcluded ? "outside" : "inside") dimension \(dimension.name).")
        }
        if let confidence { sentences.append(confidence) }
        return sentences.joined(separator: " ")
    }

    private var metric: String { alarm.behavior.metric ?? "value" }

    /// The required and the actual confidence of machine learning.
    private var confidence: String? {
        let anomaly = alarm.confidenceLevel.map { "this anomaly: \($0.rawValue)." }
        guard case .machineLearning(let level?) = alarm.behavior.criteria?.threshold else {
            return anomaly.map { "Confidence of \($0)" }
        }
        let alarms = "Alarms at \(level.rawValue) confidence\(level == .high ? "" : " or higher")"
        return anomaly.map { "\(alarms); \($0)" } ?? "\(alarms)."
    }

    private var event: String {
        let rule = "behavior \(alarm.behavior.name) of security profile \(alarm.securityProfileName)"
        switch alarm.eventType {
        case .inAlarm: return "Device \(device) violates \(rule)."
        case .cleared: return "Device \(device) no longer violates \(rule)."
        case .invalidated:
            return
                "Alarm invalidated: device \(device) can no longer be evaluated against \(rule), because it sends no "
                + "data or the profile was changed."
        }
    }
}

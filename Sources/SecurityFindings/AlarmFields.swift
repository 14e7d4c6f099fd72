import DeviceDefender
import Encoding

/// The `ProductFields` of an alarm, with the keys of Device Defender's own integration where it has one (AWS IoT Device
/// Defender Developer Guide, "Integration with AWS Security Hub").
struct AlarmFields {
    /// The key of the alarm's last event type.
    static let eventTypeKey = "ViolationEventType"

    private(set) var entries: [(key: String, value: String)] = [
        ("ProviderName", SecurityFinding.providerName),
        ("ProviderVersion", SecurityFinding.providerVersion),
    ]

    init(_ alarm: Alarm) {
        add("ViolationId", alarm.violationID)
        add(Self.eventTypeKey, alarm.eventType.rawValue)
        if alarm.eventType == .inAlarm { add("ViolationStartTime", String(alarm.time.milliseconds)) }
        add("ThingName", alarm.thingName)
        add("SecurityProfileName", alarm.securityProfileName)
        add("BehaviorName", alarm.behavior.name)
        add("MetricName", alarm.behavior.metric)
        add("SuppressAlerts", alarm.behavior.suppressAlerts.map { String($0) })
        add("DimensionName", alarm.behavior.metricDimension?.name)
        add("DimensionValueOperator", alarm.behavior.metricDimension.map { $0.isExcluded ? "NOT_IN" : "IN" })
        add(alarm.behavior.criteria)
        add("MetricValue", alarm.metricValue.map(RuleText.text))
    }

    private mutating func add(_ key: String, _ value: String?) {
        if let value { entries.append((key, value)) }
    }

    private mutating func add(_ criteria: BehaviorCriteria?) {
        guard let criteria else { return }
        add("ComparisonOperator", criteria.comparisonOperator?.word)
        add("DurationSeconds", criteria.durationSeconds.map { String($0) })
        add("ConsecutiveDatapointsToAlarm", criteria.consecutiveDatapointsToAlarm.map { String($0) })
        add("ConsecutiveDatapointsToClear", criteria.consecutiveDatapointsToClear.map { String($0) })
        switch criteria.threshold {
        case .fixed(let value):
            add("BehaviorCriteriaType", "STATIC")
            add(Self.key(value), RuleText.text(value))
        case .statistical(let statistic):
            add("BehaviorCriteriaType", "STATISTICAL")
            add("Statistic", statistic)
        case .machineLearning(let level):
            add("BehaviorCriteriaType", "MACHINE_LEARNING")
            add("ConfidenceLevel", level?.rawValue)
        }
    }

    private static func key(_ value: MetricValue) -> String {
        switch value {
        case .count: "Count"
        case .cidrs: "Cidrs"
        case .ports: "Ports"
        case .number: "Number"
        case .numbers: "Numbers"
        case .strings: "Strings"
        }
    }
}

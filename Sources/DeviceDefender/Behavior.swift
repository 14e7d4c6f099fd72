import JSON

/// A behavior of a security profile: what is measured and what is normal.
public struct Behavior: Sendable, Hashable {
    /// The name, 1 to 128 characters.
    public let name: String
    /// What is measured, for example `aws:num-messages-sent`.
    public let metric: String?
    /// What the metric is narrowed down to.
    public let metricDimension: MetricDimension?
    /// What is normal; nil if the message does not say, or in a way not known here.
    public let criteria: BehaviorCriteria?
    /// Whether alarms of this behavior are kept from SNS.
    public let suppressAlerts: Bool?

    /// - Throws: ``UnrecognizedMessageError`` if the name is missing, or a field that decides has another type.
    init(_ fields: Fields) throws(UnrecognizedMessageError) {
        name = try fields.name("name", limit: 128)
        metric = try fields.optionalName("metric", limit: 256)
        metricDimension = fields["metricDimension"].flatMap(MetricDimension.init)
        criteria = fields["criteria"].flatMap(BehaviorCriteria.init)
        suppressAlerts = try fields.flag("suppressAlerts")
    }
}

/// A dimension that narrows down a metric, for example to some topics.
public struct MetricDimension: Sendable, Hashable {
    /// The dimension's name, 1 to 128 characters.
    public let name: String
    /// Whether the metric counts what is outside of the dimension (`NOT_IN`) rather than inside (`IN`).
    public let isExcluded: Bool

    init?(_ json: JSON) {
        guard let name = json["dimensionName"]?.boundedText(limit: 128) else { return nil }
        self.name = name
        isExcluded = json["operator"]?.string == "NOT_IN"
    }
}

/// When a device behaves normally: `BehaviorCriteria` of the AWS IoT API.
public struct BehaviorCriteria: Sendable, Hashable {
    /// What the metric is compared with.
    public enum Threshold: Sendable, Hashable {
        /// A value given with the behavior.
        case fixed(MetricValue)
        /// A percentile of what the fleet's devices measure, for example `p99`.
        case statistical(statistic: String)
        /// What a learned model expects; alarms are raised from this confidence on.
        case machineLearning(ConfidenceLevel?)
    }

    /// What the metric is compared with.
    public let threshold: Threshold
    /// How it is compared; nil for machine learning.
    public let comparisonOperator: ComparisonOperator?
    /// Over how many seconds the metric is gathered.
    public let durationSeconds: Int64?
    /// How many measurements in a row raise the alarm.
    public let consecutiveDatapointsToAlarm: Int64?
    /// How many measurements in a row clear the alarm.
    public let consecutiveDatapointsToClear: Int64?

    /// Nil if there is nothing to compare with in a form known here.
    init?(_ json: JSON) {
        if let configuration = json["mlDetectionConfig"], !configuration.isNull {
            let level = configuration["confidenceLevel"]?.string.flatMap { ConfidenceLevel(word: $0) }
            threshold = .machineLearning(level)
        } else if let statistic = json["statisticalThreshold"]?["statistic"]?.boundedText(limit: 16) {
            threshold = .statistical(statistic: statistic)
        } else if let value = json["value"].flatMap(MetricValue.init) {
            threshold = .fixed(value)
        } else {
            return nil
        }
        comparisonOperator = json["comparisonOperator"]?.boundedText(limit: 64).map { ComparisonOperator($0) }
        durationSeconds = Self.count(json["durationSeconds"])
        consecutiveDatapointsToAlarm = Self.count(json["consecutiveDatapointsToAlarm"])
        consecutiveDatapointsToClear = Self.count(json["consecutiveDatapointsToClear"])
    }

    private static func count(_ json: JSON?) -> Int64? {
        guard let count = json?.lenientInteger, count >= 0 else { return nil }
        return count
    }
}

/// How sure machine learning is that a behavior is unusual.
public enum ConfidenceLevel: String, Sendable, Hashable, CaseIterable {
    /// Least sure.
    case low = "LOW"
    /// Rather sure.
    case medium = "MEDIUM"
    /// Most sure.
    case high = "HIGH"
}

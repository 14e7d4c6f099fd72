import JSON

/// A behavior of a security profile: a metric and its expected values.
package struct Behavior: Sendable, Hashable {
    /// The name, 1 to 128 characters.
    package let name: String
    /// The metric, for example `aws:num-messages-sent`.
    package let metric: String?
    /// The dimension that restricts the metric.
    package let metricDimension: MetricDimension?
    /// The criteria of normal behavior; nil if missing or of an unknown form.
    package let criteria: BehaviorCriteria?
    /// Whether alarms of this behavior are not published to SNS.
    package let suppressAlerts: Bool?

    /// - Throws: ``UnrecognizedMessageError`` if the name is missing, or a required field is mistyped.
    init(_ fields: Fields) throws(UnrecognizedMessageError) {
        name = try fields.name("name", limit: 128)
        metric = try fields.optionalName("metric", limit: 256)
        metricDimension = fields["metricDimension"].flatMap(MetricDimension.init)
        criteria = fields["criteria"].flatMap(BehaviorCriteria.init)
        suppressAlerts = try fields.flag("suppressAlerts")
    }
}

/// A dimension that restricts a metric, for example to some topics.
package struct MetricDimension: Sendable, Hashable {
    /// The dimension's name, 1 to 128 characters.
    package let name: String
    /// Whether the metric counts what is outside of the dimension (`NOT_IN`) rather than inside (`IN`).
    package let isExcluded: Bool

    init?(_ json: JSON) {
        guard let name = json["dimensionName"]?.boundedText(limit: 128) else { return nil }
        self.name = name
        isExcluded = json["operator"]?.string == "NOT_IN"
    }
}

/// The criteria of normal behavior: `BehaviorCriteria` of the AWS IoT API.
package struct BehaviorCriteria: Sendable, Hashable {
    /// The threshold that the metric is compared with.
    package enum Threshold: Sendable, Hashable {
        /// A fixed value.
        case fixed(MetricValue)
        /// A percentile of the fleet's values, for example `p99`.
        case statistical(statistic: String)
        /// An ML model's prediction; alarms are raised at this confidence or higher.
        case machineLearning(ConfidenceLevel?)
    }

    /// The threshold that the metric is compared with.
    package let threshold: Threshold
    /// The comparison; nil for machine learning.
    package let comparisonOperator: ComparisonOperator?
    /// The evaluation period of the metric, in seconds.
    package let durationSeconds: Int64?
    /// The number of consecutive datapoints that raise the alarm.
    package let consecutiveDatapointsToAlarm: Int64?
    /// The number of consecutive datapoints that clear the alarm.
    package let consecutiveDatapointsToClear: Int64?

    /// Parses criteria; nil if there is no threshold of a known form.
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

/// The ML model's confidence that a behavior is anomalous.
package enum ConfidenceLevel: String, Sendable, Hashable, CaseIterable {
    /// Low.
    case low = "LOW"
    /// Medium.
    case medium = "MEDIUM"
    /// High.
    case high = "HIGH"
}

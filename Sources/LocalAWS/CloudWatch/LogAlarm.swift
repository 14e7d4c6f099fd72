import JSON

/// The configuration of a log alarm of Amazon CloudWatch.
package struct LogAlarm: Sendable {
    /// The name.
    package let name: String
    /// The description.
    package let description: String
    /// The query, whose results are counted by device.
    package let query: String
    /// The expression that makes a value for each contributor.
    package let aggregation: String
    /// A contributor with a greater value is in ALARM.
    package let threshold: Int
    /// The topics that are notified.
    package let actions: [String]

    /// Creates a value.
    package init(
        name: String, description: String, query: String, aggregation: String, threshold: Int, actions: [String] = []
    ) {
        self.name = name
        self.description = description
        self.query = query
        self.aggregation = aggregation
        self.threshold = threshold
        self.actions = actions
    }

    static let comparison: JSON = "GreaterThanThreshold"

    /// The configuration in events.
    func configuration(logGroup: String) -> JSON {
        [
            "logGroupIdentifiers": [.string(logGroup)], "queryString": .string(query),
            "aggregationExpression": .string(aggregation), "threshold": .integer(threshold),
            "comparisonOperator": Self.comparison, "description": .string(description),
        ]
    }
}

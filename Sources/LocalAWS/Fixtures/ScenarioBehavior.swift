import JSON

/// A behavior with a value that violates it.
struct ScenarioBehavior {
    let name: String
    let metric: String
    let criteria: JSON.Members
    let measured: JSON
    var dimension: JSON?

    /// The confidence of an ML Detect alarm.
    var confidenceLevel: String? { criteria["mlDetectionConfig"]?["confidenceLevel"]?.string }

    /// The behavior's JSON in an alarm.
    var json: JSON {
        var members: JSON.Members = [
            "name": .string(name), "metric": .string(metric), "suppressAlerts": false, "criteria": .object(criteria),
        ]
        members["metricDimension"] = dimension
        return .object(members)
    }

    private static func fixed(_ comparison: String, _ value: JSON) -> JSON.Members {
        [
            "comparisonOperator": .string(comparison), "value": value, "durationSeconds": 300,
            "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1,
        ]
    }

    /// One for each type of criteria and value, and for each severity in a name.
    static let all = [
        ScenarioBehavior(
            name: "AuthorizationFailures-Critical", metric: "aws:num-authorization-failures",
            criteria: fixed("less-than", ["count": 5]), measured: ["count": 42]),
        ScenarioBehavior(
            name: "MessagesSent-High", metric: "aws:num-messages-sent",
            criteria: fixed("less-than-equals", ["count": 10]), measured: ["count": 54],
            dimension: ["dimensionName": "TelemetryTopics", "operator": "IN"]),
        ScenarioBehavior(
            name: "SourceAddress-Medium", metric: "aws:source-ip-address",
            criteria: fixed("in-cidr-set", ["cidrs": ["10.0.0.0/8", "fd00::/8"]]),
            measured: ["cidrs": ["203.0.113.17/32"]]),
        ScenarioBehavior(
            name: "OpenPorts-Low", metric: "aws:listening-tcp-ports",
            criteria: fixed("in-port-set", ["ports": [443, 8883]]), measured: ["ports": [23, 443]]),
        ScenarioBehavior(
            name: "Temperature-Informational", metric: "BoardTemperature",
            criteria: fixed("less-than", ["number": .number("85.5")]), measured: ["number": .number("97.25")]),
        ScenarioBehavior(
            name: "Modes", metric: "OperatingModes", criteria: fixed("in-set", ["numbers": [1, 2, 3]]),
            measured: ["numbers": [2, 9]]),
        ScenarioBehavior(
            name: "Firmware", metric: "FirmwareVersions",
            criteria: fixed("not-in-set", ["strings": ["1.0.3", "1.0.4"]]), measured: ["strings": ["1.0.3"]]),
        ScenarioBehavior(
            name: "MessageSize-Statistical", metric: "aws:message-byte-size",
            criteria: [
                "comparisonOperator": "less-than-equals", "statisticalThreshold": ["statistic": "p99"],
                "durationSeconds": 900, "consecutiveDatapointsToAlarm": 2, "consecutiveDatapointsToClear": 2,
            ], measured: ["count": 130_000]),
        ScenarioBehavior(
            name: "ConnectionAttempts-ML", metric: "aws:num-connection-attempts",
            criteria: [
                "consecutiveDatapointsToAlarm": 1, "consecutiveDatapointsToClear": 1,
                "mlDetectionConfig": ["confidenceLevel": "HIGH"],
            ], measured: ["count": 900]),
    ]
}

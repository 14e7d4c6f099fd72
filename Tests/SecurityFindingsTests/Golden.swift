import DeviceDefender
import JSON
import SecurityFindings
import Testing

/// A finding in a file of `Goldens`.
struct Golden: Sendable, CustomTestStringConvertible {
    let name: String
    let make: @Sendable () throws -> SecurityFinding

    var testDescription: String { name }

    static let all = criteria + alarms + checks + resources + otherAuditFindings + summaries

    // MARK: Alarms

    private static func alarm(
        _ name: String, _ json: JSON, region: String = "us-east-1"
    ) -> Golden {
        Golden(name: name) { SecurityFinding(alarm: try Alarm(json), accountRegion: try Samples.accountRegion(region)) }
    }

    private static func alarm(_ name: String, comparison: String?, _ criteria: JSON, measured value: JSON) -> Golden {
        var members = criteria.object
        members?["comparisonOperator"] = comparison.map { .string($0) }
        members?["durationSeconds"] = 300
        members?["consecutiveDatapointsToAlarm"] = 3
        return alarm(
            "alarm-\(name)", Samples.alarmJSON(criteria: members.map { .object($0) } ?? nil, value: value))
    }

    /// Every comparison, every value type, and every criteria type.
    private static let criteria = [
        alarm("count", comparison: "less-than", ["value": ["count": 10]], measured: ["count": 54]),
        alarm("count-equals", comparison: "less-than-equals", ["value": ["count": 10]], measured: ["count": 54]),
        alarm(
            "number", comparison: "greater-than", ["value": ["number": .number("0.5")]],
            measured: ["number": .number("0.25")]),
        alarm(
            "number-equals", comparison: "greater-than-equals", ["value": ["number": 7]],
            measured: ["number": .number("-7.5")]),
        alarm(
            "cidrs", comparison: "in-cidr-set", ["value": ["cidrs": ["10.0.0.0/8", "fe80::/10"]]],
            measured: ["cidrs": ["203.0.113.9/32"]]),
        alarm(
            "not-cidrs", comparison: "not-in-cidr-set", ["value": ["cidrs": ["203.0.113.0/24"]]],
            measured: ["cidrs": ["203.0.113.9/32"]]),
        alarm(
            "ports", comparison: "in-port-set", ["value": ["ports": [443, 8883]]], measured: ["ports": [22, 23]]),
        alarm("not-ports", comparison: "not-in-port-set", ["value": ["ports": [22, 23]]], measured: ["ports": []]),
        alarm("strings", comparison: "in-set", ["value": ["strings": ["a", "b"]]], measured: ["strings": ["c"]]),
        alarm(
            "numbers", comparison: "not-in-set", ["value": ["numbers": [1, .number("2.5")]]],
            measured: ["numbers": [1]]),
        alarm(
            "statistical", comparison: "less-than-equals", ["statisticalThreshold": ["statistic": "p99.9"]],
            measured: ["count": 1]),
        machineLearning("", level: "HIGH"), machineLearning("-medium", level: "MEDIUM"),
        machineLearning("-low", level: "LOW"), machineLearning("-without-level", level: nil),
        alarm("unknown-comparison", comparison: "about", ["value": ["count": 10]], measured: ["count": 54]),
        alarm("no-criteria", comparison: nil, nil, measured: nil),
    ]

    private static func machineLearning(_ suffix: String, level: JSON) -> Golden {
        alarm(
            "machine-learning\(suffix)", comparison: nil, ["mlDetectionConfig": ["confidenceLevel": level]],
            measured: ["count": 1000])
    }

    private static let alarms =
        ["in-alarm", "alarm-cleared", "alarm-invalidated"].map { alarm("event-\($0)", Samples.alarmJSON(event: $0)) }
        + ["IN", "NOT_IN"].map {
            alarm(
                "dimension-\($0)",
                Samples.alarmJSON(dimension: ["dimensionName": "FleetTopics", "operator": .string($0)]))
        }
        + ConfidenceLevel.allCases.map {
            alarm(
                "confidence-\($0.rawValue)",
                Samples.alarmJSON(
                    criteria: ["mlDetectionConfig": ["confidenceLevel": "LOW"]], confidence: .string($0.rawValue)))
        }
        + [
            alarm(
                "custom-metric",
                Samples.alarmJSON(name: "Battery", metric: "battery_level", value: ["number": .number("3.1")])),
            alarm("device-unregistered", Samples.alarmJSON(thing: "pump 17 (unregistered)")),
            alarm(
                "device-odd-name",
                Samples.alarmJSON(name: "a/b", thing: "пампа/17\u{1}\u{202E}\n", metric: "my/metric"),
                region: "cn-north-1"),
            alarm("alarm-aws-cn", Samples.alarmJSON(), region: "cn-north-1"),
            alarm("alarm-aws-us-gov", Samples.alarmJSON(), region: "us-gov-west-1"),
        ]

    // MARK: Audit findings

    private static func auditFinding(
        _ name: String, _ json: JSON, scheduledAuditName: JSON = "DailyAudit", region: String = "us-east-1"
    ) -> Golden {
        Golden(name: name) {
            SecurityFinding(
                auditFinding: try AuditFinding(json), task: try Samples.task(scheduledAuditName: scheduledAuditName),
                accountRegion: try Samples.accountRegion(region))
        }
    }

    private static let checks = CheckSample.all.flatMap { sample in
        sample.reasons.map { reason in
            auditFinding(
                "check-\(sample.check)-\(reason)",
                Samples.findingJSON(
                    check: sample.check, type: sample.type, identifier: sample.identifier, reasonCode: .string(reason),
                    additionalInfo: sample.check.contains("EXPIRING") ? ["EXPIRATION_TIME": "1524740767000"] : nil,
                    related: [["resourceType": "CLIENT_ID", "resourceIdentifier": ["clientId": "pump-17"]]]))
        }
    }

    private static let resources = Samples.identifiers.map { sample in
        auditFinding(
            "resource-\(sample.name)",
            Samples.findingJSON(
                check: sample.check, type: sample.type, identifier: sample.identifier, reasonCode: "A_REASON"),
            scheduledAuditName: nil)
    }

    private static let otherAuditFindings = [
        auditFinding(
            "suppressed",
            Samples.findingJSON(
                check: "LOGGING_DISABLED_CHECK", type: "ACCOUNT_SETTINGS", identifier: ["account": "111122223333"],
                isSuppressed: true), region: "us-gov-west-1"),
        inPartition("aws-cn", region: "cn-north-1"), inPartition("aws-us-gov", region: "us-gov-west-1"),
    ]

    private static func inPartition(_ partition: String, region: String) -> Golden {
        auditFinding(
            "audit-\(partition)",
            Samples.findingJSON(
                check: "DEVICE_CERTIFICATE_EXPIRING_CHECK", type: "DEVICE_CERTIFICATE",
                identifier: ["deviceCertificateId": .string(Samples.certificateID)],
                reasonCode: "CERTIFICATE_PAST_EXPIRATION"), region: region)
    }

    // MARK: Summaries

    private static let summaries =
        ["COMPLETED_NON_COMPLIANT", "COMPLETED_COMPLIANT", "FAILED", "CANCELED"].map {
            summary("summary-\($0)", of: $0, task: "COMPLETED")
        } + [summary("summary-of-canceled-audit", of: "COMPLETED_NON_COMPLIANT", task: "CANCELED")]

    private static func summary(_ name: String, of checkStatus: String, task status: JSON) -> Golden {
        Golden(name: name) {
            let task = try Samples.task(status: status)
            let result = try #require(task.checks.first { $0.status.word == checkStatus })
            return SecurityFinding(summaryOf: result, task: task, accountRegion: try Samples.accountRegion())
        }
    }
}

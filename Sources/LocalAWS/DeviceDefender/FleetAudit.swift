package import AWSCore
import Encoding
package import JSON

/// A Device Defender audit.
package struct FleetAuditTask: Sendable, Hashable {
    /// The result of one check.
    package struct Check: Sendable, Hashable {
        /// The check's name.
        package var name: String
        /// The number of evaluated resources.
        package var totalResources: Int
        /// The number of non-compliant resources, not counting suppressed ones.
        package var nonCompliantResources: Int
        /// The number of suppressed non-compliant resources.
        package var suppressedResources: Int
        /// Why the check could not run, for example `INSUFFICIENT_PERMISSIONS`; nil if it ran.
        package var errorCode: String?

        /// Makes a result.
        package init(
            name: String, totalResources: Int, nonCompliantResources: Int, suppressedResources: Int = 0,
            errorCode: String? = nil
        ) {
            self.name = name
            self.totalResources = totalResources
            self.nonCompliantResources = nonCompliantResources
            self.suppressedResources = suppressedResources
            self.errorCode = errorCode
        }

        /// The API's `AuditCheckRunStatus`.
        var status: String {
            if errorCode != nil { return "FAILED" }
            return nonCompliantResources > 0 ? "COMPLETED_NON_COMPLIANT" : "COMPLETED_COMPLIANT"
        }
    }

    /// The task ID: at most 40 letters, digits and dashes.
    package var id: String
    /// The API's `AuditTaskStatus`, for example `COMPLETED`.
    package var status: String
    /// The start time, in milliseconds since 1970.
    package var startTime: Int64
    /// The scheduled audit; nil for an on-demand audit.
    package var scheduledAuditName: String?
    /// The checks.
    package var checks: [Check]

    /// Makes an audit.
    package init(
        id: String, status: String = "COMPLETED", startTime: Int64, scheduledAuditName: String?, checks: [Check]
    ) {
        self.id = id
        self.status = status
        self.startTime = startTime
        self.scheduledAuditName = scheduledAuditName
        self.checks = checks
    }

    /// The API's `AuditTaskType`.
    var type: String { scheduledAuditName == nil ? "ON_DEMAND_AUDIT_TASK" : "SCHEDULED_AUDIT_TASK" }

    /// The response of `DescribeAuditTask`.
    package var description: JSON {
        var members: JSON.Members = [
            "taskStatus": .string(status), "taskType": .string(type),
            "taskStartTime": .number(Timestamp(milliseconds: startTime).epochSeconds),
            "taskStatistics": [
                "totalChecks": .integer(checks.count), "inProgressChecks": 0, "waitingForDataCollectionChecks": 0,
                "compliantChecks": .integer(count("COMPLETED_COMPLIANT")),
                "nonCompliantChecks": .integer(count("COMPLETED_NON_COMPLIANT")),
                "failedChecks": .integer(count("FAILED")), "canceledChecks": 0,
            ],
            "auditDetails": .object(
                Dictionary(checks.map { (UTF8Text($0.name), details(of: $0)) }, uniquingKeysWith: { _, last in last })),
        ]
        members["scheduledAuditName"] = scheduledAuditName.map(JSON.string)
        return .object(members)
    }

    private func count(_ status: String) -> Int { checks.count { $0.status == status } }

    private func details(of check: Check) -> JSON {
        var members: JSON.Members = [
            "checkRunStatus": .string(check.status), "checkCompliant": .bool(check.status == "COMPLETED_COMPLIANT"),
            "totalResourcesCount": .integer(check.totalResources),
            "nonCompliantResourcesCount": .integer(check.nonCompliantResources),
            "suppressedNonCompliantResourcesCount": .integer(check.suppressedResources),
        ]
        members["errorCode"] = check.errorCode.map(JSON.string)
        return .object(members)
    }

    /// The message that Device Defender publishes when the audit has finished.
    package func notification(account: AccountID) -> JSON {
        var members: JSON.Members = [
            "accountId": .string(account.digits), "taskId": .string(id), "taskStatus": .string(status),
            "taskType": .string(type), "failedChecksCount": .integer(count("FAILED")), "canceledChecksCount": 0,
            "nonCompliantChecksCount": .integer(count("COMPLETED_NON_COMPLIANT")),
            "compliantChecksCount": .integer(count("COMPLETED_COMPLIANT")), "totalChecksCount": .integer(checks.count),
            "taskStartTime": .integer(startTime),
            "auditDetails": .array(
                checks.map { check in
                    var details: JSON.Members = [
                        "checkName": .string(check.name), "checkRunStatus": .string(check.status),
                        "nonCompliantResourcesCount": .integer(check.nonCompliantResources),
                        "totalResourcesCount": .integer(check.totalResources),
                        "suppressedNonCompliantResourcesCount": .integer(check.suppressedResources),
                    ]
                    details["errorCode"] = check.errorCode.map(JSON.string)
                    return .object(details)
                }),
        ]
        members["scheduledAuditName"] = scheduledAuditName.map(JSON.string)
        return .object(members)
    }
}

package import AWSCore
import DeviceDefender
package import Encoding
package import JSON
package import Planning
package import SQLiteStore
import SecurityFindings
package import Store
import TestSupport
import Testing

/// 2026-11-22T10:00:00.123Z.
package let now: Timestamp = 1_795_341_600_123

/// A time of a monotonic clock.
package let uptime = Duration.seconds(7000)

package func accountRegion(_ region: String = "us-east-1") throws -> AccountRegion {
    AccountRegion(account: try #require(AccountID("111122223333")), region: try #require(Region(region)))
}

/// A value is of another kind than expected.
package struct UnexpectedError: Error {
    package init() {}
}

/// Messages as AWS sends them.
package enum Messages {
    package static func alarm(
        _ violation: String = "v1", at time: Timestamp = now, event: String = "in-alarm", count: Int64 = 54
    ) -> JSON {
        [
            "violationEventTime": .integer(time.milliseconds), "thingName": "pump-17",
            "violationEventType": .string(event),
            "behavior": [
                "name": "MessagesSent-High", "metric": "aws:num-messages-sent",
                "criteria": ["comparisonOperator": "less-than", "value": ["count": 10], "durationSeconds": 300],
            ],
            "metricValue": ["count": .integer(count)], "violationId": .string(violation),
            "securityProfileName": "Fleet",
        ]
    }

    package static func audit(_ task: String = "task1", startTime: Timestamp = now, account: String = "111122223333")
        -> JSON
    {
        [
            "accountId": .string(account), "taskId": .string(task), "taskStatus": "COMPLETED",
            "taskType": "SCHEDULED_AUDIT_TASK", "scheduledAuditName": "DailyAudit",
            "taskStartTime": .integer(startTime.milliseconds), "auditDetails": [],
        ]
    }

    /// A response to `DescribeAuditTask`.
    ///
    /// - Parameter audit: the name of the scheduled audit; nil for an on-demand audit.
    package static func description(
        startTime: Timestamp, status: String = "COMPLETED", audit: String? = "DailyAudit", checks: [String: String]
    ) -> JSON {
        [
            "taskStatus": .string(status),
            "taskType": audit == nil ? "ON_DEMAND_AUDIT_TASK" : "SCHEDULED_AUDIT_TASK",
            "scheduledAuditName": audit.map(JSON.string) ?? nil, "taskStartTime": seconds(startTime),
            "auditDetails": .object(JSON.Members(checks.mapValues { ["checkRunStatus": .string($0)] })),
        ]
    }

    package static func seconds(_ time: Timestamp) -> JSON {
        .number(time.epochSeconds)
    }

    /// An element of the response to `ListAuditFindings`.
    package static func auditFinding(
        _ client: String, at time: Timestamp, check: String = clientIDs, isSuppressed: Bool = false,
        reason: String = "Twice"
    ) -> JSON {
        [
            "findingId": .string("finding-\(client.utf8.filter { $0 != 0x2F }.count)"), "taskId": "task1",
            "taskStartTime": seconds(time), "checkName": .string(check), "findingTime": seconds(time),
            "severity": "HIGH",
            "nonCompliantResource": [
                "resourceType": "CLIENT_ID", "resourceIdentifier": ["clientId": .string(client)],
            ],
            "reasonForNonCompliance": .string(reason),
            "reasonForNonComplianceCode": "DUPLICATE_CLIENT_ID_ACROSS_CONNECTIONS",
            "isSuppressed": .bool(isSuppressed),
        ]
    }

    package static let clientIDs = "CONFLICTING_CLIENT_IDS_CHECK"

    /// A finding as AWS's sample sends it.
    package static func sampleFinding(_ id: String, generator: String, state: String = "ACTIVE") throws -> JSON {
        let accountRegion = try accountRegion()
        return [
            "SchemaVersion": "2018-10-08", "Id": .string(RestoredFinding.idPrefix(accountRegion) + id),
            "ProductArn": .string(SecurityFinding.productARN(accountRegion: accountRegion)),
            "GeneratorId": .string(generator),
            "AwsAccountId": "111122223333", "Compliance": ["Status": "FAILED"],
            "Types": ["Software and Configuration Checks/AWS IoT Device Defender/X"],
            "CreatedAt": "2026-10-01T10:00:00.123456Z", "UpdatedAt": "2026-10-02T10:00:00.123456Z",
            "Severity": ["Label": "LOW"], "Title": "Title", "Description": "Description",
            "Remediation": ["Recommendation": ["Text": "Text", "Url": "https://example.com/"]],
            "ProductFields": ["ProviderName": "IoTDeviceDefender", "ProviderVersion": "1.0"],
            "Resources": [["Id": "c1", "Type": "Other", "Partition": "aws", "Region": "us-east-1"]],
            "Workflow": ["Status": "NEW"], "RecordState": .string(state),
        ]
    }

    package static func event(
        _ name: String, _ parameters: JSON?, id: String = "e1", time: String = "2026-11-22T10:00:00Z",
        region: String = "us-east-1", errorCode: String? = nil
    ) -> JSON {
        [
            "version": "0", "id": .string(id), "detail-type": "AWS API Call via CloudTrail", "source": "aws.iot",
            "account": "111122223333", "time": .string(time), "region": .string(region), "resources": [],
            "detail": [
                "eventSource": "iot.amazonaws.com", "eventName": .string(name), "requestParameters": parameters ?? nil,
                "errorCode": errorCode.map(JSON.string) ?? nil,
            ],
        ]
    }

    package static func verification(_ state: String, of violation: String = "v1", id: String = "e1", time: String)
        -> JSON
    {
        event(
            "PutVerificationStateOnViolation",
            [
                "violationId": .string(violation), "verificationState": .string(state),
                "verificationStateDescription": "lab device",
            ], id: id, time: time)
    }

    /// An API call about the suppression of a client.
    ///
    /// - Parameter until: when the suppression expires; nil if it does not.
    package static func suppression(
        _ call: String = "CreateAuditSuppression", of client: String, id: String = "e1", time: String,
        until: String? = nil
    ) -> JSON {
        var parameters: JSON.Members = [
            "checkName": .string(clientIDs), "resourceIdentifier": ["clientId": .string(client)],
        ]
        if call != "DeleteAuditSuppression" {
            parameters["suppressIndefinitely"] = .bool(until == nil)
            parameters["expirationDate"] = until.map(JSON.string)
        }
        return event(call, .object(parameters), id: id, time: time)
    }
}

package func delivery(
    _ id: String, _ payload: JSON, from channel: Delivery.Channel = .sns, of accountRegion: AccountRegion,
    at receivedAt: Timestamp = now
) -> Delivery {
    Delivery(
        id: "\(channel.rawValue.lowercased()):\(id)", accountRegion: accountRegion, channel: channel,
        receivedAt: receivedAt,
        payload: payload.serialized())
}

/// The observation of an alarm's message.
package func observation(
    _ violation: String = "v1", at time: Timestamp = now, event: String = "in-alarm", count: Int64 = 54
) throws -> Observation {
    let alarm = try Alarm(Messages.alarm(violation, at: time, event: event, count: count))
    return Observation(alarm, finding: SecurityFinding(alarm: alarm, accountRegion: try accountRegion()))
}

/// The observation of an audit finding, at the start of its audit.
package func auditObservation(
    _ client: String = "c1", at time: Timestamp = now, check: String = Messages.clientIDs, isSuppressed: Bool = false,
    reason: String = "Twice", audit: String? = "DailyAudit"
) throws -> Observation {
    var members = try #require(
        Messages.auditFinding(client, at: time, check: check, isSuppressed: isSuppressed, reason: reason).object)
    members["taskId"] = .string("task\(time.milliseconds)")
    let finding = try AuditFinding(.object(members))
    let task = try AuditTask(
        id: "task\(time.milliseconds)", description: Messages.description(startTime: time, audit: audit, checks: [:]))
    return Observation(
        finding, task: task,
        finding: SecurityFinding(auditFinding: finding, task: task, accountRegion: try accountRegion()))
}

/// Runs a test with a store in a new folder, and removes both.
package func withStore(_ body: (SQLiteStore) async throws -> Void) async throws {
    let folder = try TemporaryFolder()
    let store = try await SQLiteStore(path: folder.path("store.db"))
    try await withCleanup {
        try await body(store)
    } cleanup: {
        await store.close()
    }
}

extension LedgerEntry {
    /// A copy that is confirmed as sent.
    package var sent: LedgerEntry {
        var copy = self
        copy.isSent = true
        return copy
    }
}

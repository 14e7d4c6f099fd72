import AWSCore
import DeviceDefender
import JSON
import SecurityFindings
import Store
import TestSupport
import Testing

@testable import Bridge

/// 2026-11-22T10:00:00.123Z.
let now: Int64 = 1_795_341_600_123

func origin(_ region: String = "us-east-1") throws -> Origin {
    Origin(account: try #require(AccountID("111122223333")), region: try #require(Region(region)))
}

/// Messages as AWS sends them.
enum Messages {
    static func alarm(
        _ violation: String = "v1", at time: Int64 = now, event: String = "in-alarm", count: Int64 = 54
    ) -> JSON {
        [
            "violationEventTime": .integer(time), "thingName": "pump-17", "violationEventType": .string(event),
            "behavior": [
                "name": "MessagesSent-High", "metric": "aws:num-messages-sent",
                "criteria": ["comparisonOperator": "less-than", "value": ["count": 10], "durationSeconds": 300],
            ],
            "metricValue": ["count": .integer(count)], "violationId": .string(violation),
            "securityProfileName": "Fleet",
        ]
    }

    static func audit(_ task: String = "task1", startTime: Int64 = now, account: String = "111122223333") -> JSON {
        [
            "accountId": .string(account), "taskId": .string(task), "taskStatus": "COMPLETED",
            "taskType": "SCHEDULED_AUDIT_TASK", "scheduledAuditName": "DailyAudit",
            "taskStartTime": .integer(startTime), "auditDetails": [],
        ]
    }

    /// An answer to `DescribeAuditTask`.
    static func description(startTime: Int64, status: String = "COMPLETED", checks: [String: String]) -> JSON {
        [
            "taskStatus": .string(status), "taskType": "SCHEDULED_AUDIT_TASK", "scheduledAuditName": "DailyAudit",
            "taskStartTime": seconds(startTime),
            "auditDetails": .object(checks.mapValues { ["checkRunStatus": .string($0)] }),
        ]
    }

    static func seconds(_ time: Int64) -> JSON { .number("\(time / 1000).\(String(1000 + time % 1000).dropFirst())") }

    /// An element of the answer to `ListAuditFindings`.
    static func auditFinding(
        _ client: String, at time: Int64, check: String = clientIDs, isSuppressed: Bool = false,
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

    static let clientIDs = "CONFLICTING_CLIENT_IDS_CHECK"

    static func event(
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

    static func verification(_ state: String, of violation: String = "v1", id: String = "e1", time: String) -> JSON {
        event(
            "PutVerificationStateOnViolation",
            [
                "violationId": .string(violation), "verificationState": .string(state),
                "verificationStateDescription": "lab device",
            ], id: id, time: time)
    }

    static func suppression(of client: String, id: String = "e1", time: String) -> JSON {
        event(
            "CreateAuditSuppression",
            [
                "checkName": .string(clientIDs), "resourceIdentifier": ["clientId": .string(client)],
                "suppressIndefinitely": true,
            ], id: id, time: time)
    }
}

func delivery(
    _ id: String, _ payload: JSON, from source: Delivery.Source = .sns, of origin: Origin, at receivedAt: Int64 = now
) -> Delivery {
    Delivery(
        id: "\(source.rawValue.lowercased()):\(id)", origin: origin, source: source, receivedAt: receivedAt,
        payload: payload.serialized())
}

/// The observation that an alarm's message is.
func observation(
    _ violation: String = "v1", at time: Int64 = now, event: String = "in-alarm", count: Int64 = 54
) throws -> Observation {
    let alarm = try Alarm(Messages.alarm(violation, at: time, event: event, count: count))
    return Observation(alarm, finding: SecurityFinding(alarm: alarm, origin: try origin()))
}

/// The observation that an audit finding is; the audit's start is its time.
func auditObservation(
    _ client: String = "c1", at time: Int64 = now, isSuppressed: Bool = false, reason: String = "Twice"
) throws -> Observation {
    let finding = try AuditFinding(
        Messages.auditFinding(client, at: time, isSuppressed: isSuppressed, reason: reason))
    let task = try AuditTask(id: "task\(time)", description: Messages.description(startTime: time, checks: [:]))
    return Observation(
        finding, task: task, finding: SecurityFinding(auditFinding: finding, task: task, origin: try origin()))
}

/// Runs a test with a store in a new folder, and removes both.
func withStore(_ body: (SQLiteStore) async throws -> Void) async throws {
    let folder = try TemporaryFolder()
    let store = try await SQLiteStore(path: folder.path("store.db"))
    try await perform {
        try await body(store)
    } finally: {
        await store.close()
    }
}

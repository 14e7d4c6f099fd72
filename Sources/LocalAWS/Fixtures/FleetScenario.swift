package import AWSCore
import Cryptography
import Encoding
package import JSON

/// A deterministic scenario of a fictional fleet: an audit, alarms, and operators' actions.
package struct FleetScenario: Sendable {
    /// The account and Region of the fleet.
    package let accountRegion: AccountRegion
    /// When the audit started, in milliseconds since 1970; everything else happens in the following hours.
    package let startTime: Int64
    /// The finished audit.
    package let auditTask: FleetAuditTask
    /// The audit's findings, including suppressed ones.
    package let auditFindings: [FleetAuditFinding]

    /// Makes a scenario.
    ///
    /// - Parameters:
    ///   - findings: the number of audit findings. With 23 or more, every check and every type of resource occurs.
    ///   - startTime: milliseconds since 1970.
    package init(accountRegion: AccountRegion, findings: Int, startTime: Int64) {
        self.accountRegion = accountRegion
        self.startTime = startTime
        let audit = ScenarioAudit(accountRegion: accountRegion, startTime: startTime)
        auditFindings = audit.findings(count: max(0, findings))
        auditTask = audit.task(findings: auditFindings)
    }

    /// The message about the finished audit.
    package var auditNotification: JSON { auditTask.notification(account: accountRegion.account) }

    /// The alarms of the fleet: one for each type of criteria and value, and for each severity in a behavior's name.
    package var alarms: [JSON] {
        ScenarioBehavior.all.enumerated().map { index, behavior in
            alarm(behavior, number: index, event: "in-alarm", hours: 2)
        }
    }

    /// The message that clears the first alarm.
    package var clearedAlarm: JSON { alarm(ScenarioBehavior.all[0], number: 0, event: "alarm-cleared", hours: 3) }

    /// The message that invalidates the second alarm, because its device sends no data.
    package var invalidatedAlarm: JSON {
        alarm(ScenarioBehavior.all[1], number: 1, event: "alarm-invalidated", hours: 4)
    }

    /// EventBridge events of operators' actions: the third alarm is marked as a false positive, and the audit's first
    /// open finding is suppressed.
    package var events: [JSON] {
        var events = [
            event(
                "PutVerificationStateOnViolation", number: 0,
                parameters: [
                    "violationId": .string(Self.violationID(2)), "verificationState": "FALSE_POSITIVE",
                    "verificationStateDescription": "Lab device",
                ])
        ]
        if let finding = auditFindings.first(where: { !$0.isSuppressed }) {
            events.append(
                event(
                    "CreateAuditSuppression", number: 1,
                    parameters: [
                        "checkName": .string(finding.checkName), "resourceIdentifier": finding.resource.identifier,
                        "suppressIndefinitely": true, "description": "Accepted until the next hardware revision",
                    ]))
        }
        return events
    }

    private func alarm(_ behavior: ScenarioBehavior, number: Int, event: String, hours: Int64) -> JSON {
        var members: JSON.Members = [
            "violationEventTime": .integer(startTime + hours * 3_600_000 + Int64(number) * 1000),
            "thingName": .string("pump-\(number + 1)"), "violationEventType": .string(event),
            "behavior": behavior.json, "violationId": .string(Self.violationID(number)),
            "securityProfileName": "Fleet", "verificationState": "UNKNOWN",
        ]
        if event != "alarm-invalidated" { members["metricValue"] = behavior.measured }
        if let level = behavior.confidenceLevel {
            members["violationEventAdditionalInfo"] = ["confidenceLevel": .string(level)]
        }
        return .object(members)
    }

    private static func violationID(_ number: Int) -> String {
        Digest.hexadecimal(Array(Digest.sha256(Array("violation \(number)".utf8)).prefix(16)))
    }

    private func event(_ name: String, number: Int64, parameters: JSON) -> JSON {
        let time = Timestamp(milliseconds: startTime + 5 * 3_600_000 + number * 60_000).iso8601Seconds
        let digits = Digest.hexadecimal(Digest.sha256(Array("event \(number)".utf8)))
        let parts = [(0, 8), (8, 4), (12, 4), (16, 4), (20, 12)]
        return [
            "version": "0", "id": .string(parts.map { digits.dropFirst($0.0).prefix($0.1) }.joined(separator: "-")),
            "detail-type": "AWS API Call via CloudTrail", "source": "aws.iot",
            "account": .string(accountRegion.account.digits), "region": .string(accountRegion.region.name),
            "time": .string(String(time)), "resources": [],
            "detail": [
                "eventVersion": "1.08", "eventSource": "iot.amazonaws.com", "eventName": .string(name),
                "eventTime": .string(String(time)), "awsRegion": .string(accountRegion.region.name),
                "requestParameters": parameters, "responseElements": nil,
            ],
        ]
    }
}

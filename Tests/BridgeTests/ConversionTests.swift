import JSON
import SecurityFindings
import Testing

@testable import Bridge

@Suite struct ConversionTests {
    private func convert(_ json: JSON) throws(Conversion.Failure) -> JSON {
        try Conversion.convert(json.serialized(), account: "111122223333", region: "eu-west-1")
    }

    private func failure(_ bytes: [UInt8], account: String = "111122223333", region: String = "eu-west-1") -> String? {
        do throws(Conversion.Failure) {
            _ = try Conversion.convert(bytes, account: account, region: region)
            return nil
        } catch {
            return error.message
        }
    }

    private let detect = "arn:aws:iot-device-defender:eu-west-1:111122223333:detect/violation/v1"

    @Test("An alarm becomes its finding in the account and Region given")
    func alarm() throws {
        let findings = try convert(Messages.alarm()).array
        #expect(findings?.count == 1 && findings?.first?["Id"] == .string(detect))
        #expect(findings?.first?["RecordState"] == "ACTIVE")
    }

    @Test("An envelope's own topic says where its message is from")
    func envelope() throws {
        let message = String(decoding: Messages.alarm().serialized(), as: UTF8.self)
        let host = "https://sns.us-east-1.amazonaws.com"
        let findings = try convert([
            "Type": "Notification", "MessageId": "m1", "TopicArn": "arn:aws:sns:us-east-1:999999999999:t",
            "Message": .string(message), "Timestamp": "2026-11-22T10:00:00.123Z", "SignatureVersion": "1",
            "Signature": "AAAA", "SigningCertURL": .string("\(host)/SimpleNotificationService-0.pem"),
        ]).array
        #expect(
            findings?.first?["Id"] == "arn:aws:iot-device-defender:us-east-1:999999999999:detect/violation/v1")
    }

    @Test("Alarms, audit findings and summaries have the team's own severities")
    func severities() throws {
        let rules = try SeverityRules(entries: ["*/*=LOW", "*=INFORMATIONAL"])
        var alarm = Messages.alarm().object ?? [:]
        alarm["behavior"] = ["name": "MessagesSent"]
        var summary = Messages.audit().object ?? [:]
        summary["auditDetails"] = [["checkName": "X_CHECK", "checkRunStatus": "FAILED"]]
        let auditFinding: JSON = [
            "checkName": "X_CHECK", "taskStartTime": 5,
            "nonCompliantResource": ["resourceIdentifier": ["clientId": "c"]],
        ]
        for (json, label): (JSON, String) in [
            (.object(alarm), "LOW"), (.object(summary), "INFORMATIONAL"), (auditFinding, "INFORMATIONAL"),
        ] {
            let findings = try Conversion.convert(
                json.serialized(), account: "111122223333", region: "eu-west-1", severities: rules)
            #expect(findings.array?.first?["Severity"]?["Label"]?.string == label)
        }
    }

    @Test("A finished audit becomes the summaries of its checks, in its own account")
    func audit() throws {
        var message = Messages.audit(account: "999999999999").object ?? [:]
        message["auditDetails"] = [
            [
                "checkName": .string(Messages.clientIDs), "checkRunStatus": "COMPLETED_NON_COMPLIANT",
                "nonCompliantResourcesCount": 2, "totalResourcesCount": 9,
            ]
        ]
        let findings = try convert(.object(message)).array
        #expect(findings?.count == 1)
        #expect(
            findings?.first?["Id"]?.string
                == "arn:aws:iot-device-defender:eu-west-1:999999999999:audits/summary/DailyAudit/\(Messages.clientIDs)")
    }

    @Test("An audit finding as AWS IoT lists it becomes its finding, archived if suppressed")
    func auditFinding() throws {
        for (isSuppressed, state) in [(false, "ACTIVE"), (true, "ARCHIVED")] {
            let finding = try convert(Messages.auditFinding("c1", at: now, isSuppressed: isSuppressed)).array?.first
            #expect(finding?["RecordState"] == .string(state))
            #expect(finding?["Id"]?.string?.hasSuffix("audits/finding/\(Messages.clientIDs)-c1") == true)
        }
    }

    @Test("A verification becomes the request that says it, also in an array of one event")
    func verification() throws {
        let event = Messages.verification("FALSE_POSITIVE", time: "2026-11-22T10:00:00Z")
        for json in [event, .array([event])] {
            let request = try convert(json)
            #expect(request["VerificationState"] == "FALSE_POSITIVE")
            #expect(
                request["FindingIdentifiers"] == [
                    [
                        "Id": "arn:aws:iot-device-defender:us-east-1:111122223333:detect/violation/v1",
                        "ProductArn": "arn:aws:securityhub:us-east-1:111122223333:product/111122223333/default",
                    ]
                ])
        }
    }

    @Test("A suppression names the finding that it archives")
    func suppression() throws {
        let said = try convert(Messages.suppression(of: "c1", time: "2026-11-22T10:00:00Z"))
        #expect(said["RecordState"] == "ARCHIVED")
        #expect(said["Id"]?.string?.hasSuffix("audits/finding/\(Messages.clientIDs)-c1") == true)
        let deleted = try convert(
            Messages.suppression("DeleteAuditSuppression", of: "c1", time: "2026-11-22T10:00:00Z"))
        #expect(deleted == ["RecordState": "ACTIVE", "Id": said["Id"] ?? nil])
    }

    @Test("What becomes nothing says why")
    func failures() {
        #expect(failure(Array("{".utf8))?.hasPrefix("the message is not JSON: ") == true)
        #expect(failure(Array("{}".utf8))?.contains("neither an alarm") == true)
        #expect(failure(Array("[]".utf8))?.contains("must hold one event") == true)
        #expect(
            failure(Messages.event("CancelAuditTask", ["taskId": "t1"]).serialized())
                == "what the event changes depends on how far the audit came")
        #expect(
            failure(Messages.event("CreateThing", [:]).serialized())?.hasPrefix("the event is ignored: ") == true)
        #expect(
            failure(Array("{\"Type\":\"x\",\"TopicArn\":\"y\"}".utf8))?.hasPrefix("the SNS envelope is refused: ")
                == true)
        for (account, region) in [("1", "eu-west-1"), ("111122223333", "moon")] {
            #expect(
                failure(Messages.alarm().serialized(), account: account, region: region)?
                    .hasPrefix("the account must be 12 digits") == true)
        }
    }
}

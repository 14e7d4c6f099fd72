import Encoding
import Fixtures
import JSON
import SecurityFindings
import TestSupport
import Testing

@testable import Bridge

@Suite struct MessageConverterTests {
    private func conversion(
        _ settings: [String: String] = [:], account: String = "111122223333", region: String = "eu-west-1",
        scheduledAudit: String? = nil
    ) throws(MessageConverter.ConversionError) -> MessageConverter {
        let configuration: BridgeConfiguration
        do throws(ConfigurationError) {
            configuration = try BridgeConfiguration(
                flags: settings, environment: [:], readFile: { _ throws(ConfigurationError) in [] })
        } catch {
            throw MessageConverter.ConversionError(message: "\(error)")
        }
        return try MessageConverter(
            account: account, region: region, scheduledAudit: scheduledAudit, configuration: configuration)
    }

    private func convert(_ json: JSON) throws(MessageConverter.ConversionError) -> JSON {
        try conversion().convert(json.serialized())
    }

    private func failure(_ bytes: [UInt8], account: String = "111122223333", region: String = "eu-west-1") -> String? {
        do throws(MessageConverter.ConversionError) {
            _ = try conversion(account: account, region: region).convert(bytes)
            return nil
        } catch {
            return error.message
        }
    }

    private let detect = "arn:aws:iot-device-defender:eu-west-1:111122223333:detect/violation/v1"

    @Test("An alarm is converted to a finding in the given account and Region")
    func alarm() throws {
        let findings = try convert(Messages.alarm()).array
        #expect(findings?.count == 1 && findings?.first?["Id"] == .string(detect))
        #expect(findings?.first?["RecordState"] == "ACTIVE")
    }

    @Test("An envelope's topic determines account and Region")
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

    @Test("mapping.severities applies to alarms, audit findings and summaries")
    func severities() throws {
        let conversion = try conversion(["mapping.severities": "*/*=LOW,*=INFORMATIONAL"])
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
            let findings = try conversion.convert(json.serialized())
            #expect(findings.array?.first?["Severity"]?["Label"]?.string == label)
        }
    }

    @Test("A completed audit is converted to the summaries of its checks, in its own account")
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

    @Test("An audit finding as AWS IoT lists it is converted to a finding, archived if suppressed")
    func auditFinding() throws {
        for (isSuppressed, state) in [(false, "ACTIVE"), (true, "ARCHIVED")] {
            let finding = try convert(Messages.auditFinding("c1", at: now, isSuppressed: isSuppressed)).array?.first
            #expect(finding?["RecordState"] == .string(state))
            #expect(finding?["Id"]?.string?.hasSuffix("audits/finding/\(Messages.clientIDs)-c1") == true)
        }
    }

    @Test("A verification event is converted to its update request, also in an array of one event")
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

    @Test("An alarm with a verification state is converted to an archived finding and its update")
    func alarmWithVerdict() throws {
        var alarm = Messages.alarm().object ?? [:]
        alarm["verificationState"] = "FALSE_POSITIVE"
        let sent = try #require(try convert(.object(alarm)).array)
        #expect(sent.count == 2 && sent[0]["RecordState"] == "ARCHIVED")
        #expect(sent[1]["Workflow"] == ["Status": "SUPPRESSED"] && sent[1]["VerificationState"] == "FALSE_POSITIVE")
    }

    @Test("Incomplete checks have no summary, and no check has one if summaries are disabled")
    func unendedChecks() throws {
        var message = Messages.audit().object ?? [:]
        message["auditDetails"] = [
            ["checkName": "B_CHECK", "checkRunStatus": "FAILED"],
            ["checkName": "A_CHECK", "checkRunStatus": "COMPLETED_COMPLIANT"],
            ["checkName": "C_CHECK", "checkRunStatus": "IN_PROGRESS"],
        ]
        let findings = try convert(.object(message)).array
        #expect(findings?.map { $0["ProductFields"]?["CheckName"] } == ["A_CHECK", "B_CHECK"])
        let off = try conversion(["mapping.checkSummaries": "false"]).convert(JSON.object(message).serialized())
        #expect(off == [])
    }

    @Test("An audit finding belongs to the named scheduled audit, otherwise to an on-demand audit")
    func scheduledAudit() throws {
        let element = Messages.auditFinding("c1", at: now).serialized()
        for (name, kind) in [("Daily", "SCHEDULED_AUDIT_TASK"), (nil, "ON_DEMAND_AUDIT_TASK")] as [(String?, String)] {
            let fields = try conversion(scheduledAudit: name).convert(element).array?.first?["ProductFields"]
            #expect(fields?["ScheduledAuditName"]?.string == name && fields?["TaskType"]?.string == kind)
        }
    }

    @Test("A topic's findings belong to the account that sns.topics assigns")
    func carriedTopic() throws {
        let host = "https://sns.us-east-1.amazonaws.com"
        let envelope: JSON = [
            "Type": "Notification", "MessageId": "m1", "TopicArn": "arn:aws:sns:us-east-1:999999999999:t",
            "Message": .string(String(decoding: Messages.alarm().serialized(), as: UTF8.self)),
            "Timestamp": "2026-11-22T10:00:00.123Z", "SignatureVersion": "1", "Signature": "AAAA",
            "SigningCertURL": .string("\(host)/SimpleNotificationService-0.pem"),
        ]
        let topics = "arn:aws:sns:us-east-1:999999999999:t=444455556666"
        let finding = try conversion(["sns.topics": topics]).convert(envelope.serialized()).array?.first
        #expect(finding?["AwsAccountId"] == "444455556666")
    }

    @Test("A message that results in no finding is rejected with the reason")
    func failures() {
        #expect(failure(Array("{".utf8))?.hasPrefix("the message is not valid JSON: ") == true)
        #expect(failure(Array("{}".utf8))?.contains("neither an alarm") == true)
        #expect(failure(Array("[]".utf8))?.contains("must contain one event") == true)
        #expect(
            failure(Messages.event("CancelAuditTask", ["taskId": "t1"]).serialized())
                == "the effect of this event depends on the progress of the audit. Convert the audit notification instead."
        )
        #expect(
            failure(Messages.suppression(of: "c1", time: "2026-11-22T10:00:00Z").serialized())
                == "a suppression changes only findings that the bridge has already sent. Convert an audit finding instead."
        )
        #expect(
            failure(Messages.event("CreateThing", [:]).serialized())?.hasPrefix("the bridge ignores this message: ")
                == true)
        #expect(
            failure(Array("{\"Type\":\"x\",\"TopicArn\":\"y\"}".utf8))?.hasPrefix("the SNS envelope is not valid: ")
                == true)
        for (account, region) in [("1", "eu-west-1"), ("111122223333", "moon")] {
            #expect(
                failure(Messages.alarm().serialized(), account: account, region: region)?
                    .hasPrefix("invalid account or Region. Use an account of 12 digits") == true)
        }
    }
}

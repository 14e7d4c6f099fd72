import AWSCore
import Foundation
import JSON
import LocalAWS
import SQLiteStore
import Store
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("The convert command", .timeLimit(.minutes(15)))
    struct Convert {
        /// Converts a message, from a file or from standard input.
        private func convert(
            _ message: JSON, fromStandardInput: Bool = false, _ options: [String] = [],
            environment: [String: String] = [:]
        ) async throws -> JSON {
            let folder = try TemporaryFolder()
            let file = try folder.write(String(decoding: message.serialized(), as: UTF8.self), as: "message.json")
            let program = try await RunningProgram.run(
                [Paths.program, "convert", fromStandardInput ? "-" : file] + options, environment: environment,
                input: fromStandardInput ? file : nil)
            try #require(program.exit == .init(status: 0, wasKilled: false), "\(program.errorLines)")
            #expect(program.errorLines == [])
            return try JSON(parsing: program.outputLines.joined(separator: "\n"))
        }

        /// A golden finding of the mapping tests.
        private func golden(_ name: String) throws -> JSON {
            let path = Paths.inPackage("Tests/SecurityFindingsTests/Goldens/\(name).json")
            return try JSON(parsing: String(contentsOfFile: path, encoding: .utf8))
        }

        private static let alarm: JSON = [
            "violationEventTime": 1_573_786_800_000, "thingName": "pump-17", "violationEventType": "in-alarm",
            "behavior": [
                "name": "MessagesSent-High", "metric": "aws:num-messages-sent",
                "criteria": [
                    "comparisonOperator": "less-than", "value": ["count": 10], "durationSeconds": 300,
                    "consecutiveDatapointsToAlarm": 3,
                ], "suppressAlerts": false,
            ],
            "metricValue": ["count": 54], "violationId": "37e18651d207bbc74236c13faf146127",
            "securityProfileName": "Fleet",
        ]

        @Test("an alarm is converted to the golden finding, from a file and from standard input")
        func alarm() async throws {
            let golden = try golden("alarm-count")
            #expect(try await convert(Self.alarm) == [golden])
            #expect(try await convert(Self.alarm, fromStandardInput: true) == [golden])
        }

        @Test("an alarm that ended is converted to the golden finding")
        func endedAlarm() async throws {
            var members = try #require(Self.alarm.object)
            members["violationEventType"] = "alarm-cleared"
            let finding = try await convert(.object(members)).array?.first
            #expect(finding?["RecordState"] == "ARCHIVED")
            #expect(try finding?["Id"] == golden("event-alarm-cleared")["Id"])
        }

        @Test("--account and --region set account and Region")
        func options() async throws {
            let finding = try await convert(Self.alarm, ["--account", "444455556666", "--region", "cn-north-1"]).array?
                .first
            #expect(
                finding?["Id"]
                    == "arn:aws-cn:iot-device-defender:cn-north-1:444455556666:detect/violation/37e18651d207bbc74236c13faf146127"
            )
            #expect(finding?["AwsAccountId"] == "444455556666")
        }

        @Test("severities are configurable by file, flag and environment")
        func severities() async throws {
            let folder = try TemporaryFolder()
            let file = try folder.write("mapping:\n  severities: ['*/*=LOW', 'LOGGING_*=CRITICAL']\n", as: "c.yaml")
            let finding: JSON = [
                "checkName": "LOGGING_DISABLED_CHECK", "taskStartTime": 5,
                "nonCompliantResource": ["resourceIdentifier": ["account": "111122223333"]],
            ]
            func label(_ options: [String], _ environment: [String: String] = [:]) async throws -> String? {
                try await convert(finding, options, environment: environment).array?.first?["Severity"]?["Label"]?
                    .string
            }
            #expect(try await label([]) == "LOW")
            #expect(try await label(["--config", file]) == "CRITICAL")
            #expect(try await label(["--config", file, "--set", "mapping.severities=*=HIGH"]) == "HIGH")
            #expect(try await label([], ["BRIDGE_MAPPING_SEVERITIES": "*=MEDIUM"]) == "MEDIUM")
        }

        @Test("an invalid configuration ends convert with exit code 78 and one line")
        func badConfiguration() async throws {
            let program = try await RunningProgram.run(
                [Paths.program, "convert", "-", "--set", "mapping.severities=x"], input: "/dev/null")
            #expect(program.exit == .init(status: 78, wasKilled: false))
            #expect(
                program.errorLines == [
                    "defender-bridge: mapping.severities: \"x\" is not of the form pattern=LABEL. Write for example Fleet/*=HIGH."
                ])
        }

        @Test("an SNS envelope is converted to the finding of its alarm, in the topic's account and Region")
        func envelope() async throws {
            let text = String(decoding: Self.alarm.serialized(), as: UTF8.self)
            let envelope: JSON = [
                "Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
                "TopicArn": "arn:aws:sns:us-east-1:111122223333:device-defender-detect",
                "Message": .string(text),
                "Timestamp": "2019-11-15T03:00:01.000Z", "SignatureVersion": "1", "Signature": "AAAA",
                "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem",
            ]
            #expect(try await convert(envelope) == [try golden("alarm-count")])
            #expect(try await convert(envelope, ["--region", "eu-west-1"]) == [try golden("alarm-count")])
        }

        @Test("an element of ListAuditFindings is converted to the golden finding")
        func auditFinding() async throws {
            let element: JSON = [
                "findingId": "1928b87ab338ee2f541f6fab8c41c4f5", "taskId": "4e2bcd1ccbc2a5dd15292a82ab80c380",
                "checkName": "IOT_POLICY_OVERLY_PERMISSIVE_CHECK", "taskStartTime": .number("1524740766.191"),
                "findingTime": .number("1524740767.5"),
                "nonCompliantResource": [
                    "resourceType": "IOT_POLICY",
                    "resourceIdentifier": [
                        "policyVersionIdentifier": ["policyName": "FleetPolicy", "policyVersionId": "3"]
                    ],
                ], "relatedResources": [], "reasonForNonCompliance": "The resource is not compliant.",
                "reasonForNonComplianceCode": "A_REASON", "isSuppressed": false,
            ]
            #expect(try await convert(element) == [try golden("resource-policy-version")])
        }

        @Test("a completed audit is converted to the golden summaries of its checks")
        func audit() async throws {
            let audit: JSON = [
                "accountId": "111122223333", "taskId": "4e2bcd1ccbc2a5dd15292a82ab80c380", "taskStatus": "COMPLETED",
                "taskType": "SCHEDULED_AUDIT_TASK", "scheduledAuditName": "DailyAudit", "failedChecksCount": 1,
                "canceledChecksCount": 0, "nonCompliantChecksCount": 1, "compliantChecksCount": 1,
                "totalChecksCount": 3, "taskStartTime": 1_524_740_766_191,
                "auditDetails": [
                    [
                        "checkName": "DEVICE_CERTIFICATE_EXPIRING_CHECK", "checkRunStatus": "COMPLETED_NON_COMPLIANT",
                        "nonCompliantResourcesCount": 2, "suppressedNonCompliantResourcesCount": 1,
                        "totalResourcesCount": 1000,
                    ],
                    [
                        "checkName": "LOGGING_DISABLED_CHECK", "checkRunStatus": "FAILED",
                        "errorCode": "INSUFFICIENT_PERMISSIONS", "message": "The role may not be assumed.",
                    ],
                    [
                        "checkName": "CA_CERTIFICATE_EXPIRING_CHECK", "checkRunStatus": "COMPLETED_COMPLIANT",
                        "nonCompliantResourcesCount": 0, "suppressedNonCompliantResourcesCount": 2,
                        "totalResourcesCount": 3,
                    ],
                ],
            ]
            let summaries = try await convert(audit).array ?? []
            let goldens = try ["COMPLETED_NON_COMPLIANT", "FAILED", "COMPLETED_COMPLIANT"].map {
                try golden("summary-\($0)")
            }
            #expect(Set(summaries) == Set(goldens))
            #expect(summaries.count == 3)
        }

        private func event(_ name: String, _ parameters: JSON) -> JSON {
            [
                "version": "0", "id": "7d4f8b1e-0000-0000-0000-000000000000",
                "detail-type": "AWS API Call via CloudTrail", "source": "aws.iot", "account": "111122223333",
                "region": "us-east-1", "time": "2026-11-22T10:00:00Z", "resources": [],
                "detail": [
                    "eventSource": "iot.amazonaws.com", "eventName": .string(name), "eventTime": "2026-11-22T10:00:00Z",
                    "requestParameters": parameters,
                ],
            ]
        }

        @Test("a verification state of an alarm is converted to the update of its finding")
        func verification() async throws {
            let update = try await convert(
                event(
                    "PutVerificationStateOnViolation",
                    [
                        "violationId": "37e1", "verificationState": "FALSE_POSITIVE",
                        "verificationStateDescription": "lab device",
                    ]))
            #expect(update["VerificationState"] == "FALSE_POSITIVE")
            #expect(update["Workflow"] == ["Status": "SUPPRESSED"])
            #expect(update["Note"]?["Text"] == "lab device")
            #expect(
                update["FindingIdentifiers"] == [
                    [
                        "Id": "arn:aws:iot-device-defender:us-east-1:111122223333:detect/violation/37e1",
                        "ProductArn":
                            "arn:aws:securityhub:us-east-1:111122223333:product/111122223333/default",
                    ]
                ])
        }

        /// A finding as JSON text, without its timestamps.
        private func timeless(_ finding: JSON) throws -> String {
            var members = try #require(finding.object)
            for name in ["CreatedAt", "UpdatedAt", "FirstObservedAt", "LastObservedAt"] { members[name] = "" }
            return String(decoding: JSON.object(members).serialized(), as: UTF8.self)
        }

        @Test("convert prints what serve sends, byte for byte apart from timestamps")
        func asServed() async throws {
            try await IntegrationEnvironment.run { world in
                let scenario = world.scenario(findings: 8)
                let bridge = try await world.start()
                try await world.deliverAuditAndAlarm(of: scenario, to: bridge)
                let verdicts = ["UNKNOWN", "FALSE_POSITIVE", "BENIGN_POSITIVE", "TRUE_POSITIVE"]
                let alarms = try (1..<scenario.alarms.count + 4).map { number in
                    var alarm = try #require(try Alarms.make(number..<number + 1, from: scenario).first?.object)
                    if number.isMultiple(of: 3) { alarm["violationEventType"] = "alarm-cleared" }
                    if number.isMultiple(of: 2) { alarm["verificationState"] = .string(verdicts[number / 2 % 4]) }
                    return JSON.object(alarm)
                }
                try await world.publish(alarms, to: world.topics.detect)
                try await bridge.waitForCompletion(of: alarms.count + 2)
                try await bridge.stop()
                let numbers = try await world.lines("SELECT number FROM finding").compactMap { Int64($0) }
                let store = try await SQLiteStore(path: world.storePath, access: .readOnly)
                let rows = try await store.ledgerRows(numbers: numbers)
                await store.close()
                let sent = try Set(rows.map { try timeless(JSON(parsing: $0.entry.finding)) })
                // Alarms and audit findings do not name account, Region and scheduled audit themselves.
                let from = [
                    "--account", world.accountRegion.account.digits, "--region", world.accountRegion.region.name,
                ]
                let audit = from + ["--scheduled-audit", try #require(scenario.auditTask.scheduledAuditName)]
                var converted: [JSON] = []
                for alarm in alarms + (try Alarms.make(0..<1, from: scenario)) + [scenario.auditNotification] {
                    converted += try await convert(alarm, from).array ?? []
                }
                for element in scenario.auditFindings {
                    converted += try await convert(element.json, audit).array ?? []
                }
                let findings = converted.filter { $0["FindingIdentifiers"] == nil }
                #expect(findings.count == sent.count)
                #expect(try sent.subtracting(findings.map(timeless)) == [])
                let updates = converted.filter { $0["FindingIdentifiers"] != nil }
                #expect(!updates.isEmpty)
                for update in updates {
                    let id = try #require(update["FindingIdentifiers"]?.array?.first?["Id"]?.string)
                    let finding = try #require(world.aws.finding(id, in: world.accountRegion))
                    #expect(finding["Workflow"] == update["Workflow"])
                    #expect(finding["VerificationState"] == update["VerificationState"])
                }
            }
        }

        /// A text that does not result in a finding.
        struct InvalidMessage: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let text: String

            init(_ name: String, _ text: String) {
                testDescription = name
                self.text = text
            }

            static let all = [
                InvalidMessage("nothing", ""), InvalidMessage("no JSON", "rubbish"),
                InvalidMessage("empty object", "{}"),
                InvalidMessage("empty array", "[]"), InvalidMessage("null", "null"),
                InvalidMessage("two numbers", "[1, 2]"),
                InvalidMessage("alarm without content", #"{"violationEventType": "in-alarm"}"#),
                InvalidMessage("alarm and audit", #"{"violationEventType": "in-alarm", "taskStatus": "COMPLETED"}"#),
                InvalidMessage("audit without content", #"{"taskStatus": "COMPLETED"}"#),
                InvalidMessage("envelope without content", #"{"Type": "Notification", "TopicArn": "arn"}"#),
                InvalidMessage("line break in a name", #"{"checkName": "A\nB"}"#),
                InvalidMessage("detail is a number", #"{"detail": 1}"#),
                InvalidMessage(
                    "event of no interest",
                    #"{"detail": {"eventName": "ListThings"}, "id": "1", "account": "111122223333", "#
                        + #""region": "us-east-1", "time": "2026-11-22T10:00:00Z", "source": "aws.iot"}"#),
                InvalidMessage("too deep", String(repeating: "[", count: 100_000)),
                InvalidMessage("control character", "{\"a\": \"\u{7}\"}"),
            ]
        }

        @Test(
            "a message without a finding ends convert with exit code 65 and one line on standard error",
            arguments: InvalidMessage.all)
        func invalidMessage(_ message: InvalidMessage) async throws {
            let folder = try TemporaryFolder()
            let file = try folder.write(message.text, as: "message.json")
            for (argument, input) in [(file, nil), ("-", file)] as [(String, String?)] {
                let program = try await RunningProgram.run([Paths.program, "convert", argument], input: input)
                #expect(program.exit == .init(status: 65, wasKilled: false))
                #expect(program.outputLines == [])
                #expect(program.errorLines.count == 1, "\(program.errorLines)")
                #expect(program.errorLines.first?.hasPrefix("defender-bridge: cannot convert the message: ") == true)
            }
        }

        @Test("an unreadable or too large file ends convert with one line on standard error")
        func unreadable() async throws {
            let folder = try TemporaryFolder()
            let long = try folder.write(String(repeating: " ", count: 1_048_577), as: "long.json")
            for (argument, input) in [(folder.path + "/none", nil), (folder.path, nil), (long, nil), ("-", long)]
                as [(String, String?)]
            {
                let program = try await RunningProgram.run([Paths.program, "convert", argument], input: input)
                #expect(program.exit?.wasKilled == false)
                #expect(program.exit?.status != 0)
                #expect(program.outputLines == [])
                #expect(program.errorLines.count == 1, "\(program.errorLines)")
            }
        }
    }
}

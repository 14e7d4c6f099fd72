import AWSCore
import DeviceDefender
import Encoding
import JSON
import Testing

@testable import SecurityFindings

@Suite("The mapping to findings")
struct MappingTests {
    private func finding(_ alarm: JSON) throws -> SecurityFinding {
        SecurityFinding(alarm: try Alarm(alarm), accountRegion: try Samples.accountRegion())
    }

    private func finding(auditFinding: JSON, region: String = "us-east-1") throws -> SecurityFinding {
        SecurityFinding(
            auditFinding: try AuditFinding(auditFinding), task: try Samples.task(),
            accountRegion: try Samples.accountRegion(region))
    }

    @Test(
        "an alarm's severity is the last part of the behavior's name that is a severity, otherwise medium",
        arguments: [
            ("MessagesSent-High", "HIGH", "High"), ("messages-sent-critical", "CRITICAL", "critical"),
            ("A-Low-High", "HIGH", "High"), ("A-Low-v2", "LOW", "Low"),
            ("A-INFORMATIONAL", "INFORMATIONAL", "INFORMATIONAL"),
            ("A", "MEDIUM", "MEDIUM"), ("High", "MEDIUM", "MEDIUM"), ("High-Load", "MEDIUM", "MEDIUM"),
            ("A-Higher", "MEDIUM", "MEDIUM"), ("A-", "MEDIUM", "MEDIUM"), ("-", "MEDIUM", "MEDIUM"),
        ])
    func severities(name: String, label: String, original: String) throws {
        let severity = try finding(Samples.alarmJSON(name: name)).severity
        #expect(severity.label.rawValue == label)
        #expect(severity.original == original)
    }

    @Test("only an active alarm gives an active finding, without compliance")
    func alarmStates() throws {
        for (event, state) in [
            ("in-alarm", "ACTIVE"), ("alarm-cleared", "ARCHIVED"), ("alarm-invalidated", "ARCHIVED"),
        ] {
            let json = try finding(Samples.alarmJSON(event: event)).json
            #expect(json["RecordState"]?.string == state)
            #expect(json["Compliance"] == nil)
        }
    }

    @Test("an alarm keeps its ID, types and generator through all its events")
    func alarmIdentity() throws {
        let findings = try Alarm.EventType.allCases.map { try finding(Samples.alarmJSON(event: $0.rawValue)) }
        #expect(Set(findings.map(\.id)).count == 1)
        #expect(Set(findings.map(\.types)).count == 1)
        #expect(Set(findings.map(\.generatorID)) == ["Fleet/MessagesSent-High"])
        #expect(Set(findings.map(\.title)).count == 1)
    }

    @Test("an audit finding has a failed compliance while it is active, and none when it is archived")
    func compliance() throws {
        var finding = try finding(
            auditFinding: Samples.findingJSON(check: "X_CHECK", type: "CLIENT_ID", identifier: ["clientId": "c"]))
        #expect(finding.json["Compliance"] == ["Status": "FAILED"])
        #expect(finding.json["RecordState"] == "ACTIVE")
        finding.recordState = .archived
        #expect(finding.json["Compliance"] == nil)
        #expect(finding.json["RecordState"] == "ARCHIVED")
    }

    @Test("a suppressed audit finding is archived")
    func suppressed() throws {
        let json = Samples.findingJSON(
            check: "X_CHECK", type: "CLIENT_ID", identifier: ["clientId": "c"], isSuppressed: true)
        #expect(try finding(auditFinding: json).recordState == .archived)
    }

    @Test("the severity of an audit finding is Device Defender's, as label and as original")
    func auditSeverity() throws {
        for severity in DeviceDefender.Severity.allCases {
            var members = try #require(
                Samples.findingJSON(check: "LOGGING_DISABLED_CHECK", type: "T", identifier: ["clientId": "c"]).object)
            members["severity"] = .string(severity.rawValue)
            let finding = try finding(auditFinding: .object(members))
            #expect(finding.severity.label.rawValue == severity.rawValue)
            #expect(finding.severity.original == severity.rawValue)
        }
    }

    @Test("conflicting client IDs and shared certificates are unusual behaviors as well")
    func unusualBehaviors() throws {
        for check in AuditCheck.known {
            let types = try finding(
                auditFinding: Samples.findingJSON(check: check.name, type: "T", identifier: ["clientId": "c"])
            ).types
            let own = "Software and Configuration Checks/AWS IoT Device Defender/\(check.name)"
            let isUnusual = ["CONFLICTING_CLIENT_IDS_CHECK", "DEVICE_CERTIFICATE_SHARED_CHECK"].contains(check.name)
            #expect(types == (isUnusual ? [own, "Unusual Behaviors/IoT Device/\(check.name)"] : [own]))
        }
    }

    @Test("a slash in a name becomes a dash in types, and an absent metric is omitted")
    func typesOfAlarms() throws {
        #expect(
            try finding(Samples.alarmJSON(name: "a/b", metric: "m/n")).types == [
                "Software and Configuration Checks/AWS IoT Device Defender/Fleet-a-b",
                "Unusual Behaviors/IoT Device/m-n",
            ])
        #expect(try finding(Samples.alarmJSON(metric: nil)).types.last == "Unusual Behaviors/IoT Device")
    }

    @Test(
        "a device has a thing ARN only if its name is a valid thing name",
        arguments: [
            ("pump-17", "arn:aws:iot:us-east-1:111122223333:thing/pump-17"),
            ("a:b_C", "arn:aws:iot:us-east-1:111122223333:thing/a:b_C"),
            ("pump 17", "pump 17"), ("pump/17", "pump/17"), ("пампа", "пампа"), ("a\nb", "a b"), (" \u{1}", "unnamed"),
        ])
    func things(name: String, id: String) throws {
        let finding = try finding(Samples.alarmJSON(thing: name))
        #expect(finding.resource.id == id)
        #expect(finding.resource.details["ThingArn"] == (id.hasPrefix("arn:") ? id : nil))
    }

    @Test(
        "a resource's ID is its ARN if one can be formed",
        arguments: [
            (["deviceCertificateId": "ab"], "arn:aws:iot:us-east-1:111122223333:cert/ab", "Other"),
            (["deviceCertificateArn": "arn:y", "deviceCertificateId": "ab"], "arn:y", "Other"),
            (["deviceCertificateId": "a/b"], "a/b", "Other"),
            (["caCertificateId": "ab"], "arn:aws:iot:us-east-1:111122223333:cacert/ab", "Other"),
            (
                ["policyVersionIdentifier": ["policyName": "P", "policyVersionId": "2"]],
                "arn:aws:iot:us-east-1:111122223333:policy/P", "Other"
            ),
            (["policyVersionIdentifier": ["policyName": "P Q", "policyVersionId": "2"]], "P Q:2", "Other"),
            (["roleAliasArn": "arn:a"], "arn:a", "Other"), (["iamRoleArn": "arn:r"], "arn:r", "AwsIamRole"),
            (["cognitoIdentityPoolId": "us-east-1:1"], "us-east-1:1", "Other"),
            (["account": "111122223333"], "AWS::::Account:111122223333", "AwsAccount"),
            (["account": "some account"], "some account", "Other"),
            (["account": "111122223333", "cognitoIdentityPoolId": "us-east-1:1"], "us-east-1:1+111122223333", "Other"),
            (["clientId": "c"], "c", "Other"),
        ] as [(JSON, String, String)])
    func resources(identifier: JSON, id: String, type: String) throws {
        let finding = try finding(
            auditFinding: Samples.findingJSON(check: "X_CHECK", type: "T", identifier: identifier))
        #expect(finding.resource.id == id)
        #expect(finding.resource.type == type)
    }

    @Test(
        "a certificate's expiration is included as reported and as a date",
        arguments: [
            ("1524740767000", "2018-04-26T11:06:07.000Z"), ("1524740767", "2018-04-26T11:06:07.000Z"),
            ("2018-04-26T11:06:07Z", "2018-04-26T11:06:07.000Z"), ("soon", nil), ("-1", nil), ("1e400", nil),
        ] as [(String, String?)])
    func expiration(time: String, date: String?) throws {
        let details = try finding(
            auditFinding: Samples.findingJSON(
                check: "CA_CERTIFICATE_EXPIRING_CHECK", type: "CA_CERTIFICATE", identifier: ["caCertificateId": "ab"],
                additionalInfo: ["EXPIRATION_TIME": .string(time)])
        ).resource.details
        #expect(details["EXPIRATION_TIME"] == time)
        #expect(details["EXPIRATION_DATE"] == date)
    }

    @Test(
        "the AWS partition has the finding format's value, or is omitted",
        arguments: [
            ("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-us-iso"), ("us-isob-east-1", "aws-us-iso-b"), ("eusc-de-east-1", nil),
            ("eu-isoe-west-1", nil), ("us-isof-east-1", nil),
        ] as [(String, String?)])
    func partitions(region: String, word: String?) throws {
        let findings = [
            SecurityFinding(alarm: try Alarm(Samples.alarmJSON()), accountRegion: try Samples.accountRegion(region)),
            try finding(
                auditFinding: Samples.findingJSON(check: "X_CHECK", type: "T", identifier: ["clientId": "c"]),
                region: region),
        ]
        for finding in findings {
            #expect(finding.json["Resources"]?.array?.first?["Partition"] == word.map { .string($0) })
        }
    }

    @Test(
        "a percentile rule describes the expected values",
        arguments: [
            ("less-than-equals", "p99", "at or below the fleet's 99th percentile"),
            ("less-than", "p99.9", "below the fleet's 99.9th percentile"),
            ("greater-than", "p1", "above the fleet's 1st percentile"),
            ("greater-than-equals", "p0.01", "at or above the fleet's 0.01th percentile"),
            ("less-than", "p2", "below the fleet's 2nd percentile"),
            ("less-than", "p23", "below the fleet's 23rd percentile"),
            ("less-than", "p11", "below the fleet's 11th percentile"),
            ("less-than", "Average", "below the fleet's Average"),
            ("less-than", "p", "below the fleet's p"), ("about", "p99", "about the fleet's 99th percentile"),
        ])
    func percentiles(comparison: JSON, statistic: JSON, text: String) throws {
        let criteria: JSON = [
            "comparisonOperator": comparison, "statisticalThreshold": ["statistic": statistic],
        ]
        let description = try finding(Samples.alarmJSON(criteria: criteria)).description
        #expect(description.hasSuffix(" Expected: \(text)."), "\(description)")
    }

    @Test("resources with names too long for an ID stay distinct")
    func longResources() throws {
        let ids = try ["a", "b"].map { last in
            let arn = "arn:aws:iam::111122223333:role/" + String(repeating: "x", count: 600) + last
            return try finding(
                auditFinding: Samples.findingJSON(check: "X_CHECK", type: "T", identifier: ["iamRoleArn": .string(arn)])
            ).resource.id
        }
        #expect(ids[0] != ids[1])
        #expect(ids.allSatisfy { $0.count == 512 })
    }

    @Test(
        "links point to the console of the partition",
        arguments: [
            ("us-east-1", "https://console.aws.amazon.com/iot/home?region=us-east-1#/dd/"),
            ("cn-north-1", "https://console.amazonaws.cn/iot/home?region=cn-north-1#/dd/"),
            ("us-gov-west-1", "https://console.amazonaws-us-gov.com/iot/home?region=us-gov-west-1#/dd/"),
        ])
    func links(region: String, prefix: String) throws {
        let alarm = SecurityFinding(
            alarm: try Alarm(Samples.alarmJSON()), accountRegion: try Samples.accountRegion(region))
        #expect(alarm.sourceURL == prefix + "securityProfile/Fleet?tab=violations")
        #expect(alarm.remediation?.url == prefix + "violationhub")
        let audit = try finding(
            auditFinding: Samples.findingJSON(check: "X_CHECK", type: "T", identifier: ["clientId": "c"]),
            region: region)
        #expect(audit.sourceURL == prefix + "audit/results/4e2bcd1ccbc2a5dd15292a82ab80c380/X_CHECK")
        #expect(audit.remediation?.url == audit.sourceURL)
    }

    @Test("a finding belongs to its account's default product in its Region")
    func product() throws {
        let accountRegion = try Samples.accountRegion("cn-north-1")
        #expect(
            SecurityFinding.productARN(accountRegion: accountRegion)
                == "arn:aws-cn:securityhub:cn-north-1:111122223333:product/111122223333/default")
    }

    @Test("the generator of an audit's findings is the scheduled audit, or OnDemand")
    func generators() throws {
        let finding = try AuditFinding(
            Samples.findingJSON(check: "X_CHECK", type: "T", identifier: ["clientId": "c"]))
        let arn = "arn:aws:iot:us-east-1:111122223333:scheduledaudit/"
        for (name, expected) in [("DailyAudit" as JSON, arn + "DailyAudit"), (nil, arn + "OnDemand")] {
            let task = try Samples.task(scheduledAuditName: name)
            #expect(
                SecurityFinding(auditFinding: finding, task: task, accountRegion: try Samples.accountRegion())
                    .generatorID
                    == expected)
        }
    }

    @Test("a finding's times are those of the problem")
    func times() throws {
        let finding = try finding(Samples.alarmJSON())
        let times = [finding.createdAt, finding.updatedAt, finding.firstObservedAt, finding.lastObservedAt]
        #expect(times == Array(repeating: Timestamp(milliseconds: 1_573_786_800_000), count: 4))
    }

    @Test("related resources that do not fit are counted")
    func manyRelated() throws {
        let related = JSON.array((0..<100).map { ["resourceIdentifier": ["clientId": .string("c\($0)")]] })
        let details = try finding(
            auditFinding: Samples.findingJSON(
                check: "X_CHECK", type: "T", identifier: ["clientId": "c"], related: related)
        ).resource.details
        #expect(details.entries.count == 50)
        #expect(details["RelatedResource48"] == "RESOURCE c47")
        #expect(details["RelatedResourcesLeftOut"] == "52")
    }

    @Test("a Region name that is too long for the format is omitted")
    func longRegion() throws {
        let finding = SecurityFinding(
            alarm: try Alarm(Samples.alarmJSON()), accountRegion: try Samples.accountRegion("ap-southernmost-12"))
        #expect(finding.json["Resources"]?.array?.first?["Region"] == nil)
        #expect(try self.finding(Samples.alarmJSON()).json["Resources"]?.array?.first?["Region"] == "us-east-1")
    }
}

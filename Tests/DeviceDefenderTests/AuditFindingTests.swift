import Encoding
import JSON
import Testing

@testable import DeviceDefender

@Suite("Audit findings")
struct AuditFindingTests {
    @Test("a documented finding is parsed completely")
    func documented() throws {
        let finding = try AuditFinding(Payloads.finding)
        #expect(finding.id == "1928b87ab338ee2f541f6fab8c41c4f5")
        #expect(finding.taskID == "4e2bcd1ccbc2a5dd15292a82ab80c380")
        #expect(finding.check.name == "IOT_POLICY_OVERLY_PERMISSIVE_CHECK")
        #expect(finding.taskStartTime?.milliseconds == 1_524_740_766_191)
        #expect(finding.time.milliseconds == 1_524_740_767_000)
        #expect(finding.severity == .critical)
        #expect(finding.resource.type == "IOT_POLICY")
        #expect(finding.resource.identifier.policyVersion?.name == "FleetPolicy")
        #expect(finding.resource.identifier.policyVersion?.versionID == "3")
        #expect(finding.resource.additionalInfo == ["NOTE": "a note", "NUMBER": "7"])
        #expect(finding.relatedResources.map(\.identifier.clientID) == ["pump 17"])
        #expect(finding.relatedResources.first?.additionalInfo == ["A": "b"])
        #expect(finding.reason == "Policy allows broad access to IoT data plane actions: [iot:Connect].")
        #expect(finding.reasonCode == "ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS")
        #expect(!finding.isSuppressed)
    }

    @Test("a finding with only the required fields has the check's severity and is open")
    func minimal() throws {
        let finding = try AuditFinding([
            "checkName": "LOGGING_DISABLED_CHECK", "taskStartTime": 5,
            "nonCompliantResource": ["resourceIdentifier": ["account": "111122223333"]], "severity": "SEVERE",
        ])
        #expect(finding.severity == .low)
        #expect(finding.time == Timestamp(milliseconds: 5000))
        #expect(!finding.isSuppressed)
        #expect(finding.id == nil && finding.reason == nil && finding.resource.type == nil)
    }

    @Test(
        "a finding without check, resource or time is unrecognized",
        arguments: ["checkName", "nonCompliantResource"])
    func missing(name: String) {
        for value in Payloads.unusable + [5, [:]] {
            #expect(throws: UnrecognizedMessageError.self) {
                try AuditFinding(Payloads.finding.setting(name, to: value))
            }
        }
        let timeless = Payloads.finding.setting("findingTime", to: nil).setting("taskStartTime", to: nil)
        #expect(throws: UnrecognizedMessageError(reason: "audit finding: findingTime is missing")) {
            try AuditFinding(timeless)
        }
    }

    @Test("a mistyped suppression flag is unrecognized instead of counting as open")
    func flags() throws {
        #expect(throws: UnrecognizedMessageError.self) {
            try AuditFinding(Payloads.finding.setting("isSuppressed", to: 1))
        }
        #expect(try AuditFinding(Payloads.finding.setting("isSuppressed", to: "true")).isSuppressed)
    }

    @Test("related resources are limited to 100")
    func manyRelated() throws {
        let related = JSON.array(Array(repeating: ["resourceIdentifier": ["clientId": "c"]], count: 500))
        #expect(
            try AuditFinding(Payloads.finding.setting("relatedResources", to: related)).relatedResources.count == 100)
    }
}

@Suite("Resource identifiers")
struct ResourceIdentifierTests {
    @Test(
        "each documented member is the value",
        arguments: [
            (["deviceCertificateId": "ab"], "ab"), (["caCertificateId": "cd"], "cd"),
            (["cognitoIdentityPoolId": "us-east-1:1"], "us-east-1:1"), (["clientId": "pump 17"], "pump 17"),
            (["policyVersionIdentifier": ["policyName": "P", "policyVersionId": "2"]], "P:2"),
            (["policyVersionIdentifier": ["policyName": "P"]], "P"), (["account": "111122223333"], "111122223333"),
            (["iamRoleArn": "arn:aws:iam::111122223333:role/r"], "arn:aws:iam::111122223333:role/r"),
            (["roleAliasArn": "arn:x"], "arn:x"),
            (
                [
                    "issuerCertificateIdentifier": [
                        "issuerCertificateSubject": "CN=x", "issuerId": "ef", "issuerCertificateSerialNumber": "01:02",
                    ]
                ], "ef/01:02"
            ),
            (["issuerCertificateIdentifier": ["issuerCertificateSubject": "CN=x"]], "CN=x"),
            (["deviceCertificateArn": "arn:y"], "arn:y"),
        ] as [(JSON, String)])
    func kinds(json: JSON, value: String) throws {
        #expect(try ResourceIdentifier(json).value == value)
    }

    @Test("a device certificate's ID has precedence over its ARN, and both are kept")
    func both() throws {
        let identifier = try ResourceIdentifier(["deviceCertificateArn": "arn:y", "deviceCertificateId": "ab"])
        #expect(identifier.value == "ab")
        #expect(identifier.deviceCertificateARN == "arn:y")
    }

    private static let certificateARN: JSON = "arn:aws-cn:iot:cn-north-1:111122223333:cert/ab12"

    @Test(
        "identifiers of the same resource have the same subject",
        arguments: [
            (["deviceCertificateArn": certificateARN], "ab12"),
            (["deviceCertificateId": "ab12"], "ab12"),
            (["deviceCertificateArn": certificateARN, "deviceCertificateId": "ab12"], "ab12"),
            (["deviceCertificateArn": "arn:aws:iot:us-east-1:111122223333:cert/a:cert/b"], "a:cert/b"),
            (
                ["deviceCertificateArn": "arn:aws:iot:us-east-1:111122223333:cert/"],
                "arn:aws:iot:us-east-1:111122223333:cert/"
            ),
            (["deviceCertificateArn": "cert/ab12"], "cert/ab12"),
            (["deviceCertificateArn": "arn:x:cert/\u{301}"], "\u{301}"),
            (["caCertificateId": "cd"], "cd"),
            (["cognitoIdentityPoolId": "us-east-1:1"], "us-east-1:1"),
            (["clientId": "a:cert/pump 17%/п"], "a:cert/pump 17%/п"),
            (["policyVersionIdentifier": ["policyName": "P", "policyVersionId": "2"]], "P:2"),
            (["account": "111122223333"], "111122223333"),
            (["iamRoleArn": "arn:aws:iam::111122223333:role/r"], "arn:aws:iam::111122223333:role/r"),
            (["roleAliasArn": "arn:aws:iot:us-east-1:1:rolealias/r"], "arn:aws:iot:us-east-1:1:rolealias/r"),
            (["issuerCertificateIdentifier": ["issuerId": "ef", "issuerCertificateSerialNumber": "01"]], "ef/01"),
            (["clientId": "c", "deviceCertificateArn": certificateARN, "zone": "z"], "ab12+c+z"),
        ] as [(JSON, String)])
    func subjects(json: JSON, subject: String) throws {
        #expect(try ResourceIdentifier(json).subject == subject)
    }

    @Test("several different members are all part of the value")
    func several() throws {
        let identifier = try ResourceIdentifier(["clientId": "c", "account": "111122223333", "zone": "z", "area": 5])
        #expect(identifier.value == "c+111122223333+5+z")
    }

    @Test("unknown members are kept, also if they are not strings")
    func unknown() throws {
        let identifier = try ResourceIdentifier(["fleetId": "f-1", "shard": ["b": 1, "a": nil], "none": nil])
        #expect(identifier.others == ["fleetId": "f-1", "shard": #"{"a":null,"b":1}"#])
    }

    @Test("unknown members are limited to 16")
    func manyUnknown() throws {
        let members = (10..<99).map { (UTF8Text("k\($0)"), JSON.string("v")) }
        let json = JSON.object(Dictionary(members, uniquingKeysWith: { first, _ in first }))
        #expect(try ResourceIdentifier(json).others.keys.sorted() == (10..<26).map { UTF8Text("k\($0)") })
    }

    @Test(
        "an empty or mistyped identifier is unrecognized",
        arguments: [
            [:], nil, [], "x", ["clientId": ""], ["clientId": nil], ["clientId": 5], ["deviceCertificateId": []],
            ["policyVersionIdentifier": [:]], ["policyVersionIdentifier": "P"], ["issuerCertificateIdentifier": [:]],
            ["iamRoleArn": .string(String(repeating: "x", count: 2049))],
        ] as [JSON])
    func rejected(json: JSON) {
        #expect(throws: UnrecognizedMessageError.self) { try ResourceIdentifier(json) }
    }
}

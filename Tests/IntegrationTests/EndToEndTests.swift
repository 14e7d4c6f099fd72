import AWSCore
import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("End to end", .timeLimit(.minutes(15)))
    struct EndToEnd {
        private static let alarmCount = 200
        private static let clearedAlarm = 7

        /// Subscribes a bridge, publishes an audit and alarms, and waits until all deliveries are completed.
        private func deliver(_ scenario: FleetScenario, to bridge: BridgeProcess, in world: IntegrationEnvironment)
            async throws
        {
            world.aws.add(scenario.auditTask, findings: scenario.auditFindings, in: world.accountRegion)
            try await world.subscribe(bridge, to: world.topics.audit)
            try await world.subscribe(bridge, to: world.topics.detect)
            try await world.publish([scenario.auditNotification], to: world.topics.audit)
            try await bridge.waitForCompletion(of: 1)
            let alarms = try Alarms.make(0..<Self.alarmCount, from: scenario)
            try await world.publish(alarms, to: world.topics.detect)
            try await world.publish([try Alarms.cleared(alarms[Self.clearedAlarm])], to: world.topics.detect)
            try await bridge.waitForCompletion(of: Self.alarmCount + 2)
        }

        /// Checks that exactly the expected findings exist, each once and in the expected state.
        private func expect(_ states: [(id: String, state: String)], _ scenario: FleetScenario) throws {
            let expected = try expectedStates(scenario)
            let found = Set(states.map(\.id))
            #expect(states.count == found.count, "there are duplicate findings")
            #expect(Set(expected.keys).subtracting(found).sorted().prefix(5) == [], "findings are missing")
            #expect(found.subtracting(expected.keys).sorted().prefix(5) == [], "findings are unexpected")
            let wrong = states.filter { expected[$0.id] != $0.state }.map { "\($0.id) is \($0.state)" }
            #expect(wrong.sorted().prefix(5) == [])
        }

        /// The states of all expected findings, by id.
        private func expectedStates(_ scenario: FleetScenario) throws -> [String: String] {
            var states: [String: String] = [:]
            for finding in scenario.auditFindings {
                let id = try ExpectedID.audit(finding, in: scenario.accountRegion)
                #expect(states.updateValue(finding.isSuppressed ? "ARCHIVED" : "ACTIVE", forKey: id) == nil)
            }
            for check in scenario.auditTask.checks {
                let id = ExpectedID.summary(check.name, of: "DailyAudit", in: scenario.accountRegion)
                states[id] = check.nonCompliantResources > 0 ? "ACTIVE" : "ARCHIVED"
            }
            for number in 0..<Self.alarmCount {
                let id = Alarms.findingID(number, in: scenario.accountRegion)
                states[id] = number == Self.clearedAlarm ? "ARCHIVED" : "ACTIVE"
            }
            return states
        }

        @Test(
            "An audit with 1,000 findings and 200 alarms are imported once, in the expected state, and valid by AWS's model"
        )
        func localAWS() async throws {
            try await IntegrationEnvironment.run { world in
                let scenario = world.scenario(findings: 1000)
                let bridge = try await world.start()
                try await deliver(scenario, to: bridge, in: world)
                let findings = world.aws.findings(in: world.accountRegion)
                let states = findings.map { ($0["Id"]?.string ?? "", $0["RecordState"]?.string ?? "") }
                try expect(states, scenario)
                try await validate(findings, in: world)
                try await bridge.stop()
                #expect(bridge.log.filter { ["warning", "error"].contains($0["level"]?.string) } == [])
            }
        }

        @Test(
            "Two audit pages of 250 findings are sent in five batches, and waiting alarms in batches of 100"
        )
        func batches() async throws {
            try await IntegrationEnvironment.run { world in
                let scenario = world.scenario(findings: 1000)
                world.aws.add(scenario.auditTask, findings: scenario.auditFindings, in: world.accountRegion)
                let silence = try await world.serveSilence()
                let first = try await world.start(environment: ["AWS_ENDPOINT_URL_SECURITYHUB": silence.url])
                try await world.subscribe(first, to: world.topics.detect)
                try await world.publish(try Alarms.make(0..<250, from: scenario), to: world.topics.detect)
                try await first.stop()
                #expect(world.aws.calls(of: .batchImportFindings) == 0)
                let second = try await world.start()
                try await second.waitForCompletion(of: 250)
                #expect(world.aws.calls(of: .batchImportFindings) == 3)
                try await world.subscribe(second, to: world.topics.audit)
                try await world.publish([scenario.auditNotification], to: world.topics.audit)
                try await second.waitForCompletion(of: 251)
                // Four pages, and the summaries of the checks.
                #expect(world.aws.calls(of: .batchImportFindings) == 3 + 2 * 5 + 1)
                #expect(world.aws.calls(of: .listAuditFindings) == 4)
                #expect(world.aws.calls(of: .describeAuditTask) == 1)
                let series = "defender_bridge_import_batch_findings"
                #expect(try await second.metric(series + #"_bucket{le="100"}"#) == 14)
                #expect(try await second.metric(series + "_count") == 14)
                #expect(
                    try await second.metric(series + "_sum") == Double(250 + 1000 + scenario.auditTask.checks.count))
            }
        }

        /// Validates findings with botocore.
        private func validate(_ findings: [JSON], in world: IntegrationEnvironment) async throws {
            let folder = world.folder.path + "/findings"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            for (number, finding) in findings.enumerated() {
                try Data(Self.asSent(finding).serialized()).write(to: URL(filePath: "\(folder)/\(number).json"))
            }
            let output = try await RunningProgram.python([
                Paths.inPackage("Tests/SecurityFindingsTests/validate_goldens.py"), folder,
            ])
            #expect(output == ["\(findings.count) findings, 0 violations"])
        }

        /// A finding without the normalized severity, which Security Hub adds.
        private static func asSent(_ finding: JSON) -> JSON {
            guard var members = finding.object, var severity = members["Severity"]?.object else { return finding }
            severity["Normalized"] = nil
            members["Severity"] = .object(severity)
            return .object(members)
        }

        @Test("The same findings are in the Security Hub of moto's server, as read by boto3")
        func moto() async throws {
            let account = try #require(AccountID("123456789012"))
            try await IntegrationEnvironment.run {
                $0.credentials = [.init(accessKeyID: "AKIAMOTOEXAMPLE", secretAccessKey: "secret", account: account)]
            } _: { world in
                let url = try await world.startMoto()
                let scenario = world.scenario(findings: 1000)
                let bridge = try await world.start(environment: ["AWS_ENDPOINT_URL_SECURITYHUB": url])
                try await deliver(scenario, to: bridge, in: world)
                let output = try await RunningProgram.python(
                    [Paths.inPackage("Tests/IntegrationTests/Support/moto_findings.py"), "read", url],
                    environment: world.environment)
                let found = try #require(try JSON(parsing: output.joined()).object)
                try expect(found.map { ($0.key.string, $0.value.string ?? "") }, scenario)
                #expect(world.aws.calls(of: .batchImportFindings) == 0)
                try await bridge.stop()
            }
        }

        @Test("A message that arrives twice is stored and imported once")
        func duplicate() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                let alarm = try Alarms.make(0..<1, from: world.scenario())[0]
                let text = String(decoding: alarm.serialized(), as: UTF8.self)
                let body = try await world.signedBody(of: text)
                try await world.subscribe(bridge, to: world.topics.detect)
                try await world.subscribe(bridge, to: world.topics.detect, target: "/sns?second")
                let reports = try await world.aws.publish(topic: world.topics.detect, message: text)
                    .filter { $0.endpoint.contains("/sns") }
                #expect(reports.map(\.attempts) == [[.responded(200)], [.responded(200)]])
                #expect(Set(reports.map(\.messageID)).count == 1)
                try await bridge.waitForCompletion(of: 1)
                try await world.waitForFindings([Alarms.findingID(0, in: world.accountRegion)])
                let series = "defender_bridge_deliveries_total"
                #expect(try await bridge.metric(series + #"{outcome="stored",route="/sns"}"#) == 1)
                #expect(try await bridge.metric(series + #"{outcome="duplicate",route="/sns"}"#) == 1)

                #expect(try await Client.exchange(.sns(body), with: bridge.listen).json == ["result": "stored"])
                #expect(try await Client.exchange(.sns(body), with: bridge.listen).json == ["result": "duplicate"])
                try await bridge.stop()
                #expect(try await world.count("SELECT COUNT(*) FROM delivery") == 2)
                #expect(world.aws.findings(in: world.accountRegion).count == 1)
            }
        }
    }
}

/// The ids of findings, built from the documented rules alone.
private enum ExpectedID {
    /// The checks that can give one resource several reason codes.
    private static let checksWithReasons: Set = [
        "UNAUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK", "AUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK",
        "IOT_POLICY_OVERLY_PERMISSIVE_CHECK", "IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK",
        "IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK",
        "DEVICE_CERTIFICATE_KEY_QUALITY_CHECK", "CA_CERTIFICATE_KEY_QUALITY_CHECK",
    ]

    static func audit(_ finding: FleetAuditFinding, in accountRegion: AccountRegion) throws -> String {
        let identifier = finding.resource.identifier
        let resource: String
        if let policy = identifier["policyVersionIdentifier"] {
            resource = "\(policy["policyName"]?.string ?? ""):\(policy["policyVersionId"]?.string ?? "")"
        } else if let issuer = identifier["issuerCertificateIdentifier"] {
            resource = "\(issuer["issuerId"]?.string ?? "")/\(issuer["issuerCertificateSerialNumber"]?.string ?? "")"
        } else {
            let members = try #require(identifier.object).filter { $0.key != "deviceCertificateArn" }
            try #require(members.count == 1)
            resource = try #require(members.values.first?.string)
        }
        let reason = checksWithReasons.contains(finding.checkName) ? "/\(finding.reasonCode)" : ""
        return arn("audits/finding/\(finding.checkName)-\(resource)\(reason)", accountRegion)
    }

    static func summary(_ check: String, of audit: String, in accountRegion: AccountRegion) -> String {
        arn("audits/summary/\(audit)/\(check)", accountRegion)
    }

    private static func arn(_ resource: String, _ accountRegion: AccountRegion) -> String {
        "arn:aws:iot-device-defender:\(accountRegion.region):\(accountRegion.account):\(resource)"
    }
}

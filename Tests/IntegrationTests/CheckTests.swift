import AWSCore
import Foundation
import HTTPServer
import HTTPTypes
import JSON
import LocalAWS
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("The check command", .timeLimit(.minutes(15)))
    struct Check {
        /// Runs the command.
        ///
        /// - Returns: the exit code, the outcomes by name and subject, and the output.
        private func check(
            _ world: IntegrationEnvironment, _ settings: [String: String] = [:], environment: [String: String] = [:],
            arguments: [String] = []
        ) async throws -> (status: Int32, checks: [String: String], text: String) {
            let all = world.settings.merging(["catchUp.interval": "1h"]) { _, last in last }
                .merging(settings) { _, last in last }
            let flags = all.flatMap { ["--set", "\($0.key)=\($0.value)"] }
            let program = try await RunningProgram.run(
                [Paths.program, "check", "--json"] + arguments + flags,
                environment: world.environment.merging(environment) { _, last in last })
            let text = program.outputLines.joined(separator: "\n")
            let report = try JSON(parsing: Array(text.utf8))
            var checks: [String: String] = [:]
            for one in try #require(report["checks"]?.array) {
                let name = "\(one["name"]?.string ?? "") \(one["subject"]?.string ?? "")"
                checks[name] = one["outcome"]?.string
                // A failed check has a remediation.
                if one["outcome"] == "failed" { #expect(one["remediation"]?.string?.isEmpty == false, "\(one)") }
            }
            let status = try #require(program.exit?.status)
            #expect(report["passed"] == .bool(status == 0))
            return (status, checks, text)
        }

        /// Sets up both topics and the EventBridge rule so that all checks pass.
        private func setUp(_ world: IntegrationEnvironment) async throws {
            for topic in [world.topics.audit, world.topics.detect] {
                let url = try await world.serveConfirmation()
                _ = try await world.aws.subscribe(topic: topic, endpoint: url)
                world.aws.setSubscriptionAttribute(
                    "DeliveryPolicy", to: #"{"healthyRetryPolicy": {"numRetries": 50}}"#, topic: topic, endpoint: url)
                world.aws.setSubscriptionAttribute(
                    "RedrivePolicy", to: #"{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:111122223333:dead"}"#,
                    topic: topic, endpoint: url)
            }
            world.aws.addRule(
                "to-the-bridge", pattern: #"{"source": ["aws.iot"]}"#,
                targets: ["arn:aws:events:us-east-1:111122223333:api-destination/bridge/1"], in: world.accountRegion)
        }

        @Test("With a correct setup all checks pass, and nothing is left behind")
        func correctSetup() async throws {
            try await IntegrationEnvironment.run { world in
                try await setUp(world)
                let result = try await check(world)
                #expect(result.status == 0, "\(result.text)")
                let skipped = result.checks.filter { $0.value != "passed" }.keys.sorted()
                #expect(skipped == ["TLS certificate "], "\(result.text)")
                let names = [
                    "role", "Security Hub", "permission securityhub:BatchImportFindings", "EventBridge rule",
                    "permission iot:ListActiveViolations", "CloudTrail", "AWS's own integration", "AWS Security Hub",
                ]
                for name in names { #expect(result.checks["\(name) \(world.accountRegion)"] == "passed") }
                #expect(result.checks["dead-letter queue \(world.topics.audit)"] == "passed")
                #expect(world.aws.findings(in: world.accountRegion).isEmpty)
            }
        }

        @Test("Of mapped sources, the mapping, its tests, secrets, topics and Security Hub of the account are checked")
        func sources() async throws {
            try await IntegrationEnvironment.run { world in
                try await setUp(world)
                let topic = "arn:aws:sns:us-east-1:111122223333:plant"
                func configuration(_ title: String) throws -> [String] {
                    let mapping = """
                        id: [$.id]
                        archivedWhen: {state: [over]}
                        severity: {path: $.id, map: {default: LOW}}
                        title: "{$.id}"
                        description: "{$.id}"
                        resources: [{type: Other, id: "{$.id}"}]
                        tests: [{message: {id: "1"}, expect: {title: "\(title)"}}]
                        """
                    _ = try world.folder.write(Array(mapping.utf8), as: "plant.yaml")
                    let sources = """
                        sources:
                          plant:
                            mapping: ./plant.yaml
                            topics: ["\(topic)"]
                            webhook:
                              account: "111122223333"
                              region: eu-west-1
                              auth: {bearer: {token: [0123456789abcdef, fedcba9876543210]}}
                        """
                    return ["--config", try world.folder.write(Array(sources.utf8), as: "sources.yaml")]
                }
                let result = try await check(world, arguments: try configuration("1"))
                #expect(result.checks["mapping source plant"] == "passed", "\(result.text)")
                #expect(result.checks["webhook source plant"] == "passed", "\(result.text)")
                #expect(result.text.contains("2 bearer tokens, for 111122223333/eu-west-1"))
                #expect(result.checks["permission securityhub:BatchImportFindings 111122223333/eu-west-1"] == "passed")
                #expect(result.checks["permission iot:DescribeAuditTask 111122223333/eu-west-1"] == nil)
                #expect(result.checks["subscription \(topic)"] != nil, "\(result.text)")
                let failed = try await check(world, arguments: try configuration("2"))
                #expect(failed.status == 1 && failed.checks["mapping source plant"] == "failed", "\(failed.text)")
            }
        }

        @Test("In an account that boto3 set up in moto, all checks pass that moto supports")
        func moto() async throws {
            try await IntegrationEnvironment.run { world in
                let url = try await world.startMoto()
                let endpoint = "https://bridge.example.com/sns"
                let prepared = try await RunningProgram.python(
                    [Paths.inPackage("Tests/IntegrationTests/Support/moto_findings.py"), "prepare", url, endpoint],
                    environment: world.environment)
                let topic = try #require(prepared.first.flatMap { ARN($0) })
                let result = try await check(
                    world, ["sns.topics": topic.description],
                    environment: ["AWS_ENDPOINT_URL": url])
                let failed = result.checks.filter { $0.value == "failed" }.keys
                // Moto does not implement Device Defender.
                #expect(failed.allSatisfy { $0.hasPrefix("permission iot:") }, "\(result.text)")
                for name in [
                    "credentials ", "role \(topic.accountRegion)", "Security Hub \(topic.accountRegion)",
                    "permission securityhub:BatchImportFindings \(topic.accountRegion)",
                    "permission securityhub:GetFindings \(topic.accountRegion)", "subscription \(topic)",
                    "delivery policy \(topic)", "dead-letter queue \(topic)", "EventBridge rule \(topic.accountRegion)",
                ] { #expect(result.checks[name] == "passed", "\(name): \(result.text)") }
            }
        }

        @Test("Causes of missing or duplicate findings fail with the command that fixes them")
        func missingOrDuplicateFindings() async throws {
            try await IntegrationEnvironment.run { world in
                try await setUp(world)
                world.aws.enableProduct("aws/iot-device-defender-audit", in: world.accountRegion)
                world.aws.setTrailLogging(false, in: world.accountRegion)
                world.aws.setTopicAttribute("SignatureVersion", to: "2", topic: world.topics.audit)
                for (topic, scope) in [(world.topics.detect, "MessageAttributes"), (world.topics.audit, "MessageBody")]
                {
                    let url = try await world.serveConfirmation()
                    _ = try await world.aws.subscribe(topic: topic, endpoint: url)
                    for (name, value) in [("FilterPolicy", #"{"kind": ["alarm"]}"#), ("FilterPolicyScope", scope)] {
                        world.aws.setSubscriptionAttribute(name, to: value, topic: topic, endpoint: url)
                    }
                    let result = try await check(
                        world, ["sns.minimumSignatureVersion": "2"], arguments: ["--endpoint", url])
                    #expect(result.status == 1)
                    let isDetect = topic == world.topics.detect
                    #expect(result.checks["filter policy \(topic)"] == (isDetect ? "failed" : "skipped"))
                    #expect(
                        result.checks["AWS's own integration \(world.accountRegion)"] == "warning", "\(result.text)")
                    #expect(
                        result.text.contains(
                            "aws securityhub disable-import-findings-for-product --region us-east-1 "
                                + "--product-subscription-arn arn:aws:securityhub:us-east-1:111122223333:"
                                + "product-subscription/aws/iot-device-defender-audit"))
                    #expect(result.checks["CloudTrail \(world.accountRegion)"] == "failed")
                    #expect(result.checks["signature version \(world.topics.audit)"] == "passed")
                    #expect(result.checks["signature version \(world.topics.detect)"] == "failed")
                }
            }
        }

        @Test("An active finding is looked up in AWS Security Hub, and its absence is a warning")
        func securityHubV2() async throws {
            try await IntegrationEnvironment.run { world in
                try await setUp(world)
                let name = "AWS Security Hub \(world.accountRegion)"
                world.aws.setSecurityHubV2(.receiving, in: world.accountRegion)
                let empty = try await check(world)
                #expect(empty.checks[name] == "passed" && empty.text.contains("no active finding"), "\(empty.text)")
                let id = "arn:aws:iot-device-defender:us-east-1:111122223333:detect/violation/v1"
                let product = "arn:aws:securityhub:us-east-1:111122223333:product/111122223333/default"
                let finding: JSON = [
                    "SchemaVersion": "2018-10-08", "Id": .string(id), "ProductArn": .string(product),
                    "GeneratorId": "Fleet/MessagesSent", "AwsAccountId": "111122223333", "Types": ["Unusual Behaviors"],
                    "CreatedAt": "2026-11-22T10:00:00Z", "UpdatedAt": "2026-11-22T10:00:00Z",
                    "Severity": ["Label": "HIGH"], "Title": "t", "Description": "d",
                    "Resources": [["Type": "Other", "Id": "r"]],
                ]
                let imported = world.aws.importFindings(["Findings": [finding]], in: world.accountRegion)
                #expect(imported?["SuccessCount"] == 1)
                let received = try await check(world)
                #expect(received.checks[name] == "passed" && received.text.contains("has the bridge's findings"))
                world.aws.setSecurityHubV2(.empty, in: world.accountRegion)
                let missing = try await check(world)
                #expect(missing.status == 0 && missing.checks[name] == "warning" && missing.text.contains(id))
                world.aws.fail(.describeSecurityHubV2, status: 403, code: "AccessDeniedException")
                let denied = try await check(world)
                #expect(denied.status == 0 && denied.checks[name] == "skipped", "\(denied.text)")
                #expect(denied.text.contains("allow securityhub:DescribeSecurityHubV2"))
            }
        }

        @Test("The chain and the host name of the certificate are checked")
        func certificate() async throws {
            try await IntegrationEnvironment.run { world in
                let tls = try await TestCertificate.make("server", in: world.folder)
                let trusted = ["SSL_CERT_FILE": tls.authority]
                let name = "TLS certificate name", chain = "TLS certificate chain \(tls.certificate)"
                let good = try await check(
                    world, tls.settings, environment: trusted, arguments: ["--endpoint", "https://localhost:443/sns"])
                #expect(good.checks[chain] == "passed", "\(good.text)")
                #expect(good.checks["\(name) localhost"] == "passed")
                let bad = try await check(
                    world, tls.settings, arguments: ["--endpoint", "https://bridge.example.com/sns"])
                #expect(bad.checks[chain] == "failed", "\(bad.text)")
                #expect(bad.checks["\(name) bridge.example.com"] == "failed")
            }
        }

        @Test("The check creates no files")
        func creates() async throws {
            try await IntegrationEnvironment.run { world in
                let before = try FileManager.default.contentsOfDirectory(atPath: world.folder.path)
                let result = try await check(world)
                #expect(result.checks["store "] == "passed", "\(result.text)")
                #expect(try FileManager.default.contentsOfDirectory(atPath: world.folder.path) == before)
            }
        }

        @Test(
            "Run as root, commands continue as the owner of the store's folder",
            .enabled(if: geteuid() == 0, "only root can change the owner"))
        func owner() async throws {
            try await IntegrationEnvironment.run { world in
                let state = world.folder.path("state")
                try FileManager.default.createDirectory(
                    atPath: state, withIntermediateDirectories: false,
                    attributes: [.ownerAccountID: 65534, .groupOwnerAccountID: 65534, .posixPermissions: 0o700])
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o755], ofItemAtPath: world.folder.path)
                let store = ["store.url": "sqlite://\(state)/store.db"]
                let key = try world.folder.write("a key of root that is long", as: "key")
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
                // Root could read a file that the service cannot.
                let unread = try await check(world, store.merging(["eventBridge.apiKeyFile": key]) { $1 })
                #expect(
                    unread.checks.keys.contains { $0.hasPrefix("configuration eventBridge.apiKey") }, "\(unread.text)")
                #expect(try await check(world, store).checks["store "] == "passed")
                // rebuild-ledger creates a missing store.
                let rebuild = try await RunningProgram.run(
                    [Paths.program, "rebuild-ledger"] + world.flags(store), environment: world.environment)
                #expect(rebuild.exit?.status == 0, "\(rebuild.errorLines)")
                let files = try FileManager.default.contentsOfDirectory(atPath: state)
                #expect(files.contains("store.db"))
                for file in files {
                    let owner = try FileManager.default.attributesOfItem(atPath: "\(state)/\(file)")[.ownerAccountID]
                    #expect(owner as? Int == 65534, "\(file)")
                }
            }
        }

        @Test("The last line counts the passed, failed and skipped checks")
        func tally() async throws {
            try await IntegrationEnvironment.run { world in
                let program = try await RunningProgram.run(
                    [Paths.program, "check"] + world.flags, environment: world.environment)
                let outcomes = program.outputLines.dropLast().filter { !$0.hasPrefix(" ") }
                func count(_ word: String) -> Int { outcomes.count { $0.hasPrefix(word + " ") } }
                #expect(
                    program.outputLines.last
                        == "\(count("passed")) passed, \(count("failed")) failed, \(count("not checked")) not checked.")
            }
        }

        @Test("Missing items fail by name, and items that the credentials do not permit to check are skipped")
        func missing() async throws {
            try await IntegrationEnvironment.run { world in
                world.aws.fail(.batchImportFindings, count: 9, status: 403, code: "AccessDeniedException")
                world.aws.fail(.listAuditFindings, count: 9, status: 403, code: "AccessDeniedException")
                world.aws.fail(.listRules, count: 9, status: 400, code: "AccessDeniedException")
                let url = try await world.serveConfirmation()
                _ = try await world.aws.subscribe(topic: world.topics.audit, endpoint: url)
                let result = try await check(world)
                #expect(result.status == 1)
                let failed = result.checks.filter { $0.value == "failed" }.keys.sorted()
                #expect(
                    failed == [
                        "dead-letter queue \(world.topics.audit)", "delivery policy \(world.topics.audit)",
                        "permission iot:ListAuditFindings \(world.accountRegion)",
                        "permission securityhub:BatchImportFindings \(world.accountRegion)",
                        "subscription \(world.topics.detect)",
                    ], "\(result.text)")
                #expect(result.checks["EventBridge rule \(world.accountRegion)"] == "skipped")
            }
        }

        @Test("An account without Security Hub or an assumable role fails, and the next account is checked")
        func accounts() async throws {
            try await IntegrationEnvironment.run { world in
                world.aws.fail(.describeHub, status: 401, code: "InvalidAccessException")
                let topics = "\(world.topics.audit),arn:aws:sns:us-east-1:777788889999:fleet"
                let result = try await check(world, ["sns.topics": topics, "aws.roleName": "DefenderBridge"])
                #expect(result.status == 1)
                #expect(result.checks["role 777788889999/us-east-1"] == "failed", "\(result.text)")
                #expect(result.checks["role \(world.accountRegion)"] == "passed")
            }
        }

        @Test("Unknown credentials and an invalid configuration fail")
        func credentials() async throws {
            try await IntegrationEnvironment.run { world in
                let unknown = try await check(world, environment: ["AWS_ACCESS_KEY_ID": "AKIANOBODYHASTHISKEY"])
                #expect(unknown.status == 1 && unknown.checks["credentials "] == "failed", "\(unknown.text)")
                let broken = try await check(world, ["aws.regions": "Frankfurt"])
                #expect(broken.status == 1 && broken.checks == ["configuration aws.regions": "failed"])
                let single = try await check(
                    world,
                    environment: [
                        "AWS_ACCESS_KEY_ID": "", "AWS_PROFILE": "sso",
                        "AWS_CONFIG_FILE": try world.folder.write(
                            "[profile sso]\nsso_account_id = 1\nsso_role_name = r\n", as: "config"),
                    ])
                #expect(single.checks["AWS settings AWS credentials"] == "failed", "\(single.text)")
            }
        }
    }
}

extension IntegrationEnvironment {
    /// Serves an endpoint that accepts every message and confirms subscriptions.
    func serveConfirmation() async throws -> String {
        let aws = aws
        let address = try await serve { request in
            let message = try? JSON(parsing: request.body)
            if message?["Type"] == "SubscriptionConfirmation", let token = message?["Token"]?.string,
                let topic = message?["TopicArn"]?.string.flatMap({ ARN($0) })
            {
                aws.confirm(topic: topic, token: token)
            }
            return ServerResponse(status: .ok)
        }
        return "http://\(address)/sns"
    }
}

import AWSCore
import Bridge
import Foundation
import JSON
import LocalAWS
import Telemetry
import TestSupport
import Testing

extension IntegrationTests {
    /// Unusual forms of what operators configure and senders send.
    @Suite("Configuration and input edge cases", .timeLimit(.minutes(15)))
    struct Readings {
        private func post(_ path: String, _ body: [UInt8], _ fields: [String: String], to bridge: BridgeProcess)
            async throws -> ClientResponse
        {
            try await Client.exchange(Request("POST", path, fields, body: body), with: bridge.listen)
        }

        private let key = ["x-api-key": IntegrationEnvironment.apiKey, "Content-Type": "application/json"]

        /// The summaries of the problems in status.json.
        private func problems(_ bridge: BridgeProcess) async throws -> [String] {
            let status = try await Client.exchange(.get("/status.json"), with: bridge.admin).json
            return status["health"]?["problems"]?.array?.compactMap { $0["summary"]?.string } ?? []
        }

        @Test(
            "A null API key admits no client, a key file with a byte order mark works, and a short key causes a warning"
        )
        func keys() async throws {
            try await IntegrationEnvironment.run { world in
                try world.folder.write(
                    Array("eventBridge:\n  apiKey: null\nsns:\n  resubscribe: True\n".utf8), as: "null.yaml")
                try world.folder.write([0xEF, 0xBB, 0xBF] + Array("heldout-key-1\n".utf8), as: "key")
                let event = world.scenario().events[0].serialized()
                var settings = world.settings
                settings["eventBridge.apiKey"] = nil
                let environment = [
                    "BRIDGE_SERVICE_HOST": "10.0.48.109", "BRIDGE_SERVICE_PORT": "80",
                    "BRIDGE_PORT": "tcp://10.0.48.109:80", "BRIDGE_PORT_80_TCP": "tcp://10.0.48.109:80",
                ].merging(world.environment) { first, _ in first }
                let null = try await BridgeProcess(
                    settings: settings, environment: environment,
                    arguments: ["--config", world.folder.path + "/null.yaml"])
                world.keep(null.program)
                #expect(try await post("/eventbridge", event, ["x-api-key": "null"], to: null).status == 401)
                try await null.stop()
                settings["eventBridge.apiKeyFile"] = world.folder.path + "/key"
                settings["log.level"] = "WARN"
                let flags = settings.sorted { $0.key < $1.key }.flatMap { ["--set", "\($0.key)=\($0.value)"] }
                let check = try await RunningProgram.run(
                    [Paths.program, "check", "--json"] + flags, environment: world.environment)
                let checks =
                    try JSON(parsing: Array(check.outputLines.joined(separator: "\n").utf8))["checks"]?.array ?? []
                let warning = try #require(checks.first { $0["outcome"] == "warning" })
                #expect(warning["subject"] == "eventBridge.apiKey", "\(warning)")
                settings["log.level"] = "Info"
                let marked = try await BridgeProcess(settings: settings, environment: world.environment)
                world.keep(marked.program)
                let body = [0xEF, 0xBB, 0xBF] + event
                #expect(try await post("/eventbridge", body, ["x-api-key": "heldout-key-1"], to: marked).status == 200)
                let signed = try await world.signedBody(of: "{}")
                #expect(
                    try await Client.exchange(.sns([0xEF, 0xBB, 0xBF] + signed), with: marked.listen).status == 200)
                #expect(marked.log(.configurationWarning).count == 1)
                try await marked.stop()
            }
        }

        @Test(
            "An array's events are processed one by one; an unparsable one becomes a dead letter, those not served are counted"
        )
        func array() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                func event(_ id: String, _ parameters: JSON, region: String? = nil) -> JSON {
                    [
                        "version": "0", "id": .string(id), "detail-type": "AWS API Call via CloudTrail",
                        "source": "aws.iot", "account": .string(world.accountRegion.account.digits),
                        "time": "2026-11-29T20:00:00Z", "region": .string(region ?? world.accountRegion.region.name),
                        "resources": [],
                        "detail": [
                            "eventSource": "iot.amazonaws.com", "eventName": "PutVerificationStateOnViolation",
                            "eventTime": "2026-11-29T20:00:00Z", "errorCode": "", "requestParameters": parameters,
                        ],
                    ]
                }
                let good: JSON = [
                    "violationId": "aa11", "verificationState": "FALSE_POSITIVE", "verificationStateDescription": "",
                ]
                let wrapped: JSON = [
                    "Data": event("e3", good), "Metadata": [:], "SystemMetadata": ["aws:EventId": "b"],
                ]
                let array: JSON = [
                    event("e1", good), event("e2", [:]), wrapped, event("e4", good, region: "sa-east-1"),
                    event("e1", good), 5,
                ]
                let answer = try await post("/eventbridge", array.serialized(), key, to: bridge)
                #expect(answer.status == 200, "\(answer)")
                #expect(try answer.json["result"] == "stored")
                try await bridge.waitForCompletion(of: 2, dead: 2)
                #expect(
                    try await post("/eventbridge", event("e1", good).serialized(), key, to: bridge).json["result"]
                        == "duplicate")
                #expect(
                    try await post("/eventbridge/", array.serialized(), key, to: bridge).json["result"] == "duplicate")
                #expect(try await post("/eventbridge", Array("[]".utf8), key, to: bridge).status == 200)
                let many = JSON.array((0...100).map { event("m\($0)", good) })
                #expect(try await post("/eventbridge", many.serialized(), key, to: bridge).status == 413)
                let foreign: JSON = [event("f", good, region: "sa-east-1"), event("g", good, region: "sa-east-1")]
                #expect(try await post("/eventbridge", foreign.serialized(), key, to: bridge).status == 403)
                #expect(
                    try await post("/eventbridge", JSON.array([5, event("e", [:])]).serialized(), key, to: bridge)
                        .status == 400)
                #expect(try await bridge.queue() == .init(completed: 2, dead: 2))
                let total = "defender_bridge_deliveries_total"
                #expect(try await bridge.total(total, "/eventbridge", "\"stored\"") == 4)
                #expect(
                    try await bridge.total(
                        "defender_bridge_refusals_total", "/eventbridge", "account_region_not_served") == 3)
                try await eventually("the lines of the events") {
                    bridge.log(.batchedEventReceived).count
                } is: {
                    $0 == 10
                }
                try await bridge.stop()
            }
        }

        @Test("A trailing slash is ignored; other wrong paths of senders are logged with the right one")
        func paths() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                try await world.subscribe(bridge, to: world.topics.detect, target: "/sns/")
                try await world.publish(try Alarms.make(0..<1, from: world.scenario()), to: world.topics.detect)
                try await bridge.waitForCompletion(of: 1)
                let sns = ["x-amz-sns-message-type": "Notification"]
                #expect(try await post("/prod/sns", [], sns, to: bridge).status == 404)
                let agent = ["User-Agent": "Amazon/EventBridge/ApiDestinations"]
                #expect(try await post("/events", Array("{}".utf8), agent, to: bridge).status == 404)
                #expect(try await post("/nothing", [], [:], to: bridge).status == 404)
                let lines = try await eventually("the warnings") {
                    bridge.log(.deliveryMisdirected)
                } is: {
                    $0.count == 2
                }
                #expect(lines.map { $0["path"]?.string } == ["/prod/sns", "/events"])
                #expect(lines.allSatisfy { $0["level"] == "warning" })
                #expect(lines.last?["reason"]?.string?.contains("must send to /eventbridge.") == true)
                let told = try await problems(bridge)
                #expect(told.contains { $0.hasPrefix("Amazon SNS delivers to the wrong path /prod/sns ") }, "\(told)")
                #expect(told.contains { $0.hasPrefix("Amazon EventBridge delivers to the wrong path /events ") })
                // RFC 9112, section 2.2: an empty line before a request line, at the start and on a persistent connection.
                var request = Request("GET", "/healthz")
                let kept = Array("\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n\r\n".utf8)
                request.bytes = kept + request.bytes
                let answers = try await Client.exchangeAll(request, with: bridge.listen)
                #expect(
                    answers.split(separator: "HTTP/1.1 200 ", omittingEmptySubsequences: true).count == 2, "\(answers)")
                try await bridge.stop()
            }
        }

        @Test("Messages that are not Device Defender's are counted by topic and become dead letters")
        func unrelated() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                try await world.subscribe(bridge, to: world.topics.detect)
                try await world.publish(
                    [
                        ["AlarmName": "dd-violations", "NewStateValue": "ALARM", "Region": "US East (N. Virginia)"],
                        "a test",
                    ],
                    to: world.topics.detect)
                try await bridge.waitForCompletion(of: 0, dead: 2)
                #expect(
                    try await bridge.metric(
                        "defender_bridge_unrelated_messages_total{topic=\"\(world.topics.detect)\"}") == 2)
                let summary =
                    "Topic \(world.topics.detect) carries messages that do not come from Device Defender (2 times"
                #expect(try await problems(bridge).contains { $0.hasPrefix(summary) })
                try await bridge.stop()
            }
        }

        @Test("Messages that sns.ignore lists are counted as ignored, and not kept")
        func ignored() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start(["sns.ignore": #"[{"AlarmName": [{"prefix": "test-"}]}]"#])
                try await world.subscribe(bridge, to: world.topics.detect)
                try await world.publish(
                    [["AlarmName": "test-1"], ["AlarmName": "test-2"], ["AlarmName": "production"]],
                    to: world.topics.detect)
                try await bridge.waitForCompletion(of: 0, dead: 1)
                #expect(try await bridge.total("defender_bridge_deliveries_total", "ignored") == 2)
                #expect(try await bridge.total("defender_bridge_unrelated_messages_total", "topic") == 1)
                try await bridge.stop()
            }
        }

        @Test("A central topic carries the audits of the listed accounts only")
        func central() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start([
                    "sns.topics": "\(world.topics.audit)=*", "sns.accounts": "444455556666",
                ])
                try await world.subscribe(bridge, to: world.topics.audit)
                func audit(_ account: String) -> JSON {
                    [
                        "accountId": .string(account), "taskId": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                        "taskStatus": "COMPLETED", "taskType": "SCHEDULED_AUDIT_TASK", "scheduledAuditName": "Daily",
                        "taskStartTime": 1_795_000_000_000, "auditDetails": [],
                    ]
                }
                try await world.publish([audit("444455556666")], to: world.topics.audit)
                let foreign = try await world.aws.publish(
                    topic: world.topics.audit,
                    messages: [String(decoding: audit("777788889999").serialized(), as: UTF8.self)],
                    signatureVersion: .two)
                #expect(foreign.first?.attempts == [.responded(403)])
                #expect(try await bridge.total("defender_bridge_refusals_total", "account_not_allowed") == 1)
                let status = try await Client.exchange(.get("/status.json"), with: bridge.admin).json
                let accountRegions = status["accountRegions"]?.array ?? []
                #expect(accountRegions.map { $0["account"] } == ["444455556666"])
                #expect(accountRegions.first?["lastDeliveryAt"]?.string != nil)
                try await bridge.stop()
            }
        }

        @Test("Socket activation: several addresses, and a local socket whose proxy names the client")
        func sockets() async throws {
            try await IntegrationEnvironment.run { world in
                let path = world.folder.path + "/bridge.sock"
                let bridge = try await world.start(
                    ["log.level": "debug"], wrapper: ["python3", "-c", Self.activate, path])
                let addresses = bridge.listen.split(separator: ",").map(String.init)
                try #require(addresses.count == 3 && addresses[2] == "unix:\(path)", "\(addresses)")
                for address in addresses.dropLast() {
                    let curl = try await RunningProgram.run([
                        "curl", "--silent", "--fail", "--globoff", "http://\(address)/healthz",
                    ])
                    #expect(curl.exit?.status == 0, "\(address)")
                }
                for forwarded in [["--header", "X-Forwarded-For: 192.0.2.7"], []] {
                    let curl = try await RunningProgram.run(
                        ["curl", "--silent", "--fail", "--unix-socket", path] + forwarded + ["http://bridge/readyz"])
                    #expect(curl.outputLines.first?.contains("ready") == true, "\(curl.errorLines)")
                }
                try await eventually("the lines of the requests") {
                    bridge.log.filter { $0["path"] == "/readyz" }.compactMap { $0["peer"]?.string }
                } is: {
                    $0 == ["192.0.2.7:0", "unix:"]
                }
                try await bridge.stop()
            }
        }

        /// Passes sockets as systemd does, then runs the program in its arguments.
        private static let activate = """
            import os, socket, sys
            opened = [socket.socket(socket.AF_INET)]
            opened[0].bind(("127.0.0.1", 0))
            try:
                second = socket.socket(socket.AF_INET6)
                second.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                second.bind(("::1", 0))
            except OSError:
                second = socket.socket(socket.AF_INET)
                second.bind(("127.0.0.2", 0))
            local = socket.socket(socket.AF_UNIX)
            local.bind(sys.argv[1])
            opened += [second, local]
            copies = [os.dup(one.fileno()) for one in opened]
            for one in opened: one.listen(16)
            copies = [__import__("fcntl").fcntl(copy, 0, 100) for copy in copies]
            for number, copy in enumerate(copies): os.dup2(copy, 3 + number, inheritable=True)
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="3", LISTEN_FDNAMES="four:six:local")
            os.execvp(sys.argv[2], sys.argv[2:])
            """
    }
}

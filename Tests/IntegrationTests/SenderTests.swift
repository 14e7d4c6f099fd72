import AWSCore
import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

extension IntegrationTests {
    /// Real senders with the configurations of `deploy/docs/senders.md`.
    @Suite("Senders", .timeLimit(.minutes(15)))
    struct Senders {
        // MARK: Alertmanager

        /// Posts an alert to Alertmanager like Prometheus.
        private static func postAlert(endingAt end: Date, to alertmanager: String) async throws {
            let alert: JSON = [
                "labels": ["alertname": "BrokerAuthFailures", "instance": "broker-1:9234", "severity": "critical"],
                "annotations": ["summary": "Many failed logins on broker-1"],
                "startsAt": .string(Date().addingTimeInterval(-60).ISO8601Format()),
                "endsAt": .string(end.ISO8601Format()),
            ]
            let request = Request(
                "POST", "/api/v2/alerts", ["Content-Type": "application/json"], body: JSON.array([alert]).serialized())
            let response = try await Client.exchange(request, with: alertmanager)
            #expect(response.status == 200, "\(response.text)")
        }

        @Test("The finding of Alertmanager's alert is active while it fires, and archived when it is resolved")
        func alertmanager() async throws {
            try await IntegrationEnvironment.run { world in
                let section = try SenderSection("Prometheus Alertmanager")
                let listen = try Client.freeAddress()
                let first = try await section.startBridge(in: world, at: listen)
                let configuration = try section.block(
                    "yaml", 1,
                    replacing: [
                        "https://bridge.example.com": "http://\(listen)",
                        "/etc/prometheus/defender-bridge-token": world.folder.path("alertmanager"),
                        "group_wait: 10s": "group_wait: 0s", "group_interval: 1m": "group_interval: 1s",
                    ])
                let address = try Client.freeAddress()
                let alertmanager = try RunningProgram([
                    "prometheus-alertmanager",
                    "--config.file=\(try world.folder.write(configuration, as: "alertmanager.yaml"))",
                    "--storage.path=\(world.folder.path("alerts"))", "--web.listen-address=\(address)",
                    "--cluster.listen-address=",
                ])
                world.keep(alertmanager)
                try await eventually("Alertmanager to be ready") {
                    let status = (try? await Client.exchange(.get("/-/ready"), with: address))?.status
                    return (status, alertmanager.exit, alertmanager.errorLines.suffix(3))
                } is: { status, exit, errors in
                    try #require(exit == nil, "\(errors)")
                    return status == 200
                }

                try await Self.postAlert(endingAt: Date().addingTimeInterval(3600), to: address)
                // The fingerprint that Alertmanager computes of these labels.
                let id = "alertmanager/01f76dcbb04c0a32"
                let finding = try await world.waitForFinding(id, "ACTIVE")
                #expect(finding["Title"] == "BrokerAuthFailures: Many failed logins on broker-1")
                #expect(finding["Severity"]?["Label"] == "CRITICAL")

                // The end is posted until it is accepted.
                try await first.stop()
                try await Self.postAlert(endingAt: Date(), to: address)
                try await eventually("a notification to fail") {
                    alertmanager.errorLines.contains { $0.contains("Notify attempt failed") }
                }
                let second = try await section.startBridge(in: world, at: listen)
                try await world.waitForFinding(id, "ARCHIVED")
                try await second.stop()
            }
        }

        // MARK: curl

        @Test("The commands with curl and openssl sign for each preset")
        func commands() async throws {
            try await IntegrationEnvironment.run { world in
                let section = try SenderSection("curl and openssl")
                let bridge = try await section.startBridge(in: world)
                let body = "{\"alerts\": [\n  {\"status\": \"firing\", \"fingerprint\": \"f1\"}\n]}\n"
                try world.folder.write(body, as: "alerts.json")
                for (index, source) in ["standard", "hub"].enumerated() {
                    let script = try section.block(
                        "sh", index, replacing: ["https://bridge.example.com": "http://\(bridge.listen)"])
                    let run = try await RunningProgram.run(
                        ["bash", "-euo", "pipefail", "-c", "cd '\(world.folder.path)'\n\(script)"],
                        environment: ["SECRET": SenderSection.secret])
                    #expect(run.exit?.status == 0, "\(run.errorLines)")
                    #expect(try JSON(parsing: run.outputLines.joined())["result"] == "stored")
                    try await world.waitForFinding("\(source)/f1", "ACTIVE")
                }
                try await bridge.stop()
            }
        }

        // MARK: SNS and EventBridge

        @Test("An alarm that boto3 publishes to a topic is active, and archived by an event that boto3 puts on a bus")
        func topicAndEvents() async throws {
            try await IntegrationEnvironment.run { world in
                let section = try SenderSection("Amazon SNS and EventBridge")
                let bridge = try await section.startBridge(in: world)
                let topic = ARN(service: "sns", accountRegion: world.accountRegion, resource: "iot-alarms")
                world.aws.setTopicAttribute("SignatureVersion", to: "2", topic: topic)
                try await world.subscribe(bridge, to: topic)
                let script = Paths.inPackage("Tests/IntegrationTests/Support/send_by_boto3.py")
                let alarm = ARN(
                    service: "cloudwatch", accountRegion: world.accountRegion, resource: "alarm:iot-queue"
                ).description
                try await RunningProgram.python(
                    [script, "publish", topic.description, alarm], environment: world.environment)
                let id = "iot-alarms/iot-queue/iot-queue"
                #expect(try await world.waitForFinding(id, "ACTIVE")["Severity"]?["Label"] == "MEDIUM")

                let pattern = #"{"source": ["aws.cloudwatch"], "detail": {"alarmName": [{"prefix": "iot-"}]}}"#
                let events = try await RunningProgram.python(
                    [script, "events", try await world.startMoto(), pattern, alarm], environment: world.environment)
                // The rule matches one of the two events.
                try #require(events.count == 1)
                // As an API destination posts it.
                let fields = [
                    "Content-Type": "application/json; charset=utf-8",
                    "User-Agent": "Amazon/EventBridge/ApiDestinations", "x-api-key": IntegrationEnvironment.apiKey,
                ]
                let response = try await Client.exchange(
                    Request("POST", "/eventbridge", fields, body: Array(events[0].utf8)), with: bridge.listen)
                #expect(try response.json["result"] == "stored", "\(response.text)")
                try await world.waitForFinding(id, "ARCHIVED")
                try await bridge.stop()
            }
        }
    }
}

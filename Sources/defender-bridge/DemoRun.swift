import AWSCore
import Bridge
import Encoding
import EventLoop
import FoundationEssentials
import Glibc
import HTTPClient
import HTTPTypes
import JSON
import LocalAWS
import Logging
import Telemetry

/// Runs the steps of the demo.
struct DemoRun: Sendable {
    private let loop: EventLoop
    private let folder: URL
    private let once: Bool
    private let scenario: FleetScenario
    private let alert: DemoAlert
    private let deviceAlarm: DemoDeviceAlarm
    private let topics: (audit: ARN, detect: ARN)
    private let start = ContinuousClock.now

    private static let apiKey = "key-of-the-demo-only"
    private static let timeout = Duration.seconds(120)

    init(loop: EventLoop, folder: URL, findings: Int, once: Bool) throws {
        guard let account = AccountID("111122223333"), let region = Region("us-east-1") else {
            preconditionFailure("the demo's names are well-formed")
        }
        let accountRegion = AccountRegion(account: account, region: region)
        self.loop = loop
        self.folder = folder
        self.once = once
        topics = (
            ARN(service: "sns", accountRegion: accountRegion, resource: "device-defender-audit"),
            ARN(service: "sns", accountRegion: accountRegion, resource: "device-defender-detect")
        )
        let threeHoursAgo = WallClock.now() - .seconds(3 * 3600)
        scenario = FleetScenario(
            accountRegion: accountRegion, findings: findings, startTime: threeHoursAgo.milliseconds)
        alert = DemoAlert(accountRegion: accountRegion, start: threeHoursAgo)
        deviceAlarm = DemoDeviceAlarm(accountRegion: accountRegion)
    }

    func run() async throws {
        var settings = LocalAWS.Configuration()
        // Amazon SNS waits 20 seconds between retries, which is too long for a demo.
        settings.retryDelayScale = 0.05
        let aws = try await LocalAWS(loop: loop, configuration: settings)
        aws.add(scenario.auditTask, findings: scenario.auditFindings, in: scenario.accountRegion)
        aws.add(deviceAlarm.alarm, in: scenario.accountRegion)
        printLine("Simulated AWS STS, AWS IoT, Security Hub and Amazon SNS started at \(aws.apiURL).")
        try await withCleanup {
            try await runBridge(aws)
        } cleanup: {
            await aws.stop()
        }
    }

    private func runBridge(_ aws: LocalAWS) async throws {
        let authority = folder.appending(path: "authority.pem")
        try aws.certificateAuthorityPEM.write(to: authority, atomically: true, encoding: .utf8)
        let environment = aws.endpointEnvironment.merging(["AWS_CA_BUNDLE": authority.path]) { _, last in last }
        let configuration = try BridgeConfiguration(
            flags: [
                "listen.address": "127.0.0.1:0", "admin.address": "127.0.0.1:0",
                "store.url": "sqlite://\(folder.appending(path: "store.db").path)",
                "sns.topics": "\(topics.audit),\(topics.detect)", "eventBridge.apiKey": Self.apiKey,
                "network.connectTo": aws.connectTo.joined(separator: ","),
            ], environment: [:], file: "sources:\n\(alert.source)\n\(deviceAlarm.source)",
            path: folder.appending(path: "bridge.yaml").path
        ) { path throws(ConfigurationError) in try ConfigurationFile.read(path, key: "secret") }
        let bridge = try await Bridge(
            configuration: configuration, environment: environment,
            registry: PrometheusRegistry(help: BridgeMetrics.help, buckets: BridgeMetrics.buckets),
            logger: Logger(label: "demo"))
        printLine(
            "Bridge listening at http://\(bridge.listenAddress); metrics and status page at http://\(bridge.adminAddress)."
        )
        try await runSteps(aws, while: bridge)
        printLine("Bridge stopped.")
    }

    /// Runs the steps while the bridge runs. A signal ends both without a failure.
    private func runSteps(_ aws: LocalAWS, while bridge: Bridge) async throws {
        let running = Task { try await bridge.run() }
        let steps = Task { try await runSteps(aws, bridge) }
        let watching = Task {
            _ = await running.result
            steps.cancel()
        }
        let outcome = await steps.result
        if case .success = outcome, !once {
            printLine("The bridge keeps running. Press Ctrl-C to stop it.")
        } else {
            await bridge.stop()
        }
        let signal = try await running.value
        await watching.value
        if signal == nil { try outcome.get() }
    }

    // MARK: Steps

    private func runSteps(_ aws: LocalAWS, _ bridge: Bridge) async throws {
        let endpoint = "http://\(bridge.listenAddress)/sns"
        for topic in [topics.audit, topics.detect] {
            let report = try await aws.subscribe(topic: topic, endpoint: endpoint)
            guard report.outcome == .delivered, aws.isConfirmed(topic: topic, endpoint: endpoint) else {
                throw CommandError(message: "demo failed: the bridge did not confirm the subscription to \(topic).")
            }
            printLine("Subscribed to topic \(topic.resource); the bridge confirmed the subscription.")
        }
        // Catch-up archives alarms that Device Defender does not list as active.
        aws.add(alarms: scenario.alarms, in: scenario.accountRegion)
        try await publish(scenario.alarms, to: topics.detect, aws, "\(scenario.alarms.count) alarms, one of each kind")
        try await publish([scenario.auditNotification], to: topics.audit, aws, "a completed audit")
        let ends = [scenario.clearedAlarm, scenario.invalidatedAlarm]
        aws.add(alarms: ends, in: scenario.accountRegion)
        try await publish(ends, to: topics.detect, aws, "the end of 2 alarms")
        try await post(alert.firing, to: DemoAlert.path, DemoAlert.headerFields, of: bridge)
        printLine("Alertmanager posted to \(DemoAlert.path): an alert is firing.")
        try await post(deviceAlarm.set(true, in: aws), of: bridge)
        printLine("EventBridge delivered a CloudWatch alarm: a device has authorization failures.")
        let expected = DemoExpectation(scenario)
        try await wait(for: "all findings in Security Hub") {
            expected.isImported(aws.findings(in: scenario.accountRegion))
        }
        printLine("Security Hub has \(aws.findings(in: scenario.accountRegion).count) findings.")
        try await post(scenario.events, of: bridge)
        printLine("EventBridge delivered a false positive and an audit suppression.")
        try await post(alert.resolved, to: DemoAlert.path, DemoAlert.headerFields, of: bridge)
        printLine("Alertmanager posted to \(DemoAlert.path): the alert is resolved.")
        try await post(deviceAlarm.set(false, in: aws), of: bridge)
        printLine("EventBridge delivered the end of the CloudWatch alarm.")
        try await wait(for: "the false positive, the suppression and the ends of the alerts to be applied") {
            expected.isTriaged(aws.findings(in: scenario.accountRegion))
        }
        print("")
        print(DemoReport(aws.findings(in: scenario.accountRegion)).text)
        let calls = aws.calls(of: .batchImportFindings)
        printLine(
            "AWS calls: BatchImportFindings \(calls), ListAuditFindings \(aws.calls(of: .listAuditFindings))."
        )
        let problems = expected.problems(aws.findings(in: scenario.accountRegion))
        guard problems.isEmpty else {
            throw CommandError(message: "demo failed: unexpected findings: " + problems.joined(separator: "; ") + ".")
        }
        printLine(
            TerminalColors().success(
                "Demo passed: every finding was imported exactly once and is in the expected state."))
        if !once { print(DemoReport.hint(aws)) }
    }

    private func publish(_ messages: [JSON], to topic: ARN, _ aws: LocalAWS, _ name: String) async throws {
        let texts = messages.map { String(decoding: $0.serialized(), as: UTF8.self) }
        let reports = try await aws.publish(topic: topic, messages: texts, signatureVersion: .two)
        guard reports.count == texts.count, reports.allSatisfy({ $0.outcome == .delivered }) else {
            throw CommandError(
                message: "demo failed: the bridge did not accept \(name): responses \(reports.map(\.attempts)).")
        }
        printLine("Published to Amazon SNS: \(name). The bridge verified and stored all messages.")
    }

    /// Posts events like an API destination of Amazon EventBridge.
    private func post(_ events: [JSON], of bridge: Bridge) async throws {
        for event in events {
            try await post(event, to: "/eventbridge", [Self.apiKeyHeader: Self.apiKey], of: bridge)
        }
    }

    private func post(_ body: JSON, to path: String, _ credentials: HTTPFields, of bridge: Bridge) async throws {
        let client = try await HTTPClient(loop: loop)
        var request = HTTPRequest(
            method: .post, scheme: "http", authority: bridge.listenAddress.description, path: path,
            headerFields: credentials)
        request.headerFields[.contentType] = "application/json"
        let status = try await withCleanup { [request] in
            try await client.send(request, body: body.serialized()).response.status.code
        } cleanup: {
            await client.shutdown()
        }
        guard status == 200 else {
            throw CommandError(message: "demo failed: the bridge responded to \(path) with status \(status).")
        }
    }

    private static var apiKeyHeader: HTTPField.Name {
        guard let name = HTTPField.Name("x-api-key") else { preconditionFailure("a valid name") }
        return name
    }

    private func wait(for what: String, until condition: () -> Bool) async throws {
        let end = ContinuousClock.now + Self.timeout
        while !condition() {
            guard ContinuousClock.now < end else {
                throw CommandError(
                    message: "demo failed: timed out after \(Self.timeout.components.seconds)s waiting for \(what).")
            }
            try await loop.sleep(for: .milliseconds(20))
        }
    }

    private func printLine(_ text: String) {
        let hundredths = (ContinuousClock.now - start).milliseconds / 10
        let seconds = "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
        print(String(repeating: " ", count: max(7 - seconds.count, 0)) + seconds + " s  " + text)
        // A reader of a pipe sees each step when it happens, too.
        fflush(nil)
    }
}

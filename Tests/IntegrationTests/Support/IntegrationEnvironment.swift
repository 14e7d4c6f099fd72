import AWSCore
import Cryptography
import Encoding
import EventLoop
import Foundation
import HTTPServer
import HTTPTypes
import JSON
import LocalAWS
import Synchronization
import TestSupport
import Testing

/// The environment of an integration test: a stand-in for AWS on its own loop, a temporary folder, and child processes.
final class IntegrationEnvironment: Sendable {
    let loop: EventLoop
    let aws: LocalAWS
    let folder: TemporaryFolder
    let accountRegion: AccountRegion
    let topics: (audit: ARN, detect: ARN)
    private let programs = Mutex<[RunningProgram]>([])
    private let servers = Mutex<[HTTPServer]>([])

    private init(loop: EventLoop, configuration: LocalAWS.Configuration) async throws {
        let credentials = try #require(configuration.credentials.first)
        let accountRegion = AccountRegion(
            account: credentials.account, region: try #require(configuration.regions.first))
        folder = try TemporaryFolder()
        topics = (
            ARN(service: "sns", accountRegion: accountRegion, resource: "device-defender-audit"),
            ARN(service: "sns", accountRegion: accountRegion, resource: "device-defender-detect")
        )
        self.loop = loop
        self.accountRegion = accountRegion
        aws = try await LocalAWS(loop: loop, configuration: configuration)
        try folder.write(aws.certificateAuthorityPEM, as: "authority.pem")
    }

    /// Runs a test, then stops everything and checks that no handle is left open on the loop.
    static func run(
        _ configure: (inout LocalAWS.Configuration) throws -> Void = { _ in },
        _ body: (IntegrationEnvironment) async throws -> Void
    ) async throws {
        try await withEventLoop { loop in
            var configuration = LocalAWS.Configuration()
            // SNS waits 20 seconds between two attempts.
            configuration.retryDelayScale = 0.02
            try configure(&configuration)
            let world = try await IntegrationEnvironment(loop: loop, configuration: configuration)
            try await withCleanup {
                try await body(world)
            } cleanup: {
                await world.end()
            }
        }
    }

    private func end() async {
        for program in programs.withLock({ $0 }) { program.signal(SIGKILL) }
        for server in servers.withLock({ $0 }) { await server.drain(within: .zero) }
        await aws.stop()
    }

    // MARK: Programs

    /// The process environment: points to the stand-in and contains nothing else of this machine.
    var environment: [String: String] {
        aws.endpointEnvironment.merging(["AWS_CA_BUNDLE": folder.path + "/authority.pem"]) { _, last in last }
    }

    var storePath: String { folder.path + "/store.db" }

    /// The settings that all tests share. Catch-up is off, so that the bridge acts on deliveries alone, unless a test sets it.
    var settings: [String: String] {
        [
            "store.url": "sqlite://\(storePath)", "sns.topics": "\(topics.audit),\(topics.detect)",
            "network.connectTo": aws.connectTo.joined(separator: ","), "eventBridge.apiKey": Self.apiKey,
            "catchUp.interval": "off",
        ]
    }

    /// The settings as command-line flags.
    var flags: [String] { flags([:]) }

    /// The settings as flags, with some values replaced.
    func flags(_ other: [String: String]) -> [String] {
        settings.merging(other) { _, last in last }.sorted { $0.key < $1.key }
            .flatMap { ["--set", "\($0.key)=\($0.value)"] }
    }

    static let apiKey = "the key of the test"
    static let adminToken = "token-of-the-test"

    /// Starts a bridge. See ``BridgeProcess`` for the parameters.
    func start(
        _ settings: [String: String] = [:], environment: [String: String] = [:], wrapper: [String] = [],
        arguments: [String] = [], program: String = Paths.program
    ) async throws -> BridgeProcess {
        let bridge = try await BridgeProcess(
            program: program, settings: self.settings.merging(settings) { _, last in last },
            environment: self.environment.merging(environment) { _, last in last }, wrapper: wrapper,
            arguments: arguments)
        keep(bridge.program)
        return bridge
    }

    /// Registers a process to be killed at the end of the test.
    func keep(_ program: RunningProgram) { programs.withLock { $0.append(program) } }

    // MARK: Servers

    /// Starts a server of the test.
    func serve(
        tls: TLSServerContext? = nil, _ handler: @escaping Router.Handler,
        report: @escaping @Sendable (HTTPServerEvent) -> Void = { _ in }
    ) async throws -> String {
        let address = try #require(SocketAddress("127.0.0.1:0"))
        let server = try await HTTPServer(
            on: loop, configuration: HTTPServer.Configuration(address: address, tls: tls), handler: handler,
            report: report)
        servers.withLock { $0.append(server) }
        return server.address.description
    }

    /// A service that accepts requests and never responds.
    func serveSilence() async throws -> (url: String, requests: Counter) {
        let requests = Counter()
        let address = try await serve { [loop] _ in
            requests.increment()
            try? await loop.sleep(for: .seconds(3600))
            return ServerResponse(status: .internalServerError)
        }
        return ("http://\(address)", requests)
    }

    /// A service that responds to every request with an error.
    func serveFailure() async throws -> (url: String, requests: Counter) {
        let requests = Counter()
        let address = try await serve { _ in
            requests.increment()
            return ServerResponse(status: .serviceUnavailable)
        }
        return ("http://\(address)", requests)
    }

    /// Starts moto's server, for the same account, and returns its URL.
    func startMoto() async throws -> String {
        let moto = try RunningProgram(
            ["python3", Paths.inPackage("Tests/IntegrationTests/Support/moto_findings.py"), "serve"],
            environment: ["MOTO_ACCOUNT_ID": accountRegion.account.digits])
        keep(moto)
        let lines = try await eventually("moto to listen") {
            (moto.outputLines, moto.errorLines, moto.exit)
        } is: {
            !$0.0.isEmpty || $0.2 != nil
        }
        return try #require(lines.0.first, "\(lines.1)")
    }

    // MARK: SNS

    /// Subscribes a bridge to a topic and checks that it confirms the subscription.
    func subscribe(_ bridge: BridgeProcess, to topic: ARN, target: String = "/sns") async throws {
        let endpoint = "http://\(bridge.listen)\(target)"
        let report = try await aws.subscribe(topic: topic, endpoint: endpoint, signatureVersion: .two)
        #expect(report.attempts == [.responded(200)])
        try #require(aws.isConfirmed(topic: topic, endpoint: endpoint))
    }

    /// Publishes messages and checks that each is accepted. On a busy machine, a delivery may be deferred before.
    func publish(_ messages: [JSON], to topic: ARN) async throws {
        let texts = messages.map { String(decoding: $0.serialized(), as: UTF8.self) }
        let reports = try await aws.publish(topic: topic, messages: texts, signatureVersion: .two)
        try #require(reports.count == messages.count)
        #expect(
            reports.filter { report in
                report.attempts.last != .responded(200) || report.attempts.dropLast().contains { $0 != .responded(503) }
            } == [])
    }

    /// Subscribes a bridge to both topics and publishes an audit of a fleet and one alarm.
    func deliverAuditAndAlarm(of scenario: FleetScenario, to bridge: BridgeProcess) async throws {
        aws.add(scenario.auditTask, findings: scenario.auditFindings, in: accountRegion)
        try await subscribe(bridge, to: topics.audit)
        try await subscribe(bridge, to: topics.detect)
        try await publish([scenario.auditNotification], to: topics.audit)
        try await publish(try Alarms.make(0..<1, from: scenario), to: topics.detect)
    }

    /// Returns the body of a delivery as SNS would send it, without sending it.
    func signedBody(
        of message: String, topic: ARN? = nil, by signer: LocalAWS? = nil, subject: String? = nil
    ) async throws -> [UInt8] {
        let mailbox = try await Mailbox(of: topic ?? topics.detect, signer: signer ?? aws, in: self)
        return try await mailbox.body(of: message, subject: subject)
    }

    /// Makes Security Hub reject the findings of some alarms permanently, so that they become dead letters.
    func deadLetter(_ count: Int, by bridge: BridgeProcess) async throws {
        // A rejected batch is retried in halves: each finding alone is rejected, too.
        aws.fail(.batchImportFindings, count: 2 * count - 1, status: 400, code: "InvalidInputException")
        try await publish(try Alarms.make(0..<count, from: scenario()), to: topics.detect)
        try await eventually("\(count) dead letters", bridge.queue) { $0 == .init(dead: count) }
        // Faults that the batches did not use up are removed.
        aws.clearFaults()
    }

    // MARK: Store

    /// Returns the number that a query of the store selects. No bridge may be running.
    func count(_ query: String) async throws -> Int {
        let rows = try await sql(query)
        return try #require(rows.first.flatMap { Int($0) })
    }

    /// Returns the first column of a query of the store, whose values have no line breaks. No bridge may be running.
    func lines(_ query: String) async throws -> [String] { try await sql(query) }

    /// Changes the store by SQL. No bridge may be running.
    func change(_ script: String) async throws {
        let program = """
            import sqlite3, sys
            store = sqlite3.connect(sys.argv[1])
            store.executescript(sys.argv[2])
            store.close()
            """
        try await RunningProgram.python(["-c", program, storePath, script])
    }

    @discardableResult
    private func sql(_ statement: String) async throws -> [String] {
        let program = """
            import sqlite3, sys
            with sqlite3.connect(sys.argv[1]) as store:
                for row in store.execute(sys.argv[2]):
                    print(row[0])
            store.close()
            """
        return try await RunningProgram.python(["-c", program, storePath, statement])
    }
}

/// A counter shared by several tasks.
final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .acquiring) }
    func increment() { count.add(1, ordering: .acquiringAndReleasing) }
}

/// An endpoint of the test that is subscribed to a topic and records what SNS sends.
final class Mailbox: Sendable {
    private let topic: ARN
    private let signer: LocalAWS
    private let log: Log

    private final class Log: Sendable {
        let bodies = Mutex<[[UInt8]]>([])
    }

    /// The `SubscriptionConfirmation` message.
    let confirmation: [UInt8]

    init(of topic: ARN, signer: LocalAWS, in world: IntegrationEnvironment) async throws {
        let log = Log()
        let address = try await world.serve { request in
            log.bodies.withLock { $0.append(request.body) }
            return ServerResponse(status: .ok)
        }
        self.topic = topic
        self.signer = signer
        self.log = log
        let url = "http://\(address)/"
        _ = try await signer.subscribe(topic: topic, endpoint: url, signatureVersion: .two)
        confirmation = try #require(log.bodies.withLock { $0.last })
        try await confirm()
        try #require(signer.isConfirmed(topic: topic, endpoint: url))
    }

    /// Publishes a message and returns the body that SNS sent.
    func body(of message: String, subject: String? = nil) async throws -> [UInt8] {
        _ = try await signer.publish(topic: topic, message: message, subject: subject, signatureVersion: .two)
        return try #require(log.bodies.withLock { $0.last })
    }

    /// Publishes messages and returns the bodies that SNS sent, in the same order.
    func bodies(of messages: [JSON]) async throws -> [[UInt8]] {
        let before = log.bodies.withLock(\.count)
        _ = try await signer.publish(
            topic: topic, messages: messages.map { String(decoding: $0.serialized(), as: UTF8.self) },
            signatureVersion: .two, concurrency: 1)
        let bodies = log.bodies.withLock { Array($0[before...]) }
        try #require(bodies.count == messages.count)
        return bodies
    }

    private func confirm() async throws {
        let token = try #require(try JSON(parsing: confirmation)["Token"]?.string)
        let query = "Action=ConfirmSubscription&TopicArn=\(topic)&Token=\(token)&Version=2010-03-31"
        let url = "https://sns.\(topic.accountRegion.region).amazonaws.com/?\(query)"
        // The stand-in returns the form of curl's `--connect-to`.
        let connectTo = signer.connectTo.flatMap { ["--connect-to", $0] }
        let curl = try await RunningProgram.run(["curl", "--silent", "--fail", "--insecure"] + connectTo + [url])
        try #require(curl.exit?.status == 0)
    }
}

/// Alarms as Device Defender publishes them.
enum Alarms {
    /// Distinct alarms, derived from those of the example fleet.
    static func make(_ range: Range<Int>, from scenario: FleetScenario) throws -> [JSON] {
        try range.map { number in
            var members = try #require(scenario.alarms[number % scenario.alarms.count].object)
            members["violationId"] = .string(id(number))
            members["thingName"] = .string("pump-\(number)")
            return .object(members)
        }
    }

    /// The `ALARM_CLEARED` message of an alarm, a minute later.
    static func cleared(_ alarm: JSON) throws -> JSON {
        var members = try #require(alarm.object)
        members["violationEventType"] = "alarm-cleared"
        members["violationEventTime"] = .integer(try #require(alarm["violationEventTime"]?.integer) + 60_000)
        return .object(members)
    }

    static func id(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }

    /// The id of the finding of an alarm.
    static func findingID(_ number: Int, in accountRegion: AccountRegion) -> String {
        "arn:aws:iot-device-defender:\(accountRegion.region):\(accountRegion.account):detect/violation/\(id(number))"
    }
}

extension IntegrationEnvironment {
    /// The example fleet, audited three hours ago.
    func scenario(findings: Int = 23) -> FleetScenario {
        FleetScenario(
            accountRegion: accountRegion, findings: findings,
            startTime: Int64(Date().timeIntervalSince1970 * 1000) - 3 * 3_600_000)
    }

    /// Waits until Security Hub has exactly these findings.
    func waitForFindings(
        _ ids: some Sequence<String>, in account: AccountRegion? = nil, within limit: Duration = .seconds(60)
    ) async throws {
        let (expected, accountRegion) = (Set(ids), account ?? accountRegion)
        try await eventually("\(expected.count) findings", within: limit) {
            let findings = aws.findings(in: accountRegion).compactMap { $0["Id"]?.string }
            let seen = Set(findings)
            return (
                findings.count, expected.subtracting(seen).sorted().prefix(5),
                seen.subtracting(expected).sorted().prefix(5)
            )
        } is: { count, missing, unexpected in
            count == expected.count && missing.isEmpty && unexpected.isEmpty
        }
    }
}

import AWSCore
import Encoding
import EventLoop
import Foundation
import HTTPClient
import HTTPTypes
import JSON
import LocalAWS
import TestSupport

/// The environment of intake measurements: a stand-in for SNS and a directory for stores.
struct IntakeEnvironment: Sendable {
    let folder: TemporaryFolder
    let aws: LocalAWS
    let client: HTTPClient
    let messages: SignedMessages

    /// Runs a measurement with a number of signed messages of one topic, then releases everything.
    static func with(messages count: Int, _ body: (IntakeEnvironment) async throws -> Void) async throws {
        try await withEventLoop { loop in
            let aws = try await LocalAWS(loop: loop)
            let folder = try TemporaryFolder()
            var configuration = HTTPClient.Configuration()
            configuration.connectTo = aws.connectTo
            configuration.certificateAuthorities = try folder.write(aws.certificateAuthorityPEM, as: "authority.pem")
            let client = try await HTTPClient(loop: loop, configuration: configuration)
            try await withCleanup {
                let messages = try await SignedMessages(count, in: ["us-east-1"].compactMap { Region($0) }, by: aws)
                try await body(IntakeEnvironment(folder: folder, aws: aws, client: client, messages: messages))
            } cleanup: {
                await aws.stop()
                await client.shutdown()
            }
        }
    }

    /// The programs to measure, the bridge first.
    ///
    /// - Parameters:
    ///   - bridge: the path of `defender-bridge`.
    ///   - peer: the path of the comparison program.
    func programs(bridge: String, peer: String?) async throws -> [any IntakeProgram] {
        let ours = self.bridge(path: bridge)
        guard let peer else { return [ours] }
        let certificate = try await client.send(Self.request(.get, messages.certificateURL), body: []).body
        let path = try folder.write(certificate, as: "certificate.pem")
        return [ours, PeerProgram(path: peer, certificate: path, topic: messages.topics[0])]
    }

    /// A bridge to measure.
    ///
    /// - Parameters:
    ///   - name: the name in the results.
    ///   - path: the program.
    ///   - command: arguments in front of the settings.
    ///   - settings: additional settings.
    func bridge(
        _ name: String = "defender-bridge", path: String, command: [String] = ["serve"],
        settings: [String: String] = [:]
    ) -> BridgeProgram {
        var all = [
            "sns.topics": messages.topics[0].description, "network.connectTo": aws.connectTo.joined(separator: ","),
        ]
        all.merge(settings) { _, last in last }
        return BridgeProgram(
            name: name, path: path, command: command, settings: all,
            environment: aws.endpointEnvironment.merging([
                "AWS_CA_BUNDLE": folder.path("authority.pem"),
                // No server listens there: deliveries are accepted and wait.
                "AWS_ENDPOINT_URL_SECURITYHUB": "http://127.0.0.1:9",
            ]) { _, last in last }, client: client)
    }

    /// Runs a program with an empty store.
    ///
    /// - Parameter body: receives the process and the path of the store.
    func withFreshStore(
        _ program: any IntakeProgram, _ body: (any IntakeProcess, String) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let process = try await program.start(in: folder)
        try await withCleanup {
            try await body(process, folder.path("store.db"))
        } cleanup: {
            try await process.stop()
        }
    }

    /// Number of first deliveries that are not measured.
    static let warmUpDeliveries = 100

    /// Delivers some messages, so that one-time work is done.
    func warmUp(_ process: any IntakeProcess) async throws {
        for body in messages.bodies.prefix(Self.warmUpDeliveries) {
            try await Self.deliver(body, to: process, by: client)
        }
    }

    /// The measured requests.
    var requests: [[UInt8]] { Array(messages.requests.dropFirst(Self.warmUpDeliveries)) }

    /// Warms a program up and measures it under load.
    ///
    /// - Throws: ``BenchmarkError`` if an acknowledged delivery is not in the store.
    func measure(_ process: any IntakeProcess, store: String, by load: Load) async throws -> IntakeMeasurement {
        try await warmUp(process)
        let measurement = try await measure(process, by: load)
        try await checkAllStored(in: store)
        return measurement
    }

    /// Measures a program under load.
    func measure(_ process: any IntakeProcess, by load: Load) async throws -> IntakeMeasurement {
        let before = try ProcessUsage(of: process.process)
        let result = try await load.run(on: [process.port])
        let used = try ProcessUsage(of: process.process).processorTime - before.processorTime
        return IntakeMeasurement(load: result, processorMicroseconds: used / Double(load.requests.count) * 1e6)
    }

    /// Checks that all messages are in a store.
    func checkAllStored(in store: String) async throws {
        let stored = try await count(in: store)
        // The store also contains internal deliveries of the bridge.
        guard stored >= messages.bodies.count else {
            throw BenchmarkError(
                description: "\(messages.bodies.count) deliveries were acknowledged and \(stored) are stored")
        }
    }

    /// Delivers a message that must be accepted.
    static func deliver(_ body: [UInt8], to process: any IntakeProcess, by client: HTTPClient) async throws {
        let status = try await status(of: body, to: process, by: client)
        guard status == 200 else { throw BenchmarkError(description: "\(process.endpoint) responded with \(status)") }
    }

    /// Delivers a message and returns the status of the response.
    static func status(of body: [UInt8], to process: any IntakeProcess, by client: HTTPClient) async throws -> Int {
        try await client.send(request(.post, process.endpoint), body: body).response.status.code
    }

    private static func request(_ method: HTTPRequest.Method, _ url: String) -> HTTPRequest {
        let url = URL(string: url)
        let port = url?.port.map { ":\($0)" } ?? ""
        return HTTPRequest(
            method: method, scheme: url?.scheme, authority: (url?.host() ?? "") + port, path: url?.path())
    }

    /// The number of deliveries in a store, by the `sqlite3` program.
    func count(in store: String) async throws -> Int {
        let result = try await Program.run(["sqlite3", "-readonly", store, "SELECT count(*) FROM delivery"])
        guard result.status == 0, let count = Int(result.text.trimmingCharacters(in: .newlines)) else {
            throw BenchmarkError(description: "the deliveries in \(store) could not be counted: \(result.errors)")
        }
        return count
    }
}

import AWSCore
import EventLoop
import Foundation
import HTTPClient
import HTTPTypes
import JSON
import LocalAWS
import TestSupport

/// What the programs are measured in: a stand-in for SNS, and a folder for their stores.
struct IntakeWorld: Sendable {
    let folder: TemporaryFolder
    let aws: LocalAWS
    let client: HTTPClient
    let messages: SignedMessages

    /// Makes one with so many signed messages of one topic, and ends it.
    static func with(messages count: Int, _ body: (IntakeWorld) async throws -> Void) async throws {
        try await withEventLoop { loop in
            let aws = try await LocalAWS(loop: loop)
            let folder = try TemporaryFolder()
            var configuration = HTTPClient.Configuration()
            configuration.connectTo = aws.connectTo
            configuration.certificateAuthorities = try folder.write(aws.certificateAuthorityPEM, as: "authority.pem")
            let client = try await HTTPClient(loop: loop, configuration: configuration)
            try await withCleanup {
                let messages = try await SignedMessages(count, in: ["us-east-1"].compactMap { Region($0) }, by: aws)
                try await body(IntakeWorld(folder: folder, aws: aws, client: client, messages: messages))
            } cleanup: {
                await aws.stop()
                await client.shutdown()
            }
        }
    }

    /// The programs to be measured, the bridge first.
    ///
    /// - Parameters:
    ///   - bridge: the path of `defender-bridge`.
    ///   - peer: the path of the program that it is compared with.
    func programs(bridge: String, peer: String?) async throws -> [any IntakeProgram] {
        let ours = self.bridge(path: bridge)
        guard let peer else { return [ours] }
        let certificate = try await client.send(Self.request(.get, messages.certificateURL), body: []).body
        let path = try folder.write(certificate, as: "certificate.pem")
        return [ours, PeerProgram(path: peer, certificate: path, topic: messages.topics[0])]
    }

    /// A bridge to be measured.
    ///
    /// - Parameters:
    ///   - name: what it is called in the results.
    ///   - path: the program.
    ///   - command: what the program is told to do, before the settings.
    ///   - settings: those that it has beside those of this world.
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
                // Nobody listens there: deliveries are taken, and wait.
                "AWS_ENDPOINT_URL_SECURITYHUB": "http://127.0.0.1:9",
            ]) { _, last in last }, client: client)
    }

    /// Runs a program with an empty store.
    ///
    /// - Parameter body: gets the process, and the path of the store.
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

    /// How many deliveries, the first ones, are not measured.
    static let warmUpDeliveries = 100

    /// Has a program do everything once that it does only once.
    func warmUp(_ process: any IntakeProcess) async throws {
        for body in messages.bodies.prefix(Self.warmUpDeliveries) {
            try await Self.deliver(body, to: process, by: client)
        }
    }

    /// The requests that are measured.
    var requests: [[UInt8]] { Array(messages.requests.dropFirst(Self.warmUpDeliveries)) }

    /// Has a program take a load when it is warm.
    ///
    /// - Throws: ``BenchmarkError`` if not all that was answered is in the store.
    func measure(_ process: any IntakeProcess, store: String, by load: Load) async throws -> IntakeMeasurement {
        try await warmUp(process)
        let measurement = try await measure(process, by: load)
        try await checkAllStored(in: store)
        return measurement
    }

    /// Has a program take a load.
    func measure(_ process: any IntakeProcess, by load: Load) async throws -> IntakeMeasurement {
        let before = try ProcessUsage(of: process.process)
        let result = try await load.run(on: [process.port])
        let used = try ProcessUsage(of: process.process).processorTime - before.processorTime
        return IntakeMeasurement(load: result, processorMicroseconds: used / Double(load.requests.count) * 1e6)
    }

    /// Makes sure that all messages are in a store.
    func checkAllStored(in store: String) async throws {
        let stored = try await count(in: store)
        // The bridge also has deliveries of its own there.
        guard stored >= messages.bodies.count else {
            throw BenchmarkError(
                description: "\(messages.bodies.count) deliveries were answered and \(stored) are stored")
        }
    }

    /// Delivers a message that must be taken.
    static func deliver(_ body: [UInt8], to process: any IntakeProcess, by client: HTTPClient) async throws {
        let status = try await status(of: body, to: process, by: client)
        guard status == 200 else { throw BenchmarkError(description: "\(process.endpoint) answered \(status)") }
    }

    /// Delivers a message, and gives the answer's status.
    static func status(of body: [UInt8], to process: any IntakeProcess, by client: HTTPClient) async throws -> Int {
        try await client.send(request(.post, process.endpoint), body: body).response.status.code
    }

    private static func request(_ method: HTTPRequest.Method, _ url: String) -> HTTPRequest {
        let url = URL(string: url)
        let port = url?.port.map { ":\($0)" } ?? ""
        return HTTPRequest(
            method: method, scheme: url?.scheme, authority: (url?.host() ?? "") + port, path: url?.path())
    }

    /// How many deliveries there are in a store, by SQLite's own program.
    func count(in store: String) async throws -> Int {
        let result = try await Program.run(["sqlite3", "-readonly", store, "SELECT count(*) FROM delivery"])
        guard result.status == 0, let count = Int(result.text.trimmingCharacters(in: .newlines)) else {
            throw BenchmarkError(description: "the deliveries in \(store) could not be counted: \(result.errors)")
        }
        return count
    }
}

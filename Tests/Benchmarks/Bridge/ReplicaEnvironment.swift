import AWSCore
import Encoding
import EventLoop
import Foundation
import HTTPClient
import JSON
import LocalAWS
import TestSupport

/// The environment of measurements with several bridges: a PostgreSQL server, a stand-in for SNS, and one for Security Hub
/// per measurement.
struct ReplicaEnvironment: Sendable {
    let program: String
    let cluster: PostgreSQLCluster
    let folder: TemporaryFolder
    let signer: LocalAWS
    let client: HTTPClient
    let loop: EventLoop
    let messages: SignedMessages

    /// Configuration of the stand-ins, with enough Regions that each bridge processes some.
    static let configuration: LocalAWS.Configuration = {
        var configuration = LocalAWS.Configuration()
        configuration.regions = [
            "us-east-1", "us-west-2", "ca-central-1", "sa-east-1", "eu-west-1", "eu-north-1", "ap-south-1",
            "ap-northeast-1",
        ].compactMap { Region($0) }
        return configuration
    }()

    /// Measures a number of bridges with an empty database and an empty Security Hub.
    func measure(_ count: Int, connections: Int) async throws -> ReplicaMeasurement {
        let database = try await cluster.makeDatabase()
        let hub = try await LocalAWS(loop: loop, configuration: Self.configuration)
        var bridges: [ServedBridge] = []
        var result: ReplicaMeasurement?
        try await withCleanup {
            for number in 0..<count {
                bridges.append(
                    try await ServedBridge(
                        program: program, settings: settings(cluster.url(database)), environment: environment(hub),
                        log: folder.path("bridge-\(number).log"), client: client))
            }
            result = try await measure(Bridges(processes: bridges, database: database, hub: hub), connections)
        } cleanup: {
            for bridge in bridges { try await bridge.stop() }
            await hub.stop()
            try await cluster.dropDatabase(database)
        }
        guard let result else { throw BenchmarkError(description: "nothing was measured") }
        return result
    }

    private func settings(_ store: String) -> [String: String] {
        [
            "store.url": store, "sns.topics": messages.topics.map(\.description).joined(separator: ","),
            "network.connectTo": signer.connectTo.joined(separator: ","), "catchUp.interval": "off",
            "securityHub.requestsPerSecond": "1000", "securityHub.burst": "1000",
        ]
    }

    private func environment(_ hub: LocalAWS) -> [String: String] {
        hub.endpointEnvironment.merging(["AWS_CA_BUNDLE": folder.path("authority.pem")]) { _, last in last }
    }

    // MARK: Measuring

    /// Bridges that share a database.
    private struct Bridges {
        let processes: [ServedBridge]
        let database: String
        let hub: LocalAWS

        /// CPU time of all bridges, in microseconds.
        func processorTime() throws -> Double { try processes.map { try $0.usage().processorTime }.reduce(0, +) * 1e6 }
    }

    private func measure(_ bridges: Bridges, _ connections: Int) async throws -> ReplicaMeasurement {
        try await command("pause", bridges)
        let warmUp = messages.topics.count
        // So that each bridge has each certificate; all but the first report duplicates.
        for bridge in bridges.processes {
            for body in messages.bodies.prefix(warmUp) {
                try await IntakeEnvironment.deliver(body, to: bridge, by: client)
            }
        }
        let used = try bridges.processorTime()
        let load = Load(requests: Array(messages.requests.dropFirst(warmUp)), connections: connections)
        let intake = try await load.run(on: bridges.processes.map(\.port))
        let usedThen = try bridges.processorTime()
        let stored = try await cluster.run("SELECT count(*) FROM delivery", in: bridges.database)
        guard stored == ["\(messages.bodies.count)"] else {
            throw BenchmarkError(description: "\(messages.bodies.count) were delivered and \(stored) are stored")
        }
        let rate = try await drain(bridges)
        let usedAtEnd = try bridges.processorTime()
        try check(bridges.hub)
        let count = Double(messages.bodies.count)
        return ReplicaMeasurement(
            intakeRate: intake.rate, intakeMicroseconds: (usedThen - used) / count, drainRate: rate,
            drainMicroseconds: (usedAtEnd - usedThen) / count)
    }

    private func command(_ name: String, _ bridges: Bridges) async throws {
        let run = try await Program.run([program, name, "--set", "store.url=\(cluster.url(bridges.database))"])
        guard run.status == 0 else { throw BenchmarkError(description: "\(name): \(run.errors)") }
    }

    /// Resumes sending and waits until everything is imported; returns findings per second since the first import.
    private func drain(_ bridges: Bridges) async throws -> Double {
        try await command("resume", bridges)
        try await eventually("the first import") { bridges.hub.calls(of: .batchImportFindings) > 0 }
        let start = ContinuousClock.now
        try await eventually("everything to be imported", within: .seconds(600)) {
            try await cluster.run(
                "SELECT count(*) FROM delivery WHERE ready_at IS NOT NULL OR state = 'dead'", in: bridges.database)
        } is: {
            $0 == ["0"]
        }
        return Double(messages.bodies.count) / ((ContinuousClock.now - start) / .seconds(1))
    }

    /// Checks that Security Hub has each finding once, and no other.
    private func check(_ hub: LocalAWS) throws {
        let found = messages.topics.flatMap { hub.findings(in: $0.accountRegion).compactMap { $0["Id"]?.string } }
        guard found.count == messages.bodies.count, Set(found) == Set(messages.findingIDs) else {
            throw BenchmarkError(
                description:
                    "\(messages.bodies.count) alarms were delivered, and Security Hub has \(found.count) findings, "
                    + "\(Set(found).intersection(messages.findingIDs).count) of them those of the alarms")
        }
    }
}

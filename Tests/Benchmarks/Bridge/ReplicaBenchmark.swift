import AWSCore
import ArgumentParser
import Encoding
import EventLoop
import HTTPClient
import LocalAWS
import TestSupport

/// Measures several bridges on one PostgreSQL database.
struct ReplicaBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "many",
        abstract: "Measure 1, 2 and 4 bridges on one PostgreSQL database.",
        discussion: """
            Delivers signed alarms of eight Regions to all bridges in turn while sending is paused, then resumes until all \
            are imported, each time with an empty database and an empty Security Hub. PostgreSQL syncs each commit to disk. \
            Exits with 1 if a finding is missing or duplicated, or if several bridges are less than half as fast as one.
            """)

    @Option(help: ArgumentHelp("Number of signed messages for each measurement, 1000 to 100000.", valueName: "count"))
    var messages = 8_000

    @Option(help: ArgumentHelp("Number of measurements for each number of bridges, 1 to 100.", valueName: "count"))
    var rounds = 3

    @Option(help: ArgumentHelp("Number of connections, 4 to 500.", valueName: "count"))
    var connections = 128

    @Option(help: ArgumentHelp("Path of the bridge. Default: defender-bridge next to this program.", valueName: "path"))
    var bridge: String?

    private static let counts = [1, 2, 4]

    func validate() throws {
        guard (1000...100_000).contains(messages), (1...100).contains(rounds), (4...500).contains(connections) else {
            throw ValidationError(
                "--messages must be from 1000 to 100000, --rounds from 1 to 100, --connections from 4 to 500.")
        }
    }

    func run() async throws {
        let program = try BridgeProgram.path(bridge)
        var hasPassed = true
        try await withEventLoop { loop in
            let cluster = try await PostgreSQLCluster(settings: ["fsync=on", "full_page_writes=on"])
            let signer = try await LocalAWS(loop: loop, configuration: ReplicaEnvironment.configuration)
            let client = try await HTTPClient(loop: loop)
            try await withCleanup {
                let folder = try TemporaryFolder()
                try folder.write(signer.certificateAuthorityPEM, as: "authority.pem")
                let testbed = ReplicaEnvironment(
                    program: program, cluster: cluster, folder: folder, signer: signer, client: client, loop: loop,
                    messages: try await SignedMessages(
                        messages, in: ReplicaEnvironment.configuration.regions, by: signer))
                hasPassed = try await measure(in: testbed)
            } cleanup: {
                await signer.stop()
                await client.shutdown()
                try await cluster.crash()
            }
        }
        if !hasPassed { throw ExitCode.failure }
    }

    private func measure(in testbed: ReplicaEnvironment) async throws -> Bool {
        var results = ReplicaResults(counts: Self.counts)
        for round in 0..<rounds {
            for index in round.isMultiple(of: 2) ? Array(Self.counts.indices) : Self.counts.indices.reversed() {
                results.add(try await testbed.measure(Self.counts[index], connections: connections), of: index)
            }
        }
        return results.report(connections: connections)
    }
}

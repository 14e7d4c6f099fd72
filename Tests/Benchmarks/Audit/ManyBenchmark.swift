import AWSCore
import ArgumentParser
import EventLoop
import HTTPClient
import LocalAWS
import TestSupport

/// Measures how several bridges on one PostgreSQL share the work.
struct ManyBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "many",
        abstract: "Measure 1, 2 and 4 bridges on one PostgreSQL.",
        discussion: """
            Delivers signed alarms of eight Regions to all bridges in turn while delivery is paused, and then has it resumed \
            until all are imported, each time with an empty database and an empty Security Hub. PostgreSQL waits for the \
            disk at each commit. Exits with 1 if a finding is not there just once, or if more bridges are less than half as \
            fast as one.
            """)

    @Option(help: ArgumentHelp("How many signed messages there are for each measurement.", valueName: "count"))
    var messages = 8_000

    @Option(help: ArgumentHelp("How often each number of bridges is measured.", valueName: "count"))
    var rounds = 3

    @Option(help: ArgumentHelp("How many connections there are.", valueName: "count"))
    var connections = 128

    @Option(help: ArgumentHelp("The program. Default: defender-bridge beside this one.", valueName: "path"))
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
        var isWell = true
        try await withEventLoop { loop in
            let cluster = try await PostgreSQLCluster(settings: ["fsync=on", "full_page_writes=on"])
            let signer = try await LocalAWS(loop: loop, configuration: ManyWorld.configuration)
            let client = try await HTTPClient(loop: loop)
            try await withCleanup {
                let folder = try TemporaryFolder()
                try folder.write(signer.certificateAuthorityPEM, as: "authority.pem")
                let world = ManyWorld(
                    program: program, cluster: cluster, folder: folder, signer: signer, client: client, loop: loop,
                    messages: try await SignedMessages(
                        messages, in: ManyWorld.configuration.regions, by: signer))
                isWell = try await measure(in: world)
            } cleanup: {
                await signer.stop()
                await client.shutdown()
                try await cluster.crash()
            }
        }
        if !isWell { throw ExitCode.failure }
    }

    private func measure(in world: ManyWorld) async throws -> Bool {
        var results = ManyResults(counts: Self.counts)
        for round in 0..<rounds {
            for index in round.isMultiple(of: 2) ? Array(Self.counts.indices) : Self.counts.indices.reversed() {
                results.add(try await world.measure(Self.counts[index], connections: connections), of: index)
            }
        }
        return results.report(connections: connections)
    }
}

import AWSCore
import ArgumentParser
import EventLoop
import Foundation
import HTTPClient
import LocalAWS
import TestSupport

/// Runs three bridges on one PostgreSQL through troubles in random order.
struct TroubleBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "troubles",
        abstract: "Run three bridges on one PostgreSQL through troubles in random order.",
        discussion: """
            Delivers signed alarms of eight Regions without pause while bridges are killed, stopped, starved and cut off, and \
            the database is locked, restarted and out of connections or rights. Prints what each trouble delays. Exits with 1 \
            unless everything acknowledged is in Security Hub once with its newest state, no later than 15 seconds after the \
            last trouble ended.
            """)

    @Option(help: ArgumentHelp("How long there are troubles, in seconds.", valueName: "seconds"))
    var duration = 600

    @Option(help: ArgumentHelp("How many alarms are delivered a second.", valueName: "count"))
    var rate = 100

    @Option(
        help: ArgumentHelp("What the order of the troubles follows from. Default: a random one.", valueName: "number"))
    var seed: UInt64?

    @Option(help: ArgumentHelp("The only troubles, by name, comma-separated. Default: all.", valueName: "names"))
    var only: String?

    @Option(help: ArgumentHelp("The program. Default: defender-bridge beside this one.", valueName: "path"))
    var bridge: String?

    func validate() throws {
        guard (10...86_400).contains(duration), (1...1000).contains(rate) else {
            throw ValidationError("--duration must be from 10 to 86400, --rate from 1 to 1000.")
        }
        let unknown = (only ?? "").split(separator: ",").filter { Trouble(rawValue: String($0)) == nil }
        guard unknown.isEmpty else {
            throw ValidationError("--only takes \(Trouble.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
    }

    func run() async throws {
        let program = try BridgeProgram.path(bridge)
        let seed = seed ?? .random(in: 0 ... .max)
        print("The order of the troubles follows from the seed \(seed).")
        let troubles = only.map { $0.split(separator: ",").compactMap { Trouble(rawValue: String($0)) } }
        var isWell = true
        try await withEventLoop { loop in
            let cluster = try await PostgreSQLCluster(settings: ["max_connections=60"])
            let aws = try await LocalAWS(loop: loop, configuration: ManyWorld.configuration)
            let client = try await HTTPClient(loop: loop)
            try await withCleanup {
                let world = try await TroubledWorld(
                    program: program, cluster: cluster, aws: aws, client: client, rate: rate)
                try await withCleanup {
                    isWell = try await world.run(
                        troubles ?? Trouble.allCases, for: .seconds(duration), random: SeededGenerator(seed: seed))
                } cleanup: {
                    await world.stop()
                }
            } cleanup: {
                await aws.stop()
                await client.shutdown()
                try await cluster.crash()
            }
        }
        if !isWell { throw ExitCode.failure }
    }
}

/// What can go wrong.
enum Trouble: String, CaseIterable {
    case killed, stopped, starved, cutOff = "cut-off", databaseRestart = "database-restart"
    case sessionsEnded = "sessions-ended", queueLocked = "queue-locked", ledgerLocked = "ledger-locked"
    case sharesLocked = "shares-locked", connectionsExhausted = "connections-exhausted", rightsMissing =
        "rights-missing"
    case orphanedLeases = "orphaned-leases"
}

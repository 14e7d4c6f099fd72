import AWSCore
import ArgumentParser
import Encoding
import EventLoop
import Foundation
import HTTPClient
import LocalAWS
import TestSupport

/// Injects faults into three bridges on one PostgreSQL database, in random order.
struct FaultInjectionBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "troubles",
        abstract: "Inject faults into three bridges on one PostgreSQL database, in random order.",
        discussion: """
            Delivers signed alarms of eight Regions continuously while bridges are killed, stopped, starved and cut off, and \
            the database is locked, restarted, and out of connections or privileges. Prints the delay after each fault. Exits \
            with 1 unless Security Hub has each acknowledged finding once, with its latest state, at most 15 s after the fault.
            """)

    @Option(help: ArgumentHelp("Duration in seconds, 10 to 86400.", valueName: "seconds"))
    var duration = 600

    @Option(help: ArgumentHelp("Alarms per second, 1 to 1000.", valueName: "count"))
    var rate = 100

    @Option(
        help: ArgumentHelp("Seed of the order of faults. Default: random.", valueName: "number"))
    var seed: UInt64?

    @Option(help: ArgumentHelp("Names of the faults to inject, comma-separated. Default: all.", valueName: "names"))
    var only: String?

    @Option(help: ArgumentHelp("Path of the bridge. Default: defender-bridge next to this program.", valueName: "path"))
    var bridge: String?

    func validate() throws {
        guard (10...86_400).contains(duration), (1...1000).contains(rate) else {
            throw ValidationError("--duration must be from 10 to 86400, --rate from 1 to 1000.")
        }
        let unknown = (only ?? "").split(separator: ",").filter { InjectedFault(rawValue: String($0)) == nil }
        guard unknown.isEmpty else {
            throw ValidationError(
                "--only must be some of \(InjectedFault.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
    }

    func run() async throws {
        let program = try BridgeProgram.path(bridge)
        let seed = seed ?? .random(in: 0 ... .max)
        print("Seed of the order of faults: \(seed)")
        let faults = only.map { $0.split(separator: ",").compactMap { InjectedFault(rawValue: String($0)) } }
        var hasPassed = true
        try await withEventLoop { loop in
            let cluster = try await PostgreSQLCluster(settings: ["max_connections=60"])
            let aws = try await LocalAWS(loop: loop, configuration: ReplicaEnvironment.configuration)
            let client = try await HTTPClient(loop: loop)
            try await withCleanup {
                let testbed = try await FaultInjectionEnvironment(
                    program: program, cluster: cluster, aws: aws, client: client, rate: rate)
                try await withCleanup {
                    hasPassed = try await testbed.run(
                        faults ?? InjectedFault.allCases, for: .seconds(duration), random: SeededGenerator(seed: seed))
                } cleanup: {
                    await testbed.stop()
                }
            } cleanup: {
                await aws.stop()
                await client.shutdown()
                try await cluster.crash()
            }
        }
        if !hasPassed { throw ExitCode.failure }
    }
}

/// A fault that the benchmark injects.
enum InjectedFault: String, CaseIterable {
    case killed, stopped, starved, cutOff = "cut-off", databaseRestart = "database-restart"
    case sessionsEnded = "sessions-ended", queueLocked = "queue-locked", ledgerLocked = "ledger-locked"
    case sharesLocked = "shares-locked", connectionsExhausted = "connections-exhausted", rightsMissing =
        "rights-missing"
    case orphanedLeases = "orphaned-leases"
}

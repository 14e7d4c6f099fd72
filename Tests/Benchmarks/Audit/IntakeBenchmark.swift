import AWSCore
import ArgumentParser
import EventLoop
import Foundation
import HTTPClient
import LocalAWS
import TestSupport

/// Measures how fast signed deliveries are taken, beside another program of the same duty.
struct IntakeBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "intake",
        abstract: "Measure how fast signed deliveries are verified, stored and answered.",
        discussion: """
            Delivers signed alarms over kept connections by wrk, each once, in turn to the bridge and to the peer, each time \
            with an empty store. Security Hub cannot be reached meanwhile, so that nothing but the intake is measured. \
            Before that, both must write to the disk for each delivery, refuse a forged one and know one that comes again. \
            Exits with 1 if the bridge misses what README promises.
            """)

    @Option(help: ArgumentHelp("The program to compare with. Default: none.", valueName: "path"))
    var peer: String?

    @Option(help: ArgumentHelp("How many signed messages there are for each round.", valueName: "count"))
    var messages = 40_000

    @Option(help: ArgumentHelp("How often each program is measured.", valueName: "count"))
    var rounds = 5

    @Option(help: ArgumentHelp("How long one measurement takes.", valueName: "count"))
    var seconds = 2

    @Option(help: ArgumentHelp("How many connections there are.", valueName: "count"))
    var connections = 64

    @Option(help: ArgumentHelp("The program. Default: defender-bridge beside this one.", valueName: "path"))
    var bridge: String?

    func validate() throws {
        guard (1000...1_000_000).contains(messages), (1...100).contains(rounds), (1...60).contains(seconds),
            (1...1000).contains(connections)
        else {
            throw ValidationError(
                "--messages must be from 1000 to 1000000, --rounds from 1 to 100, --seconds from 1 to 60, "
                    + "--connections from 1 to 1000.")
        }
    }

    func run() async throws {
        let program = bridge ?? ServedBridge.programBeside
        var isWell = true
        try await withLoop { loop in
            let aws = try await LocalAWS(loop: loop)
            let folder = try TemporaryFolder()
            var configuration = HTTPClient.Configuration()
            configuration.connectTo = aws.connectTo
            configuration.certificateAuthorities = try folder.write(aws.certificateAuthorityPEM, as: "authority.pem")
            let client = try await HTTPClient(loop: loop, configuration: configuration)
            try await perform {
                let messages = try await SignedMessages(messages, by: aws)
                let world = IntakeWorld(folder: folder, aws: aws, client: client, messages: messages)
                isWell = try await measure(try await world.programs(bridge: program, peer: peer), in: world)
            } finally: {
                await aws.stop()
                await client.shutdown()
            }
        }
        if !isWell { throw ExitCode.failure }
    }

    private func measure(_ programs: [any IntakeProgram], in world: IntakeWorld) async throws -> Bool {
        for program in programs {
            try await world.withFreshStore(program) { process, store in
                try await IntakeCheck(program: process, client: world.client, messages: world.messages).run()
            }
        }
        let load = try WrkLoad(
            requests: world.messages.requests, connections: connections, seconds: seconds, folder: world.folder)
        var results = IntakeResults(names: programs.map(\.name))
        for round in 0..<rounds {
            // Each comes first in turn, so that what is left of the one before falls on both.
            for index in round.isMultiple(of: 2) ? Array(programs.indices) : programs.indices.reversed() {
                try await world.withFreshStore(programs[index]) { process, store in
                    results.add(try await measure(process, store: store, by: load, in: world), of: index)
                }
            }
        }
        return results.report(connections: connections)
    }

    private func measure(
        _ process: any IntakeProcess, store: String, by load: WrkLoad, in world: IntakeWorld
    ) async throws -> IntakeMeasurement {
        try await world.warmUp(process)
        let before = try ProcessUsage(of: process.process)
        let result = try await load.run(on: process.endpoint)
        let used = try ProcessUsage(of: process.process).processorTime - before.processorTime
        let stored = try await world.count(in: store)
        guard stored >= result.answered else {
            throw BenchmarkFailure(
                description: "\(result.answered) were answered and \(stored) are stored: the messages ran out; "
                    + "give more with --messages")
        }
        return IntakeMeasurement(
            rate: result.rate, processorMicroseconds: used / Double(result.answered) * 1e6,
            loadMicroseconds: result.processorTime / Double(result.answered) * 1e6, median: result.median,
            slow: result.slow)
    }
}

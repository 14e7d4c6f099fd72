import ArgumentParser

/// Measures how fast signed deliveries are taken, beside another program of the same duty.
struct IntakeBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "intake",
        abstract: "Measure how fast signed deliveries are verified, stored and answered.",
        discussion: """
            Delivers signed alarms over kept connections, each once, in turn to the bridge and to the peer, each time with \
            an empty store. Security Hub cannot be reached meanwhile, so that nothing but the intake is measured. Before \
            that, both must write to the disk for each delivery, refuse a forged one and know one that comes again. \
            Exits with 1 if the bridge misses what README promises.
            """)

    @Option(help: ArgumentHelp("The program to compare with. Default: none.", valueName: "path"))
    var peer: String?

    @OptionGroup
    var options: IntakeOptions

    @Option(help: ArgumentHelp("The program. Default: defender-bridge beside this one.", valueName: "path"))
    var bridge: String?

    func run() async throws {
        let program = try BridgeProgram.path(bridge)
        var isWell = true
        try await IntakeWorld.with(messages: options.messages) { world in
            isWell = try await measure(try await world.programs(bridge: program, peer: peer), in: world)
        }
        if !isWell { throw ExitCode.failure }
    }

    private func measure(_ programs: [any IntakeProgram], in world: IntakeWorld) async throws -> Bool {
        for program in programs {
            try await world.withFreshStore(program) { process, store in
                try await IntakeCheck(program: process, client: world.client, messages: world.messages).run()
            }
        }
        let load = Load(requests: world.requests, connections: options.connections)
        var results = IntakeResults(names: programs.map(\.name))
        for round in 0..<options.rounds {
            // Each comes first in turn, so that what is left of the one before falls on both.
            for index in round.isMultiple(of: 2) ? Array(programs.indices) : programs.indices.reversed() {
                try await world.withFreshStore(programs[index]) { process, store in
                    results.add(try await world.measure(process, store: store, by: load), of: index)
                }
            }
        }
        return results.report(connections: options.connections)
    }
}

import ArgumentParser

/// Measures the rate of signed deliveries, compared with another program of the same function.
struct IntakeBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "intake",
        abstract: "Measure the rate at which signed deliveries are verified, stored and acknowledged.",
        discussion: """
            Delivers signed alarms over persistent connections, each once, in turn to the bridge and to the comparison \
            program, each time with an empty store. Security Hub is unreachable, so that only the intake is measured. First \
            checks that both sync each delivery to disk, reject a forged one and recognize a duplicate. Exits with 1 if the \
            bridge misses a goal in Tests/README.md.
            """)

    @Option(help: ArgumentHelp("Path of the comparison program. Default: none.", valueName: "path"))
    var peer: String?

    @OptionGroup
    var options: IntakeOptions

    @Option(help: ArgumentHelp("Path of the bridge. Default: defender-bridge next to this program.", valueName: "path"))
    var bridge: String?

    func run() async throws {
        let program = try BridgeProgram.path(bridge)
        try await IntakeEnvironment.with(messages: options.messages) { testbed in
            try await measure(try await testbed.programs(bridge: program, peer: peer), in: testbed)
        }
    }

    private func measure(_ programs: [any IntakeProgram], in testbed: IntakeEnvironment) async throws {
        for program in programs {
            try await testbed.withFreshStore(program) { process, store in
                try await IntakeCheck(program: process, client: testbed.client, messages: testbed.messages).run()
            }
        }
        let load = Load(requests: testbed.requests, connections: options.connections)
        var results = IntakeResults(names: programs.map(\.name))
        for round in 0..<options.rounds {
            // Each is first in turn, so that leftovers of the previous one affect both.
            for index in round.isMultiple(of: 2) ? Array(programs.indices) : programs.indices.reversed() {
                try await testbed.withFreshStore(programs[index]) { process, store in
                    results.add(try await testbed.measure(process, store: store, by: load), of: index)
                }
            }
        }
        try results.report(connections: options.connections)
    }
}

import ArgumentParser
import Foundation

/// Measures what the log and the metrics cost under full load.
struct ObservabilityBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "observability",
        abstract: "Measure what the log and the metrics cost.",
        discussion: """
            Delivers the same signed alarms to the same program as it is shipped, with a line of the log for each request \
            in a file and the metrics scraped every five seconds, and with a log of errors only and nothing counted. Both \
            begin each round with an empty store and take turns, each of them two thousand deliveries long. Exits with 1 if \
            the first takes less than 95 of 100 deliveries that the other takes in the same time, by the mean of the rounds.
            """)

    @OptionGroup
    var options: IntakeOptions

    /// What README promises, in percent.
    private static let leastRatio = 95.0
    /// How many deliveries a turn has. Turns are short, so that both meet the same of what else goes on in the machine,
    /// and long beside what one has left to do when the turn is the other's.
    private static let turn = 2000

    func run() async throws {
        var isWell = true
        try await IntakeWorld.with(messages: options.messages) { isWell = try await measure(in: $0) }
        if !isWell { throw ExitCode.failure }
    }

    private func measure(in world: IntakeWorld) async throws -> Bool {
        let path = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path
        let observed = world.bridge("with log and metrics", path: path, command: ["bridge"])
        let unobserved = world.bridge(
            "without", path: path, command: ["bridge", "--unobserved"], settings: ["log.level": "error"])
        let turns = turns(of: world.requests)
        var rounds: [[Tally]] = []
        var scrapes = Scrapes()
        for round in 0..<options.rounds {
            var tallies = [Tally(), Tally()]
            // Each is started first and gets the first turn as often as the other.
            let order = round.isMultiple(of: 2) ? [0, 1] : [1, 0]
            try await withFreshStores([observed, unobserved], started: order, in: world) { processes in
                for (number, turn) in turns.enumerated() {
                    for index in number.isMultiple(of: 2) ? order : order.reversed() {
                        let measure = { try await world.measure(processes[index], by: turn) }
                        tallies[index].add(
                            try await index == 0 ? scrapes.during(turn, processes[0], measure) : measure(), of: turn)
                    }
                }
            }
            rounds.append(tallies)
        }
        return report(rounds, of: [observed.name, unobserved.name])
    }

    /// Runs two programs, each with an empty store, which must have all messages in the end.
    ///
    /// - Parameters:
    ///   - order: in which they are started.
    ///   - body: gets the processes in the order of the programs.
    private func withFreshStores(
        _ programs: [BridgeProgram], started order: [Int], in world: IntakeWorld,
        _ body: ([any IntakeProcess]) async throws -> Void
    ) async throws {
        try await world.withFreshStore(programs[order[0]]) { first, firstStore in
            try await world.withFreshStore(programs[order[1]]) { second, secondStore in
                for process in [first, second] { try await world.warmUp(process) }
                try await body(order[0] == 0 ? [first, second] : [second, first])
                for store in [firstStore, secondStore] { try await world.checkAllStored(in: store) }
            }
        }
    }

    private func turns(of requests: [[UInt8]]) -> [Load] {
        stride(from: 0, to: requests.count, by: Self.turn).map {
            Load(requests: Array(requests[$0..<min($0 + Self.turn, requests.count)]), connections: options.connections)
        }
    }

    /// - Parameter rounds: of each, the tallies in the order of the names.
    private func report(_ rounds: [[Tally]], of names: [String]) -> Bool {
        print("Medians of \(options.rounds) rounds at \(options.connections) connections:")
        print("| program | deliveries/s | µs of CPU each |")
        print("|---|---|---|")
        for (index, name) in names.enumerated() {
            let rate = Int(Statistics.median(rounds.map { $0[index].rate }))
            let processor = Statistics.median(rounds.map { $0[index].processorMicroseconds })
            print("| \(name) | \(rate) | \(Statistics.text(processor)) |")
        }
        let ratios = rounds.map { 100 * $0[0].rate / $0[1].rate }
        let (ratio, error) = (Statistics.mean(ratios), Statistics.standardError(ratios))
        print(
            "With log and metrics it takes \(Statistics.text(ratio)) % of what it takes without"
                + " (mean of the rounds, ± \(Statistics.text(error))).")
        let isWell = ratio >= Self.leastRatio
        if !isWell { print("FAILED: that is less than \(Statistics.text(Self.leastRatio, digits: 0)) %") }
        fflush(nil)
        return isWell
    }
}

/// What a program did in one round.
private struct Tally {
    private var deliveries = 0.0
    private var seconds = 0.0
    private var processor = 0.0

    var rate: Double { deliveries / seconds }
    var processorMicroseconds: Double { processor / deliveries }

    mutating func add(_ measurement: IntakeMeasurement, of turn: Load) {
        let count = Double(turn.requests.count)
        deliveries += count
        seconds += count / measurement.load.rate
        processor += count * measurement.processorMicroseconds
    }
}

/// Scrapes the metrics as often as Prometheus does where much is to be seen.
private struct Scrapes {
    private static let interval = 5.0
    /// The seconds in which the program was measured since the last.
    private var since = interval

    /// Has a program measured, and scraped meanwhile if it is time.
    mutating func during(
        _ turn: Load, _ process: any IntakeProcess, _ measure: () async throws -> IntakeMeasurement
    ) async throws -> IntakeMeasurement {
        guard let bridge = process as? ServedBridge else {
            throw BenchmarkError(description: "only a bridge can be scraped")
        }
        let isDue = since >= Self.interval
        if isDue { since = 0 }
        async let scraping: Void = isDue ? bridge.scrape() : ()
        let measurement = try await measure()
        try await scraping
        since += Double(turn.requests.count) / measurement.load.rate
        return measurement
    }
}

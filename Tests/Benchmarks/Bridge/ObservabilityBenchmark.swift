import ArgumentParser
import Foundation

/// Measures the cost of logs and metrics under full load.
struct ObservabilityBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "observability",
        abstract: "Measure the cost of logs and metrics.",
        discussion: """
            Delivers the same signed alarms to the bridge with default logging to a file and metrics scraped every 5 s, and \
            to the bridge with errors logged only and no metrics. Both start each round with an empty store and take turns of \
            2,000 deliveries. Exits with 1 if the first accepts less than 90 % of the other's rate, by the mean of the rounds.
            """)

    @OptionGroup
    var options: IntakeOptions

    /// The limit that Tests/README.md documents, in percent.
    private static let minimumRatio = 90.0
    /// Deliveries per turn: few, so that both programs run under the same conditions, and many compared with the work that
    /// remains when a turn ends.
    private static let turn = 2000

    func run() async throws {
        var hasPassed = true
        try await IntakeEnvironment.with(messages: options.messages) { hasPassed = try await measure(in: $0) }
        if !hasPassed { throw ExitCode.failure }
    }

    private func measure(in testbed: IntakeEnvironment) async throws -> Bool {
        let path = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path
        let observed = testbed.bridge("with logs and metrics", path: path, command: ["bridge"])
        let unobserved = testbed.bridge(
            "without", path: path, command: ["bridge", "--unobserved"], settings: ["log.level": "error"])
        let turns = turns(of: testbed.requests)
        var rounds: [[Tally]] = []
        var scrapes = Scrapes()
        for round in 0..<options.rounds {
            var tallies = [Tally(), Tally()]
            // Each is started first, and has the first turn, equally often.
            let order = round.isMultiple(of: 2) ? [0, 1] : [1, 0]
            try await withFreshStores([observed, unobserved], started: order, in: testbed) { processes in
                for (number, turn) in turns.enumerated() {
                    for index in number.isMultiple(of: 2) ? order : order.reversed() {
                        let measure = { try await testbed.measure(processes[index], by: turn) }
                        tallies[index].add(
                            try await index == 0 ? scrapes.during(turn, processes[0], measure) : measure(), of: turn)
                    }
                }
            }
            rounds.append(tallies)
        }
        return report(rounds, of: [observed.name, unobserved.name])
    }

    /// Runs two programs with empty stores, and checks that both have stored all messages.
    ///
    /// - Parameters:
    ///   - order: the order in which they start.
    ///   - body: receives the processes in the order of the programs.
    private func withFreshStores(
        _ programs: [BridgeProgram], started order: [Int], in testbed: IntakeEnvironment,
        _ body: ([any IntakeProcess]) async throws -> Void
    ) async throws {
        try await testbed.withFreshStore(programs[order[0]]) { first, firstStore in
            try await testbed.withFreshStore(programs[order[1]]) { second, secondStore in
                for process in [first, second] { try await testbed.warmUp(process) }
                try await body(order[0] == 0 ? [first, second] : [second, first])
                for store in [firstStore, secondStore] { try await testbed.checkAllStored(in: store) }
            }
        }
    }

    private func turns(of requests: [[UInt8]]) -> [Load] {
        stride(from: 0, to: requests.count, by: Self.turn).map {
            Load(requests: Array(requests[$0..<min($0 + Self.turn, requests.count)]), connections: options.connections)
        }
    }

    /// - Parameter rounds: the tallies of each round in the order of the names.
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
            "With logs and metrics, the rate is \(Statistics.text(ratio)) % of the rate without"
                + " (mean of the rounds, ± \(Statistics.text(error))).")
        let hasPassed = ratio >= Self.minimumRatio
        if !hasPassed { print("FAILED: this is less than \(Statistics.text(Self.minimumRatio, digits: 0)) %") }
        fflush(nil)
        return hasPassed
    }
}

/// The sums of one program in one round.
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

/// Scrapes the metrics at a short interval of Prometheus.
private struct Scrapes {
    private static let interval = 5.0
    /// Measured seconds since the last scrape.
    private var since = interval

    /// Measures a program, and scrapes it meanwhile if the interval has passed.
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

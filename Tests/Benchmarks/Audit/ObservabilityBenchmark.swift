import ArgumentParser
import Foundation

/// Measures what the log and the metrics cost under full load.
struct ObservabilityBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "observability",
        abstract: "Measure what the log and the metrics cost.",
        discussion: """
            Delivers the same signed alarms to the same program in turn as it is shipped, with a line of the log for each \
            request in a file and the metrics scraped every five seconds, and with a log of errors only and nothing \
            counted. Each has an empty store each time. Exits with 1 if the first takes less than 95 of 100 deliveries that \
            the other takes in the same time, by the median of the rounds, in each of which one comes after the other.
            """)

    @OptionGroup
    var options: IntakeOptions

    /// What README promises.
    private static let leastRatio = 0.95
    /// As Prometheus does it where much is to be seen.
    private static let scrapeInterval = Duration.seconds(5)

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
        let load = world.load(connections: options.connections)
        var measurements: (observed: [IntakeMeasurement], unobserved: [IntakeMeasurement]) = ([], [])
        for round in 0..<options.rounds {
            // Each comes first in turn, so that what is left of the one before falls on both.
            for isObserved in round.isMultiple(of: 2) ? [true, false] : [false, true] {
                try await world.withFreshStore(isObserved ? observed : unobserved) { process, store in
                    if isObserved {
                        measurements.observed.append(
                            try await Self.whileScraping(process) {
                                try await world.measure(process, store: store, by: load)
                            })
                    } else {
                        measurements.unobserved.append(try await world.measure(process, store: store, by: load))
                    }
                }
            }
        }
        return report([(observed.name, measurements.observed), (unobserved.name, measurements.unobserved)])
    }

    /// Scrapes the metrics until something is done.
    private static func whileScraping(
        _ process: any IntakeProcess, _ body: () async throws -> IntakeMeasurement
    ) async throws -> IntakeMeasurement {
        guard let bridge = process as? ServedBridge else {
            throw BenchmarkFailure(description: "only a bridge can be scraped")
        }
        let scraping = Task {
            while !Task.isCancelled {
                try await bridge.scrape()
                try? await Task.sleep(for: scrapeInterval)
            }
        }
        let measurement: IntakeMeasurement
        do {
            measurement = try await body()
        } catch {
            scraping.cancel()
            throw error
        }
        scraping.cancel()
        try await scraping.value
        return measurement
    }

    private func report(_ all: [(name: String, measurements: [IntakeMeasurement])]) -> Bool {
        print("Medians of \(options.rounds) rounds at \(options.connections) connections:")
        print("| program | deliveries/s | µs of CPU each |")
        print("|---|---|---|")
        let rates = all.map { $0.measurements.map(\.load.rate) }
        for (part, rates) in zip(all, rates) {
            let processor = Statistics.median(part.measurements.map(\.processorMicroseconds))
            print("| \(part.name) | \(Int(Statistics.median(rates))) | \(Statistics.text(processor)) |")
        }
        let ratio = Statistics.median(zip(rates[0], rates[1]).map { $0 / $1 })
        print("With log and metrics it takes \(Statistics.text(100 * ratio)) % of what it takes without.")
        let isWell = ratio >= Self.leastRatio
        if !isWell { print("FAILED: that is less than \(Statistics.text(100 * Self.leastRatio, digits: 0)) %") }
        fflush(nil)
        return isWell
    }
}

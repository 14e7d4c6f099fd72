import Encoding
import Foundation

/// One measurement of one program.
struct IntakeMeasurement: Sendable {
    let load: Load.Result
    /// CPU time of the program for each delivery.
    let processorMicroseconds: Double
}

/// The measurements of all programs; the first must meet the goals, compared with the second.
struct IntakeResults: Sendable {
    private let names: [String]
    private var measurements: [[IntakeMeasurement]]

    init(names: [String]) {
        self.names = names
        measurements = names.map { _ in [] }
    }

    mutating func add(_ measurement: IntakeMeasurement, of index: Int) { measurements[index].append(measurement) }

    /// Prints a table and the goals.
    ///
    /// - Throws: `ExitCode` 1 if a goal is missed.
    func report(connections: Int) throws {
        print(
            "Medians of \(measurements[0].count) rounds at \(connections) connections; the lowest CPU times:"
        )
        print(
            "| program | deliveries/s | µs of CPU each | half within | 99 of 100 within | µs of the load's CPU each |")
        print("|---|---|---|---|---|---|")
        for (name, all) in zip(names, measurements) {
            print(
                "| \(name) | \(Int(Statistics.median(all.map(\.load.rate)))) | \(Statistics.text(Self.processor(all)))"
                    + " | \(Self.milliseconds(all, \.load.median)) | \(Self.milliseconds(all, \.load.slow))"
                    + " | \(Statistics.text(all.map(\.load.processorMicroseconds).min() ?? 0)) |")
        }
        try goals().report()
    }

    /// The ratios to the comparison program: medians of the rounds.
    private func goals() -> Goals {
        var goals = Goals()
        guard measurements.count > 1 else { return goals }
        let (ours, theirs) = (measurements[0], measurements[1])
        func ratio(_ value: (IntakeMeasurement) -> Double) -> Double {
            Statistics.median(zip(ours, theirs).map { value($0) / value($1) })
        }
        goals.expect("rate of the peer", ratio(\.load.rate), atLeast: 1.3, "times", digits: 2)
        goals.expect("CPU of the peer", Self.processor(ours) / Self.processor(theirs), atMost: 0.75, "times", digits: 2)
        goals.expect(
            "99th percentile of the peer", ratio { $0.load.slow / .milliseconds(1) }, atMost: 1, "times", digits: 2)
        return goals
    }

    private static func processor(_ all: [IntakeMeasurement]) -> Double {
        all.map(\.processorMicroseconds).min() ?? 0
    }

    private static func milliseconds(_ all: [IntakeMeasurement], _ key: KeyPath<IntakeMeasurement, Duration>) -> String
    {
        Statistics.text(Statistics.median(all.map { $0[keyPath: key] / .milliseconds(1) })) + " ms"
    }
}

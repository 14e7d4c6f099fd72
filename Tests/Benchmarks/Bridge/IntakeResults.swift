import Encoding
import Foundation

/// One measurement of one program.
struct IntakeMeasurement: Sendable {
    let load: Load.Result
    /// CPU time of the program for each delivery.
    let processorMicroseconds: Double
}

/// The measurements of all programs; the first must meet the limits.
struct IntakeResults: Sendable {
    private let names: [String]
    private var measurements: [[IntakeMeasurement]]

    /// The limits that Tests/README.md documents: ratio to the comparison's rate, CPU microseconds, 99th percentile.
    private static let thresholds = (ratio: 2.0, processor: 110.0, slow: Duration.milliseconds(20))

    init(names: [String]) {
        self.names = names
        measurements = names.map { _ in [] }
    }

    mutating func add(_ measurement: IntakeMeasurement, of index: Int) { measurements[index].append(measurement) }

    /// Prints a table and the missed limits; returns whether all are met.
    func report(connections: Int) -> Bool {
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
        let problems = problems()
        for problem in problems { print("FAILED: \(problem)") }
        fflush(nil)
        return problems.isEmpty
    }

    private func problems() -> [String] {
        let ours = measurements[0]
        var problems: [String] = []
        if measurements.count > 1 {
            let ratio = Statistics.median(zip(ours, measurements[1]).map { $0.load.rate / $1.load.rate })
            print("The bridge takes \(Statistics.text(ratio)) times as many as the peer (median of the rounds).")
            if ratio < Self.thresholds.ratio { problems.append("that is less than \(Self.thresholds.ratio) times") }
        }
        if Self.processor(ours) > Self.thresholds.processor {
            problems.append("a delivery takes more than \(Self.thresholds.processor) µs of processor time")
        }
        if Statistics.median(ours.map { $0.load.slow / .milliseconds(1) }) > Self.thresholds.slow / .milliseconds(1) {
            problems.append("one of a hundred takes more than \(Self.thresholds.slow)")
        }
        return problems
    }

    private static func processor(_ all: [IntakeMeasurement]) -> Double {
        all.map(\.processorMicroseconds).min() ?? 0
    }

    private static func milliseconds(_ all: [IntakeMeasurement], _ key: KeyPath<IntakeMeasurement, Duration>) -> String
    {
        Statistics.text(Statistics.median(all.map { $0[keyPath: key] / .milliseconds(1) })) + " ms"
    }
}

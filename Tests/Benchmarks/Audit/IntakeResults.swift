import Foundation

/// One measurement of one program.
struct IntakeMeasurement: Sendable {
    let load: Load.Result
    /// The program's processor time for each delivery.
    let processorMicroseconds: Double
}

/// The measurements of all programs, of which the first is judged.
struct IntakeResults: Sendable {
    private let names: [String]
    private var measurements: [[IntakeMeasurement]]

    /// What README promises: how many times the peer's rate, microseconds of processor time, and the time of 99 of 100.
    private static let promise = (ratio: 2.0, processor: 110.0, slow: Duration.milliseconds(20))

    init(names: [String]) {
        self.names = names
        measurements = names.map { _ in [] }
    }

    mutating func add(_ measurement: IntakeMeasurement, of index: Int) { measurements[index].append(measurement) }

    /// Prints a table, and what is not as promised; returns whether everything is.
    func report(connections: Int) -> Bool {
        print(
            "Medians of \(measurements[0].count) rounds at \(connections) connections; the least of the processor times:"
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
            if ratio < Self.promise.ratio { problems.append("that is less than \(Self.promise.ratio) times") }
        }
        if Self.processor(ours) > Self.promise.processor {
            problems.append("a delivery takes more than \(Self.promise.processor) µs of processor time")
        }
        if Statistics.median(ours.map { $0.load.slow / .milliseconds(1) }) > Self.promise.slow / .milliseconds(1) {
            problems.append("one of a hundred takes more than \(Self.promise.slow)")
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

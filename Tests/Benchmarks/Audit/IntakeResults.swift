import Foundation

/// One measurement of one program.
struct IntakeMeasurement: Sendable {
    /// Deliveries a second.
    let rate: Double
    /// The program's processor time for each.
    let processorMicroseconds: Double
    /// The load generator's processor time for each.
    let loadMicroseconds: Double
    /// The time in which half of them were answered.
    let median: Duration
    /// The time in which 99 of 100 were.
    let slow: Duration
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
        print("| program | deliveries/s | µs of CPU each | half within | 99 of 100 within | µs of wrk's CPU each |")
        print("|---|---|---|---|---|---|")
        for (name, all) in zip(names, measurements) {
            print(
                "| \(name) | \(Int(Self.median(all.map(\.rate)))) | \(Self.text(Self.processor(all)))"
                    + " | \(Self.milliseconds(all, \.median)) | \(Self.milliseconds(all, \.slow))"
                    + " | \(Self.text(all.map(\.loadMicroseconds).min() ?? 0)) |")
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
            let ratio = Self.median(zip(ours, measurements[1]).map { $0.rate / $1.rate })
            print("The bridge takes \(Self.text(ratio)) times as many as the peer (median of the rounds).")
            if ratio < Self.promise.ratio { problems.append("that is less than \(Self.promise.ratio) times") }
        }
        if Self.processor(ours) > Self.promise.processor {
            problems.append("a delivery takes more than \(Self.promise.processor) µs of processor time")
        }
        if Self.median(ours.map { $0.slow / .milliseconds(1) }) > Self.promise.slow / .milliseconds(1) {
            problems.append("one of a hundred takes more than \(Self.promise.slow)")
        }
        return problems
    }

    private static func processor(_ all: [IntakeMeasurement]) -> Double {
        all.map(\.processorMicroseconds).min() ?? 0
    }

    private static func milliseconds(_ all: [IntakeMeasurement], _ key: KeyPath<IntakeMeasurement, Duration>) -> String
    {
        text(median(all.map { $0[keyPath: key] / .milliseconds(1) })) + " ms"
    }

    private static func text(_ number: Double) -> String { String(format: "%.1f", number) }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? 0 : (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}

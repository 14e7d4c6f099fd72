import Foundation

/// One measurement of some bridges.
struct ManyMeasurement: Sendable {
    /// Deliveries taken in a second, and the bridges' processor time for each.
    let intakeRate, intakeMicroseconds: Double
    /// Findings imported a second, and the bridges' processor time for each.
    let drainRate, drainMicroseconds: Double
}

/// The measurements of each number of bridges, which are compared with those of the first number.
struct ManyResults: Sendable {
    private let counts: [Int]
    private var measurements: [[ManyMeasurement]]

    /// How slow more bridges may be beside one, on the same processors and the same disk: they gain little there, as their
    /// commits are smaller, but must not stand in each other's way.
    private static let least = 0.5

    init(counts: [Int]) {
        self.counts = counts
        measurements = counts.map { _ in [] }
    }

    mutating func add(_ measurement: ManyMeasurement, of index: Int) { measurements[index].append(measurement) }

    /// Prints a table, and what is not as it must be; returns whether everything is.
    func report(connections: Int) -> Bool {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        print(
            "Medians of \(measurements[0].count) rounds at \(connections) connections; PostgreSQL, the stand-in for AWS and "
                + "the load are on the same \(cores) cores:")
        print(
            "| bridges | deliveries/s | beside one | µs of CPU each | findings imported/s | beside one | µs of CPU each |"
        )
        print("|---|---|---|---|---|---|---|")
        var problems: [String] = []
        for (count, all) in zip(counts, measurements) {
            let intake = Statistics.median(zip(all, measurements[0]).map { $0.intakeRate / $1.intakeRate })
            let drain = Statistics.median(zip(all, measurements[0]).map { $0.drainRate / $1.drainRate })
            func number(_ key: KeyPath<ManyMeasurement, Double>) -> String {
                String(Int(Statistics.median(all.map { $0[keyPath: key] })))
            }
            print(
                "| \(count) | \(number(\.intakeRate)) | \(Statistics.text(intake, digits: 2)) | \(number(\.intakeMicroseconds))"
                    + " | \(number(\.drainRate)) | \(Statistics.text(drain, digits: 2)) | \(number(\.drainMicroseconds)) |"
            )
            if intake < Self.least { problems.append("\(count) bridges take less than half as many deliveries as one") }
            if drain < Self.least { problems.append("\(count) bridges import less than half as many findings as one") }
        }
        for problem in problems { print("FAILED: \(problem)") }
        fflush(nil)
        return problems.isEmpty
    }
}

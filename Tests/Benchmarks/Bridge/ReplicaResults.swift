import Foundation

/// One measurement of a number of bridges.
struct ReplicaMeasurement: Sendable {
    /// Deliveries accepted per second, and CPU time of the bridges for each, in microseconds.
    let intakeRate, intakeMicroseconds: Double
    /// Findings imported per second, and CPU time of the bridges for each, in microseconds.
    let drainRate, drainMicroseconds: Double
}

/// The measurements of each number of bridges, compared with those of the first number.
struct ReplicaResults: Sendable {
    private let counts: [Int]
    private var measurements: [[ReplicaMeasurement]]

    /// Smallest rate of several bridges relative to one, on the same CPUs and disk: their commits are smaller, but they must not
    /// block each other.
    private static let smallestRatio = 0.5

    init(counts: [Int]) {
        self.counts = counts
        measurements = counts.map { _ in [] }
    }

    mutating func add(_ measurement: ReplicaMeasurement, of index: Int) { measurements[index].append(measurement) }

    /// Prints a table and the missed thresholds; returns whether all are met.
    func report(connections: Int) -> Bool {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        print(
            "Medians of \(measurements[0].count) rounds at \(connections) connections; PostgreSQL, the stand-in for AWS and "
                + "the load are on the same \(cores) cores:")
        print(
            "| bridges | deliveries/s | relative to one | µs of CPU each | findings imported/s | relative to one | µs of CPU each |"
        )
        print("|---|---|---|---|---|---|---|")
        var problems: [String] = []
        for (count, all) in zip(counts, measurements) {
            let intake = Statistics.median(zip(all, measurements[0]).map { $0.intakeRate / $1.intakeRate })
            let drain = Statistics.median(zip(all, measurements[0]).map { $0.drainRate / $1.drainRate })
            func number(_ key: KeyPath<ReplicaMeasurement, Double>) -> String {
                String(Int(Statistics.median(all.map { $0[keyPath: key] })))
            }
            print(
                "| \(count) | \(number(\.intakeRate)) | \(Statistics.text(intake, digits: 2)) | \(number(\.intakeMicroseconds))"
                    + " | \(number(\.drainRate)) | \(Statistics.text(drain, digits: 2)) | \(number(\.drainMicroseconds)) |"
            )
            if intake < Self.smallestRatio {
                problems.append("\(count) bridges accept less than half as many deliveries as one")
            }
            if drain < Self.smallestRatio {
                problems.append("\(count) bridges import less than half as many findings as one")
            }
        }
        for problem in problems { print("FAILED: \(problem)") }
        fflush(nil)
        return problems.isEmpty
    }
}

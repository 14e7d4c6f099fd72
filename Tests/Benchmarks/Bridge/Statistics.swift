import Foundation

/// What is made of several measurements of the same.
enum Statistics {
    /// The value in the middle; 0 of none.
    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? 0 : (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    /// The mean; 0 of none.
    static func mean(_ values: [Double]) -> Double { values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count) }

    /// How far the mean is to be expected from that of very many values; 0 if it cannot be told.
    static func standardError(_ values: [Double]) -> Double {
        guard values.count > 1 else { return 0 }
        let mean = mean(values)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
        return (variance / Double(values.count)).squareRoot()
    }

    /// Bytes in megabytes, as people write them.
    static func megabytes(_ bytes: Int) -> String { text(Double(bytes) / 1_048_576) }

    /// A number as people write it.
    static func text(_ number: Double, digits: Int = 1) -> String { String(format: "%.\(digits)f", number) }
}

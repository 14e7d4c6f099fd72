import Foundation

/// What is made of several measurements of the same.
enum Statistics {
    /// The value in the middle; 0 of none.
    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? 0 : (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    /// A number as people write it.
    static func text(_ number: Double, digits: Int = 1) -> String { String(format: "%.\(digits)f", number) }
}

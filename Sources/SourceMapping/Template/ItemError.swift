/// Why a rule of a mapping has no result for an item. The item becomes a dead letter where the result is required.
package struct ItemError: Error, Hashable, CustomStringConvertible {
    /// The kind of error.
    package enum Reason: Sendable {
        /// No path has a value. Null, the empty string, arrays and objects are no values.
        case missing
        /// The path selects several values where one is required.
        case several
        /// The value is not a number.
        case notNumeric
        /// The value has no entry in a map without a default.
        case unmapped
    }

    /// The kind of error.
    package let reason: Reason
    /// The text of the path; for a list of alternatives, the first missing path of each.
    package let paths: [String]

    /// Makes an error.
    package init(_ reason: Reason, paths: [String]) {
        self.reason = reason
        self.paths = paths
    }

    /// The path, the problem and its fix, without any value of the item.
    package var description: String {
        let paths = paths.joined(separator: ", ")
        return switch reason {
        case .missing: "no value at \(paths). Correct the path, or add an alternative that every item has."
        case .several: "several values at \(paths) where one is required. Select one, for example by its index."
        case .notNumeric: "no number at \(paths). Correct the path, or map words with \"map\" instead of \"steps\"."
        case .unmapped: "value at \(paths) not in the map. Add the value to the map, or add \"default\"."
        }
    }
}

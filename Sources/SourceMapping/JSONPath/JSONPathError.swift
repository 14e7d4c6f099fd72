/// Why a text is not a path that ``JSONPath`` accepts, and what to write instead.
package struct JSONPathError: Error, Hashable, CustomStringConvertible {
    /// The position of the error in the path: 1 is its first Unicode scalar.
    package let column: Int
    /// Why the path was rejected, without a period.
    package let problem: String
    /// What to write instead: one or more sentences.
    package let fix: String

    /// The error in one line, for an operator who knows the path.
    package var description: String { "Invalid JSONPath at column \(column): \(problem). \(fix)" }
}

/// An invalid pattern or rule of a configuration.
package struct InvalidPatternError: Error, Hashable, CustomStringConvertible {
    /// The entry, the problem and its remediation.
    package let description: String
}

/// A glob pattern with `*` and `?`.
struct Glob: Sendable, Hashable {
    /// The maximum length of a pattern, in characters. The names that it is matched against have at most 257.
    static let maximumLength = 256

    private let pattern: [Unicode.Scalar]

    init(_ pattern: String) { self.pattern = Array(pattern.unicodeScalars) }

    /// Creates a pattern of a configuration.
    ///
    /// - Parameters:
    ///   - entry: the entry with the pattern, for the error.
    ///   - example: a valid entry.
    init(checking pattern: String, of entry: String, example: String) throws(InvalidPatternError) {
        guard !pattern.isEmpty, pattern.unicodeScalars.count <= Self.maximumLength else {
            throw InvalidPatternError(
                description: "the pattern of \"\(entry)\" is empty or longer than \(Self.maximumLength) characters. "
                    + "Write for example \(example).")
        }
        self.init(pattern)
    }

    /// The pattern.
    var text: String { String(String.UnicodeScalarView(pattern)) }

    /// Whether the pattern matches the whole text.
    ///
    /// Needs at most as many steps as the product of both lengths: after a later star, an earlier one is never
    /// backtracked to, because the later one can match anything that the earlier one could leave to it.
    func matches(_ text: [Unicode.Scalar]) -> Bool {
        var position = 0
        var next = 0
        /// The backtracking point of the last star: the next pattern index, and the first text position that the star
        /// does not match.
        var afterStar: (next: Int, position: Int)?
        while position < text.count {
            if next < pattern.count, pattern[next] == "*" {
                next += 1
                afterStar = (next, position)
            } else if next < pattern.count, pattern[next] == "?" || pattern[next] == text[position] {
                next += 1
                position += 1
            } else if let star = afterStar {
                afterStar = (star.next, star.position + 1)
                next = star.next
                position = star.position + 1
            } else {
                return false
            }
        }
        return pattern[next...].allSatisfy { $0 == "*" }
    }
}

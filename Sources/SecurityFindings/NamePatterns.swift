/// Patterns of names, of the same form as those of ``SeverityRules``, without labels.
package struct NamePatterns: Sendable, Hashable {
    /// No patterns.
    package static let none = NamePatterns(globs: [])

    private let globs: [Glob]

    private init(globs: [Glob]) { self.globs = globs }

    /// Parses patterns.
    ///
    /// - Throws: ``InvalidPatternError`` for the first invalid entry, or for too many of them.
    package init(entries: [String]) throws(InvalidPatternError) {
        guard entries.count <= SeverityRules.maximumCount else {
            throw InvalidPatternError(
                description: "more than \(SeverityRules.maximumCount) patterns. Combine some of them with *.")
        }
        var globs: [Glob] = []
        for entry in entries { globs.append(try Glob(checking: entry, of: entry, example: "Fleet/*")) }
        self.globs = globs
    }

    /// The patterns as ``init(entries:)`` parses them.
    package var entries: [String] { globs.map(\.text) }

    /// Whether there are no patterns.
    package var isEmpty: Bool { globs.isEmpty }

    /// Whether a pattern matches the whole name.
    package func match(_ name: String) -> Bool {
        guard !globs.isEmpty else { return false }
        let text = Array(name.unicodeScalars)
        return globs.contains { $0.matches(text) }
    }
}

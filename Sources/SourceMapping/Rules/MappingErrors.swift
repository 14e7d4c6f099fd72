/// A problem of a mapping file.
package struct MappingError: Error, Hashable, CustomStringConvertible {
    /// The location in the file's tree.
    package let path: TreePath
    /// The position in the text at the location, in Unicode scalars, from 1; nil if the problem has none.
    package let column: Int?
    /// The problem, without a period.
    package let problem: String
    /// What to write instead: one or more sentences.
    package let fix: String

    /// The location, the problem and its fix, in one line.
    package var description: String {
        var location = path.description
        if location.isEmpty { location = "mapping" }
        if let column { location += ", column \(column)" }
        return "\(location): \(problem). \(fix)"
    }
}

/// The problems of a mapping file, in the order in which they were found.
package struct MappingErrors: Error, Hashable, CustomStringConvertible {
    /// The maximum number of problems that are kept.
    package static let limit = 100

    /// The first problems.
    package private(set) var errors: [MappingError] = []
    /// The number of further problems.
    package private(set) var omitted = 0

    /// No problems.
    package init() {}

    /// The number of problems, also of those that are not kept.
    var count: Int { errors.count + omitted }

    /// Whether there is no problem.
    package var isEmpty: Bool { errors.isEmpty }

    /// Whether further problems are only counted.
    var isFull: Bool { errors.count >= Self.limit }

    /// Adds a problem.
    package mutating func add(at path: TreePath, column: Int? = nil, _ problem: String, fix: String) {
        guard !isFull else { return omitted += 1 }
        errors.append(MappingError(path: path, column: column, problem: problem, fix: fix))
    }

    /// A line for each problem.
    package var description: String {
        var lines = errors.map(\.description)
        if omitted > 0 {
            let problems = omitted == 1 ? "problem" : "problems"
            lines.append("\(omitted) more \(problems). Resolve the problems above to see the rest.")
        }
        return lines.joined(separator: "\n")
    }
}

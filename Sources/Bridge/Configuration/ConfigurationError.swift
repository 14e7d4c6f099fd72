import Telemetry

/// A configuration that cannot be used: a line with the key, the problem and the remediation, for each problem.
package struct ConfigurationError: Error, Hashable, CustomStringConvertible {
    /// The key, variable, flag or file with the problem.
    package let key: String
    /// The problem, without a secret's value, and a sentence that says what to do.
    package let problem: String

    /// Where the file sets the key: its path and the line; nil if something else sets it.
    package let location: String?

    /// Whether another attempt may succeed without a change: an address or the store is in use, or the store is not
    /// reachable.
    package let isTransient: Bool

    /// Further problems, which are reported together with this one. They have no further ones.
    private let others: [ConfigurationError]

    /// Creates an error.
    package init(_ key: String, _ problem: String, isTransient: Bool = false) {
        self.init(key, problem, at: nil, isTransient: isTransient)
    }

    /// Creates an error with a location in the configuration file.
    init(_ key: String, _ problem: String, at location: String?, isTransient: Bool = false) {
        self.key = key
        self.problem = problem
        self.location = location
        self.isTransient = isTransient
        others = []
    }

    /// Joins several problems; nil if there is none.
    init?(all errors: [ConfigurationError]) {
        let all = errors.flatMap(\.all)
        guard let first = all.first else { return nil }
        key = first.key
        problem = first.problem
        location = first.location
        isTransient = false
        others = Array(all.dropFirst())
    }

    /// Each problem as an error of its own.
    package var all: [ConfigurationError] {
        [ConfigurationError(key, problem, at: location, isTransient: isTransient)] + others
    }

    /// What the problem is about: the location, if there is one, and the key.
    package var subject: String { (location.map { "\($0): " } ?? "") + key }

    /// The subject and the problem in one line, and a line for each further problem; control characters are escaped.
    package var description: String {
        (["\(subject): \(problem)".escapingControls()] + others.map(\.description)).joined(separator: "\n")
    }
}

/// A setting that is valid but should be changed.
package struct ConfigurationWarning: Sendable, Hashable, CustomStringConvertible {
    /// The key.
    package let key: String
    /// The problem, without the value.
    package let problem: String
    /// What to do: a sentence.
    package let remediation: String

    /// The warning in one line.
    package var description: String { "\(key): \(problem). \(remediation)" }
}

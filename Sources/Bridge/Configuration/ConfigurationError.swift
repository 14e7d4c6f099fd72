import Telemetry

/// A configuration that cannot be used: one line with the key, the problem and the remediation.
package struct ConfigurationError: Error, Hashable, CustomStringConvertible {
    /// The key, variable, flag or file with the problem.
    package let key: String
    /// The problem, without a secret's value, and a sentence that says what to do.
    package let problem: String

    /// Whether another attempt may succeed without a change: an address or the store is in use, or the store is not
    /// reachable.
    package let isTransient: Bool

    /// Creates an error.
    package init(_ key: String, _ problem: String, isTransient: Bool = false) {
        self.key = key
        self.problem = problem
        self.isTransient = isTransient
    }

    /// The key and the problem in one line; control characters are escaped.
    package var description: String { "\(key): \(problem)".escapingControls() }
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

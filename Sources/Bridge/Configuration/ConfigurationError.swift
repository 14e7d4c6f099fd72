/// A configuration that cannot be used: one line with the key, the problem and the remediation.
public struct ConfigurationError: Error, Hashable, CustomStringConvertible {
    /// The key, variable, flag or file with the problem.
    public let key: String
    /// The problem, without a secret's value, and a sentence that says what to do.
    public let problem: String

    /// Whether another attempt may succeed without a change: an address or the store is in use, or the store is not
    /// reachable.
    public let isTransient: Bool

    /// Creates an error.
    public init(_ key: String, _ problem: String, isTransient: Bool = false) {
        self.key = key
        self.problem = problem
        self.isTransient = isTransient
    }

    /// The key and the problem in one line; control characters are escaped.
    public var description: String { "\(key): \(problem)".escapingControls() }
}

/// A setting that is valid but should be changed.
public struct ConfigurationWarning: Sendable, Hashable, CustomStringConvertible {
    /// The key.
    public let key: String
    /// The problem, without the value.
    public let problem: String
    /// What to do: a sentence.
    public let remediation: String

    /// The warning in one line.
    public var description: String { "\(key): \(problem). \(remediation)" }
}

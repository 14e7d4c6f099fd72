/// Why the configuration cannot be used: one line that names the key, the value's problem and the cure.
public struct ConfigurationError: Error, Hashable, CustomStringConvertible {
    /// The key, or what else holds the problem.
    public let key: String
    /// The problem and the cure.
    public let problem: String

    /// Whether another attempt may succeed without a change of the configuration: an address or a store is in use, or the
    /// store cannot be reached now.
    public let isTransient: Bool

    /// Makes an error.
    public init(_ key: String, _ problem: String, isTransient: Bool = false) {
        self.key = key
        self.problem = problem
        self.isTransient = isTransient
    }

    /// The line; what would break it is escaped.
    public var description: String { "\(key): \(problem)".escapingControls() }
}

/// A setting that can be used and should be changed.
public struct ConfigurationWarning: Sendable, Hashable, CustomStringConvertible {
    /// The key.
    public let key: String
    /// What is wrong, without the value.
    public let problem: String
    /// What to do: a sentence.
    public let remediation: String

    /// The warning in one line.
    public var description: String { "\(key): \(problem). \(remediation)" }
}

/// Why the configuration cannot be used: one line that names the key, the value's problem and the cure.
public struct ConfigurationError: Error, Hashable, CustomStringConvertible {
    /// The key, or what else holds the problem.
    public let key: String
    /// The problem and the cure.
    public let problem: String

    /// Makes an error.
    public init(_ key: String, _ problem: String) {
        self.key = key
        self.problem = problem
    }

    /// The line; what would break it is escaped.
    public var description: String { "\(key): \(problem)".escapingControls() }
}

/// Collects the problems of a configuration, so that all are reported together.
struct ConfigurationErrors {
    /// The maximum number of problems that are kept.
    static let limit = 100

    private var errors: [ConfigurationError] = []
    private var omitted = 0

    /// Whether further problems are only counted.
    var isFull: Bool { errors.count >= Self.limit }

    /// Adds a problem with those that it is reported together with, each once.
    mutating func add(_ error: ConfigurationError) {
        for error in error.all where !errors.contains(error) {
            if isFull { omitted += 1 } else { errors.append(error) }
        }
    }

    /// Adds the problems that a closure throws.
    mutating func collect(_ body: () throws(ConfigurationError) -> Void) {
        do throws(ConfigurationError) { try body() } catch { add(error) }
    }

    /// - Throws: ``ConfigurationError`` with all problems, if there is one.
    func throwIfAny() throws(ConfigurationError) {
        let more = ConfigurationError(
            ConfigurationError.fileKey, "\(omitted) more problems. Resolve the problems above to see the rest.")
        if let error = ConfigurationError(all: errors + (omitted > 0 ? [more] : [])) { throw error }
    }
}

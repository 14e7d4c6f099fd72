public import JSON

/// One thing that was tried before the bridge is relied on, and what came of it.
public struct PreflightCheck: Sendable, Hashable {
    /// What came of it.
    public enum Outcome: String, Sendable, Hashable {
        /// It is as it must be.
        case passed
        /// It works, and should be changed.
        case warning
        /// It is not, and the bridge does not work without.
        case failed
        /// It was not looked at: it is not configured, or the permission to look is missing.
        case skipped
    }

    /// What was tried, for example `import findings`.
    public let name: String
    /// What it was tried on: an account and Region, a topic, a file.
    public let subject: String
    /// What came of it.
    public let outcome: Outcome
    /// What was seen.
    public let detail: String
    /// What to do; empty if there is nothing to do.
    public let remediation: String

    init(_ name: String, _ subject: String, _ outcome: Outcome, _ detail: String, remediation: String = "") {
        self.name = name
        self.subject = subject
        self.outcome = outcome
        self.detail = detail
        self.remediation = remediation
    }

    /// A configuration that cannot be used.
    public init(_ error: ConfigurationError) {
        self.init("configuration", error.key, .failed, error.problem, remediation: "mend the setting")
    }

    /// The check for programs.
    public var json: JSON {
        [
            "name": .string(name), "subject": .string(subject), "outcome": .string(outcome.rawValue),
            "detail": .string(detail), "remediation": .string(remediation),
        ]
    }

    /// The check for people, over one or two lines.
    ///
    /// - Parameter marked: makes the word for the outcome stand out.
    public func text(marking marked: (Outcome, String) -> String) -> String {
        let word = outcome == .skipped ? "not checked" : outcome.rawValue
        let padding = String(repeating: " ", count: max(12 - word.count, 0))
        let line = "\(marked(outcome, word))\(padding)\(subject.isEmpty ? name : "\(name), \(subject)"): \(detail)"
        return remediation.isEmpty ? line : "\(line)\n            → \(remediation)"
    }
}

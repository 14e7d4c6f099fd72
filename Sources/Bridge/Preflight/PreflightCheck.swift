public import JSON

/// The result of one preflight check.
public struct PreflightCheck: Sendable, Hashable {
    /// The outcome of a check.
    public enum Outcome: String, Sendable, Hashable {
        /// As required.
        case passed
        /// Works, but should be changed.
        case warning
        /// The bridge does not work, or loses messages.
        case failed
        /// Not checked: it is not configured, or the permission to check is missing.
        case skipped
    }

    /// The subject matter, for example `EventBridge rule`.
    public let name: String
    /// The checked account and Region, topic, key or file; may be empty.
    public let subject: String
    /// The outcome.
    public let outcome: Outcome
    /// The observation.
    public let detail: String
    /// What to do; empty if nothing.
    public let remediation: String

    init(_ name: String, _ subject: String, _ outcome: Outcome, _ detail: String, remediation: String = "") {
        self.name = name
        self.subject = subject
        self.outcome = outcome
        self.detail = detail
        self.remediation = remediation
    }

    /// Reports an invalid configuration.
    public init(_ error: ConfigurationError) {
        self.init("configuration", error.key, .failed, error.problem, remediation: "correct the setting")
    }

    /// The check as JSON.
    public var json: JSON {
        [
            "name": .string(name), "subject": .string(subject), "outcome": .string(outcome.rawValue),
            "detail": .string(detail), "remediation": .string(remediation),
        ]
    }

    /// The check as one line, and a second one with the remediation, if any.
    ///
    /// - Parameter marked: colors the word for the outcome.
    public func text(marking marked: (Outcome, String) -> String) -> String {
        let word = outcome == .skipped ? "not checked" : outcome.rawValue
        let padding = String(repeating: " ", count: max(12 - word.count, 0))
        let line = "\(marked(outcome, word))\(padding)\(subject.isEmpty ? name : "\(name), \(subject)"): \(detail)"
        return remediation.isEmpty ? line : "\(line)\n            → \(remediation)"
    }
}

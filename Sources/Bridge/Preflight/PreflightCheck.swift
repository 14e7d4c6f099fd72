package import JSON

/// The result of one preflight check.
package struct PreflightCheck: Sendable, Hashable {
    /// The outcome of a check.
    package enum Outcome: String, Sendable, Hashable {
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
    package let name: String
    /// The checked account and Region, topic, key or file; may be empty.
    package let subject: String
    /// The outcome.
    package let outcome: Outcome
    /// The observation.
    package let detail: String
    /// What to do; empty if nothing.
    package let remediation: String

    /// Creates a check.
    package init(_ name: String, _ subject: String, _ outcome: Outcome, _ detail: String, remediation: String = "") {
        self.name = name
        self.subject = subject
        self.outcome = outcome
        self.detail = detail
        self.remediation = remediation
    }

    /// Reports an invalid configuration.
    package init(_ error: ConfigurationError) {
        self.init("configuration", error.subject, .failed, error.problem, remediation: "correct the setting")
    }

    /// The check as JSON.
    package var json: JSON {
        [
            "name": .string(name), "subject": .string(subject), "outcome": .string(outcome.rawValue),
            "detail": .string(detail), "remediation": .string(remediation),
        ]
    }

    /// The check as one line, and a second one with the remediation, if any.
    ///
    /// - Parameter marked: colors the word for the outcome.
    package func text(marking marked: (Outcome, String) -> String) -> String {
        let word = outcome == .skipped ? "not checked" : outcome.rawValue
        let padding = String(repeating: " ", count: max(12 - word.count, 0))
        let line = "\(marked(outcome, word))\(padding)\(subject.isEmpty ? name : "\(name), \(subject)"): \(detail)"
        return remediation.isEmpty ? line : "\(line)\n            → \(remediation)"
    }
}

/// Configured severities for the findings of Device Defender and of CloudWatch alarms: the first matching pattern applies.
///
/// A pattern is a case-sensitive glob: `*` matches any text, including none, and `?` one character (a Unicode scalar).
/// It is matched against `profile/behavior` of an alarm of Device Defender, and against the name of a check or of a
/// CloudWatch alarm.
package struct SeverityRules: Sendable, Hashable {
    private struct Rule: Sendable, Hashable {
        let glob: Glob
        let severity: SecurityFinding.Severity.Label
    }

    /// No rules.
    package static let none = SeverityRules(rules: [])
    /// The maximum number of rules: each finding may be matched against all of them.
    package static let maximumCount = 256

    private let rules: [Rule]

    private init(rules: [Rule]) { self.rules = rules }

    /// Parses rules of the form `pattern=LABEL`, in order. The label is one of Security Hub's, case-insensitive.
    ///
    /// - Throws: ``InvalidPatternError`` for the first invalid entry.
    package init(entries: [String]) throws(InvalidPatternError) {
        guard entries.count <= Self.maximumCount else {
            throw InvalidPatternError(
                description: "more than \(Self.maximumCount) rules. Combine some of them with *.")
        }
        var rules: [Rule] = []
        for entry in entries { rules.append(try Self.rule(entry)) }
        self.rules = rules
    }

    private static func rule(_ entry: String) throws(InvalidPatternError) -> Rule {
        // A pattern may have an equals sign, a label cannot.
        guard let equals = entry.lastIndex(of: "=") else {
            throw InvalidPatternError(
                description: "\"\(entry)\" is not of the form pattern=LABEL. Write for example Fleet/*=HIGH.")
        }
        let glob = try Glob(checking: String(entry[..<equals]), of: entry, example: "Fleet/*=HIGH")
        guard let severity = SecurityFinding.Severity.Label(rawValue: entry[entry.index(after: equals)...].uppercased())
        else {
            let labels = SecurityFinding.Severity.Label.allCases.map(\.rawValue).joined(separator: ", ")
            throw InvalidPatternError(description: "the label of \"\(entry)\" is not a severity. Use one of \(labels).")
        }
        return Rule(glob: glob, severity: severity)
    }

    /// The rules as ``init(entries:)`` parses them: equal for equal rules.
    package var entries: [String] { rules.map { "\($0.glob.text)=\($0.severity.rawValue)" } }

    /// The severity of the first matching rule; nil if none matches.
    package func severity(of subject: String) -> SecurityFinding.Severity.Label? {
        guard !rules.isEmpty else { return nil }
        let text = Array(subject.unicodeScalars)
        return rules.first { $0.glob.matches(text) }?.severity
    }
}

/// Configured severities for the findings of Device Defender and of CloudWatch alarms: the first matching pattern applies.
///
/// A pattern is a case-sensitive glob: `*` matches any text, including none, and `?` one character (a Unicode scalar).
/// It is matched against `profile/behavior` of an alarm of Device Defender, and against the name of a check or of a
/// CloudWatch alarm.
package struct SeverityRules: Sendable, Hashable {
    /// An invalid rule.
    package struct InvalidEntryError: Error, Hashable, CustomStringConvertible {
        /// The entry, the problem and its remediation.
        package let description: String
    }

    private struct Rule: Sendable, Hashable {
        let glob: Glob
        let severity: SecurityFinding.Severity.Label
    }

    /// No rules.
    package static let none = SeverityRules(rules: [])
    /// The maximum number of rules: each finding may be matched against all of them.
    package static let maximumCount = 256
    /// The maximum length of a pattern, in characters. Its subject has at most 257.
    package static let maximumPatternLength = 256

    private let rules: [Rule]

    private init(rules: [Rule]) { self.rules = rules }

    /// Parses rules of the form `pattern=LABEL`, in order. The label is one of Security Hub's, case-insensitive.
    ///
    /// - Throws: ``InvalidEntryError`` for the first invalid entry.
    package init(entries: [String]) throws(InvalidEntryError) {
        guard entries.count <= Self.maximumCount else {
            throw InvalidEntryError(
                description: "more than \(Self.maximumCount) rules. Combine some of them with *.")
        }
        var rules: [Rule] = []
        for entry in entries { rules.append(try Self.rule(entry)) }
        self.rules = rules
    }

    private static func rule(_ entry: String) throws(InvalidEntryError) -> Rule {
        // A pattern may have an equals sign, a label cannot.
        guard let equals = entry.lastIndex(of: "=") else {
            throw InvalidEntryError(
                description: "\"\(entry)\" is not of the form pattern=LABEL. Write for example Fleet/*=HIGH.")
        }
        let pattern = String(entry[..<equals])
        guard !pattern.isEmpty, pattern.unicodeScalars.count <= maximumPatternLength else {
            throw InvalidEntryError(
                description: "the pattern of \"\(entry)\" is empty or longer than \(maximumPatternLength) characters. "
                    + "Write for example Fleet/*=HIGH.")
        }
        guard let severity = SecurityFinding.Severity.Label(rawValue: entry[entry.index(after: equals)...].uppercased())
        else {
            let labels = SecurityFinding.Severity.Label.allCases.map(\.rawValue).joined(separator: ", ")
            throw InvalidEntryError(description: "the label of \"\(entry)\" is not a severity. Use one of \(labels).")
        }
        return Rule(glob: Glob(pattern), severity: severity)
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

/// A glob pattern with `*` and `?`.
struct Glob: Sendable, Hashable {
    private let pattern: [Unicode.Scalar]

    init(_ pattern: String) { self.pattern = Array(pattern.unicodeScalars) }

    /// The pattern.
    var text: String { String(String.UnicodeScalarView(pattern)) }

    /// Whether the pattern matches the whole text.
    ///
    /// Needs at most as many steps as the product of both lengths: after a later star, an earlier one is never
    /// backtracked to, because the later one can match anything that the earlier one could leave to it.
    func matches(_ text: [Unicode.Scalar]) -> Bool {
        var position = 0
        var next = 0
        /// The backtracking point of the last star: the next pattern index, and the first text position that the star
        /// does not match.
        var afterStar: (next: Int, position: Int)?
        while position < text.count {
            if next < pattern.count, pattern[next] == "*" {
                next += 1
                afterStar = (next, position)
            } else if next < pattern.count, pattern[next] == "?" || pattern[next] == text[position] {
                next += 1
                position += 1
            } else if let star = afterStar {
                afterStar = (star.next, star.position + 1)
                next = star.next
                position = star.position + 1
            } else {
                return false
            }
        }
        return pattern[next...].allSatisfy { $0 == "*" }
    }
}

/// Which severities the team gives to what Device Defender finds: the first pattern that matches decides.
///
/// A pattern is a glob, in which `*` stands for any text, also none, and `?` for one character (a Unicode scalar).
/// Upper and lower case count. It is held against `profile/behavior` of an alarm, and against the name of a check.
public struct SeverityRules: Sendable, Hashable {
    /// An entry that is no rule.
    public struct InvalidEntryError: Error, Hashable, CustomStringConvertible {
        /// What is wrong, naming the entry, and how to mend it.
        public let description: String
    }

    private struct Rule: Sendable, Hashable {
        let glob: Glob
        let severity: SecurityFinding.Severity.Label
    }

    /// No rules.
    public static let none = SeverityRules(rules: [])
    /// The most rules: each finding may be held against all of them.
    public static let maximumCount = 256
    /// The longest pattern, in characters. What it is held against has 257 at the most.
    public static let maximumPatternLength = 256

    private let rules: [Rule]

    private init(rules: [Rule]) { self.rules = rules }

    /// Reads rules of the form `pattern=LABEL`, in their order. The label is one of Security Hub's, in any case.
    ///
    /// - Throws: ``InvalidEntryError`` for the first entry that is none.
    public init(entries: [String]) throws(InvalidEntryError) {
        guard entries.count <= Self.maximumCount else {
            throw InvalidEntryError(
                description: "there are more than \(Self.maximumCount) rules; put some together with *")
        }
        var rules: [Rule] = []
        for entry in entries { rules.append(try Self.rule(entry)) }
        self.rules = rules
    }

    private static func rule(_ entry: String) throws(InvalidEntryError) -> Rule {
        // A pattern may have an equals sign in it, a label has none.
        guard let equals = entry.lastIndex(of: "=") else {
            throw InvalidEntryError(description: "\"\(entry)\" is not of the form pattern=LABEL; mend it")
        }
        let pattern = String(entry[..<equals])
        guard !pattern.isEmpty, pattern.unicodeScalars.count <= maximumPatternLength else {
            throw InvalidEntryError(
                description: "the pattern of \"\(entry)\" is empty or longer than \(maximumPatternLength) characters; "
                    + "write for example Fleet/*=HIGH")
        }
        guard let severity = SecurityFinding.Severity.Label(rawValue: entry[entry.index(after: equals)...].uppercased())
        else {
            let labels = SecurityFinding.Severity.Label.allCases.map(\.rawValue).joined(separator: ", ")
            throw InvalidEntryError(description: "the label of \"\(entry)\" is not one of \(labels); mend it")
        }
        return Rule(glob: Glob(pattern), severity: severity)
    }

    /// The severity that the first matching rule gives; nil if none matches.
    func severity(of subject: String) -> SecurityFinding.Severity.Label? {
        guard !rules.isEmpty else { return nil }
        let text = Array(subject.unicodeScalars)
        return rules.first { $0.glob.matches(text) }?.severity
    }
}

/// A pattern with `*` and `?`.
struct Glob: Sendable, Hashable {
    private let pattern: [Unicode.Scalar]

    init(_ pattern: String) { self.pattern = Array(pattern.unicodeScalars) }

    /// Whether the pattern stands for the whole text.
    ///
    /// Takes at most as many steps as the product of both lengths: behind a later star, what an earlier one stands for
    /// is never taken up again, as the later one can stand for whatever the earlier could have left to it.
    func matches(_ text: [Unicode.Scalar]) -> Bool {
        var position = 0
        var next = 0
        /// Behind the last star so far: where the pattern goes on, and the first position that the star does not stand for.
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

package import JSON
package import SecurityFindings

/// The severity of a finding, by a number or a word of the item.
package struct SeverityRule: Sendable {
    /// Labels by text.
    typealias Labels = [UTF8Text: SecurityFinding.Severity.Label]

    /// A severity for numbers from a threshold on.
    struct Step: Sendable {
        let atLeast: DecimalNumber
        let label: SecurityFinding.Severity.Label
    }

    /// A severity for texts that end with a suffix, in any case.
    struct Suffix: Sendable {
        let text: CaseFoldedText
        let label: SecurityFinding.Severity.Label
    }

    /// How a value becomes a label.
    enum Scale: Sendable {
        /// The first step whose threshold the number reaches; below all of them, the last label.
        case steps([Step], below: SecurityFinding.Severity.Label)
        /// The label of a text. The default is for other texts and for a missing value.
        case map(Labels, default: SecurityFinding.Severity.Label?)
        /// The label of the longest suffix of a text. The default is for other texts and for a missing value.
        case suffixes([Suffix], default: SecurityFinding.Severity.Label?)
    }

    /// A severity that a rule found.
    package struct Reading: Sendable, Hashable {
        /// Security Hub's label.
        package let label: SecurityFinding.Severity.Label
        /// The item's value; nil if it is missing, and the label is the default.
        package let original: String?
    }

    let path: ItemPath
    let scale: Scale

    /// The severity of an item.
    ///
    /// Steps compare numbers, and strings that are numbers, by their exact decimal value. A map compares texts byte by
    /// byte: letter case matters, and a number is its JSON text. Suffixes ignore letter case, as those of behaviors do.
    ///
    /// - Throws: ``ItemError``. With steps, a missing value or one that is no number has no severity: the lowest label
    ///   could hide a severe problem. With texts, this applies to a missing or unknown one unless there is a default.
    package func severity(of item: JSON) throws(ItemError) -> Reading {
        let text = try path.optionalValue(in: item)
        let label: SecurityFinding.Severity.Label?
        switch scale {
        case .steps(let steps, let lowest):
            guard let text else { throw ItemError(.missing, paths: [path.text]) }
            guard let number = DecimalNumber(text) else { throw ItemError(.notNumeric, paths: [path.text]) }
            label = steps.first { number >= $0.atLeast }?.label ?? lowest
        case .map(let labels, let other): label = text.flatMap { labels[UTF8Text($0)] } ?? other
        case .suffixes(let suffixes, let other): label = text.flatMap { Self.label(of: $0, by: suffixes) } ?? other
        }
        guard let label else { throw ItemError(text == nil ? .missing : .unmapped, paths: [path.text]) }
        return Reading(label: label, original: text)
    }

    private static func label(of text: String, by suffixes: [Suffix]) -> SecurityFinding.Severity.Label? {
        let bytes = CaseFoldedText(text).bytes
        let matches = suffixes.filter { bytes.reversed().starts(with: $0.text.bytes.reversed()) }
        return matches.max { $0.text.bytes.count < $1.text.bytes.count }?.label
    }
}

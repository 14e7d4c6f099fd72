package import JSON
package import SecurityFindings

/// The severity of a finding, by a number or a word of the item.
package struct SeverityRule: Sendable {
    /// A severity for numbers from a threshold on.
    struct Step: Sendable {
        let atLeast: DecimalNumber
        let label: SecurityFinding.Severity.Label
    }

    /// How a value becomes a label.
    enum Scale: Sendable {
        /// The first step whose threshold the number reaches; below all of them, the last label.
        case steps([Step], below: SecurityFinding.Severity.Label)
        /// The label of a text. The default is for other texts and for a missing value.
        case map([UTF8Text: SecurityFinding.Severity.Label], default: SecurityFinding.Severity.Label?)
    }

    let path: ItemPath
    let scale: Scale

    /// The severity of an item.
    ///
    /// Steps compare numbers, and strings that are numbers, by their exact decimal value. A map compares texts byte by
    /// byte: letter case matters, and a number is its JSON text.
    ///
    /// - Throws: ``ItemError``. With steps, a missing value or one that is no number has no severity: the lowest label
    ///   could hide a severe problem. With a map, this applies to a missing or unknown value unless there is a default.
    package func label(for item: JSON) throws(ItemError) -> SecurityFinding.Severity.Label {
        switch scale {
        case .steps(let steps, let lowest):
            guard let number = DecimalNumber(try path.value(in: item)) else {
                throw ItemError(.notNumeric, paths: [path.text])
            }
            return steps.first { number >= $0.atLeast }?.label ?? lowest
        case .map(let labels, let other):
            guard let text = try path.optionalValue(in: item) else {
                guard let other else { throw ItemError(.missing, paths: [path.text]) }
                return other
            }
            guard let label = labels[text] ?? other else { throw ItemError(.unmapped, paths: [path.text]) }
            return label
        }
    }
}

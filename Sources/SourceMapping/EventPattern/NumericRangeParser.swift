import JSON

/// Parses the list of a `numeric` operator: `["=", 5]`, `[">", 0]` or `[">", 0, "<=", 5]`.
struct NumericRangeParser {
    let location: PatternLocation

    private enum Comparison: String {
        case equal = "="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
    }

    private static let example =
        "Write [\"=\", 5], [\">\", 0], [\"<=\", 5] or, the lower limit first, [\">\", 0, \"<=\", 5]."

    func parse(_ value: JSON) throws(EventPatternError) -> NumericRange {
        guard case .array(let elements) = value else {
            throw EventPatternError(
                location, "the value is \(EventPatternParser.kind(of: value))", fix: Self.example)
        }
        guard elements.count == 2 || elements.count == 4 else {
            throw EventPatternError(
                location, "the list has \(elements.count) elements instead of 2 or 4", fix: Self.example)
        }
        let first = try comparison(elements, at: 0)
        let range = range(first.comparison, first.value)
        guard elements.count == 4 else { return range }
        let second = try comparison(elements, at: 2)
        guard range.upper == nil, let upper = self.range(second.comparison, second.value).upper,
            second.comparison != .equal
        else {
            throw EventPatternError(
                location, "the two comparisons are not a lower and an upper limit", fix: Self.example)
        }
        guard first.value < second.value else {
            throw EventPatternError(
                location, "the lower limit is not less than the upper limit", fix: "Write the smaller number first.")
        }
        return NumericRange(lower: range.lower, upper: upper)
    }

    private func range(_ comparison: Comparison, _ value: DecimalNumber) -> NumericRange {
        let (closed, open) = (
            NumericRange.Limit(value: value, isInclusive: true), NumericRange.Limit(value: value, isInclusive: false)
        )
        return switch comparison {
        case .equal: NumericRange(lower: closed, upper: closed)
        case .less: NumericRange(upper: open)
        case .lessOrEqual: NumericRange(upper: closed)
        case .greater: NumericRange(lower: open)
        case .greaterOrEqual: NumericRange(lower: closed)
        }
    }

    private func comparison(
        _ elements: [JSON], at index: Int
    ) throws(EventPatternError) -> (comparison: Comparison, value: DecimalNumber) {
        guard case .string(let word) = elements[index], let comparison = Comparison(word: word) else {
            throw EventPatternError(
                location.element(index), "the element is not a comparison",
                fix: "Write one of \"=\", \"<\", \"<=\", \">\" and \">=\".")
        }
        guard case .number(let text) = elements[index + 1], let value = Self.limit(text) else {
            throw EventPatternError(
                location.element(index + 1),
                "the element is not a number between -5e9 and 5e9 with at most 6 digits after the decimal point",
                fix: "Write such a number, without quotes.")
        }
        return (comparison, value)
    }

    /// A number within the limits that EventBridge documents for `numeric`.
    private static func limit(_ text: String) -> DecimalNumber? {
        guard text.utf8.count <= EventPattern.maximumTextLength, let value = DecimalNumber(text), let bounds,
            bounds.contains(value), value.fractionDigits <= 6
        else { return nil }
        return value
    }

    private static let bounds: NumericRange? = {
        guard let lower = DecimalNumber("-5e9"), let upper = DecimalNumber("5e9") else { return nil }
        return NumericRange(
            lower: .init(value: lower, isInclusive: true), upper: .init(value: upper, isInclusive: true))
    }()
}

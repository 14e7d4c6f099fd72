import JSON

/// The list of a field: the field matches if one of the tests matches a value, or if it may be absent and is.
struct ValueTests: Sendable {
    var tests: [ValueTest] = []
    /// Whether the list has `{"exists": false}`.
    var allowsAbsence = false

    func outcome(for value: JSON?) -> PatternOutcome {
        var exists = false
        switch value {
        case nil, .object: break
        case .array(let elements):
            for element in FlattenedArray(elements) {
                guard let scalar = Scalar(element) else { continue }
                if matches(scalar) { return .match }
                exists = true
            }
        case let value?:
            guard let scalar = Scalar(value) else { break }
            if matches(scalar) { return .match }
            exists = true
        }
        return allowsAbsence && !exists ? .absent : .mismatch
    }

    private func matches(_ scalar: Scalar) -> Bool { tests.contains { $0.matches(scalar) } }
}

/// A value of an event that tests apply to.
enum Scalar {
    case null
    case bool(Bool)
    /// A number; nil if its exponent is out of range, which no number equals.
    case number(DecimalNumber?)
    case string(String)

    /// Nil for arrays and objects.
    init?(_ json: JSON) {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .number(let text): self = .number(DecimalNumber(text))
        case .string(let text): self = .string(text)
        case .array, .object: return nil
        }
    }
}

/// A test of one value: an exact value or an operator.
enum ValueTest: Sendable {
    case null
    case bool(Bool)
    case number(DecimalNumber)
    case text(TextTest)
    case numeric(NumericRange)
    case cidr(AddressBlock)
    /// `{"exists": true}`.
    case exists
    /// `anything-but` with strings, or with an operator on strings.
    case anythingButTexts([TextTest])
    case anythingButNumbers([DecimalNumber])

    func matches(_ scalar: Scalar) -> Bool {
        switch (self, scalar) {
        case (.exists, _), (.null, .null): true
        case (.bool(let expected), .bool(let value)): expected == value
        case (.number(let expected), .number(let value)): expected == value
        case (.text(let test), .string(let text)): test.matches(text)
        case (.numeric(let range), .number(let value)): value.map(range.contains) ?? false
        case (.cidr(let block), .string(let text)): block.contains(text)
        case (.anythingButTexts(let tests), .string(let text)): !tests.contains { $0.matches(text) }
        case (.anythingButNumbers(let numbers), .number(let value)): !numbers.contains { $0 == value }
        case (.anythingButTexts, _), (.anythingButNumbers, _): true
        default: false
        }
    }
}

/// The range of a `numeric` operator.
struct NumericRange: Sendable {
    struct Limit: Sendable {
        let value: DecimalNumber
        let isInclusive: Bool
    }

    var lower: Limit?
    var upper: Limit?

    func contains(_ number: DecimalNumber) -> Bool {
        if let lower, number < lower.value || (number == lower.value && !lower.isInclusive) { return false }
        if let upper, number > upper.value || (number == upper.value && !upper.isInclusive) { return false }
        return true
    }
}

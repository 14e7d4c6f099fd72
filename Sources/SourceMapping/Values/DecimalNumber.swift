import Encoding

/// A decimal number that is compared exactly, without conversion to a binary number: `1`, `1.0` and `10e-1` are equal,
/// and so are `0` and `-0`.
struct DecimalNumber: Sendable, Hashable, Comparable {
    /// Whether the number is below zero.
    let isNegative: Bool
    /// The digits without leading and trailing zeros; empty for zero.
    private let digits: [UInt8]
    /// The number is 0.`digits` × 10^`exponent`.
    private let exponent: Int

    /// Parses JSON's grammar of numbers (RFC 8259, section 6), also with leading zeros: `-7`, `08`, `6.50`, `1e3`.
    ///
    /// - Returns: nil for anything else, for example spaces or units, and for an exponent beyond ±1,000,000,000.
    init?(_ text: String) { self.init(text.utf8) }

    /// Parses a number in UTF-8; see ``init(_:)-(String)``.
    init?(_ text: some Collection<UInt8>) {
        var rest = Array(text)[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest.removeFirst() }
        let integer = Self.digits(of: &rest)
        var fraction: ArraySlice<UInt8> = []
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            fraction = Self.digits(of: &rest)
            guard !fraction.isEmpty else { return nil }
        }
        guard !integer.isEmpty, let exponent = Self.exponent(of: &rest), rest.isEmpty else { return nil }
        let all = integer + fraction
        let significant = all.drop { $0 == UInt8(ascii: "0") }
        let end = significant.lastIndex { $0 != UInt8(ascii: "0") }
        digits = end.map { Array(significant[...$0]) } ?? []
        self.isNegative = isNegative && !digits.isEmpty
        self.exponent = digits.isEmpty ? 0 : exponent + integer.count - (all.count - significant.count)
    }

    /// The number of digits after the decimal point.
    var fractionDigits: Int { max(digits.count - exponent, 0) }

    /// The whole part of the number multiplied by a power of ten, or the nearest value that fits.
    func scaled(byPowerOfTen power: Int) -> Int64 {
        var zeros = exponent + power - digits.count
        var value: Int64 = 0
        for digit in digits.dropLast(max(-zeros, 0)) {
            value = value.saturatingMultiplied(by: 10).saturatingAdding(Int64(digit - UInt8(ascii: "0")))
        }
        while zeros > 0, value > 0, value < .max {
            value = value.saturatingMultiplied(by: 10)
            zeros -= 1
        }
        return isNegative ? -value : value
    }

    /// Orders by value.
    static func < (left: DecimalNumber, right: DecimalNumber) -> Bool {
        if left.isNegative != right.isNegative { return left.isNegative }
        return left.isNegative ? right.isMagnitudeLess(than: left) : left.isMagnitudeLess(than: right)
    }

    private func isMagnitudeLess(than other: DecimalNumber) -> Bool {
        if digits.isEmpty || other.digits.isEmpty { return digits.isEmpty && !other.digits.isEmpty }
        return exponent == other.exponent
            ? digits.lexicographicallyPrecedes(other.digits) : exponent < other.exponent
    }

    private static func digits(of rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        rest = rest[digits.endIndex...]
        return digits
    }

    /// The exponent, 0 if there is none; nil if it is malformed or out of range.
    private static func exponent(of rest: inout ArraySlice<UInt8>) -> Int? {
        guard rest.first.map({ $0 | 0x20 }) == UInt8(ascii: "e") else { return 0 }
        rest.removeFirst()
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        let digits = digits(of: &rest)
        var value = 0
        for digit in digits {
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
            guard value <= 1_000_000_000 else { return nil }
        }
        return digits.isEmpty ? nil : isNegative ? -value : value
    }
}

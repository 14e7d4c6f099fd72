/// Parses fixed-width fields from ASCII text, from left to right.
struct TextReader {
    private var rest: ArraySlice<UInt8>

    init(_ text: some StringProtocol) { rest = ArraySlice(text.utf8) }

    var isAtEnd: Bool { rest.isEmpty }

    /// Skips a character; false if another one, or none, is next.
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard let first = rest.first, first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    /// Skips a text; false if another one is next.
    mutating func skip(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest.removeFirst(text.utf8.count)
        return true
    }

    /// The next characters; nil if there are fewer.
    mutating func text(length: Int) -> String? {
        guard rest.count >= length else { return nil }
        defer { rest.removeFirst(length) }
        return String(decoding: rest.prefix(length), as: UTF8.self)
    }

    /// The next digit; nil if another character, or none, is next.
    mutating func digit() -> Int? {
        guard let first = rest.first, first >= UInt8(ascii: "0"), first <= UInt8(ascii: "9") else { return nil }
        rest.removeFirst()
        return Int(first - UInt8(ascii: "0"))
    }

    /// A decimal number with exactly this many digits, at most nine; nil if there are fewer.
    mutating func number(digits: Int) -> Int? {
        var value = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }
}

extension BinaryInteger {
    /// The number in decimal, with leading zeros.
    ///
    /// - Parameter digits: the minimum number of digits of a number that is not negative.
    func decimal(digits: Int) -> String {
        let text = String(self)
        return String(repeating: "0", count: max(digits - text.utf8.count, 0)) + text
    }
}
